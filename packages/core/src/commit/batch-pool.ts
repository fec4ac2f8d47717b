import { WriteBatch } from '@ldb/base'

/** Batches that are retained for later commits, and the bytes of their buffers. */
const BATCHES_MAX = 1024
const RETAINED_BYTES_MAX = 16_777_216

/** Reuses the batches of commits that were applied: their buffers have the right size already. */
export class BatchPool {
  readonly #batches: WriteBatch[] = []
  #retainedBytes = 0

  /** Returns an empty batch. */
  take(): WriteBatch {
    const batch = this.#batches.pop()
    if (batch === undefined) return new WriteBatch()
    this.#retainedBytes -= batch.retainedBytes
    return batch
  }

  /** Clears a batch, and retains it within the limits of the pool. */
  release(batch: WriteBatch): void {
    batch.clear()
    const bytes = batch.retainedBytes
    if (this.#batches.length >= BATCHES_MAX || bytes > RETAINED_BYTES_MAX - this.#retainedBytes) return
    this.#batches.push(batch)
    this.#retainedBytes += bytes
  }
}
