import { WriteBatch } from '@ldb/base'
import type { RetainedBatch } from '../keyspace/commit-queue.js'
import { CommitPacker, PACKED_BYTES_MAX, PackedCommits } from '../keyspace/packed-commits.js'

/** Batches that are retained for later commits, and the bytes of their buffers. */
const BATCHES_MAX = 1024
const RETAINED_BYTES_MAX = 16_777_216

/**
 * Reuses the batches of commits that were applied: their buffers have the right size already. Commits of one short operation share
 * a batch, and are packed when they are logged.
 */
export class BatchPool {
  readonly #batches: WriteBatch[] = []
  #retainedBytes = 0
  readonly #single: WriteBatch = new WriteBatch()
  /** Retains the operations of commits whose batch was shared. */
  readonly packer: CommitPacker = new CommitPacker()

  /** Returns an empty batch. */
  take(): WriteBatch {
    const batch = this.#batches.pop()
    if (batch === undefined) return new WriteBatch()
    this.#retainedBytes -= batch.retainedBytes
    return batch
  }

  /**
   * Returns an empty batch for one operation that is logged at once.
   *
   * @param byteCount - length of its key and its value.
   */
  takeSingle(byteCount: number): WriteBatch {
    if (byteCount > PACKED_BYTES_MAX) return this.take()
    this.#single.clear()
    return this.#single
  }

  /** Reports whether the batch is shared: it must be packed, and the log must copy it. */
  isShared(batch: WriteBatch): boolean {
    return batch === this.#single
  }

  /** Clears a batch, and retains it within the limits of the pool. */
  release(batch: RetainedBatch): void {
    if (batch instanceof PackedCommits) this.packer.release(batch)
    else if (batch instanceof WriteBatch) this.#releaseBatch(batch)
  }

  #releaseBatch(batch: WriteBatch): void {
    batch.clear()
    const bytes = batch.retainedBytes
    if (this.#batches.length >= BATCHES_MAX || bytes > RETAINED_BYTES_MAX - this.#retainedBytes) return
    this.#batches.push(batch)
    this.#retainedBytes += bytes
  }
}

/** A batch that is reused: its buffer has grown already. */
export class SpareBatch {
  #batch: WriteBatch | undefined = undefined

  /** Returns an empty batch. */
  take(): WriteBatch {
    const batch = this.#batch ?? new WriteBatch()
    this.#batch = undefined
    return batch
  }

  /** Clears a batch and retains it for `take`. */
  release(batch: WriteBatch): void {
    batch.clear()
    this.#batch = batch
  }
}
