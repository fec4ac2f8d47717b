import type { AsyncFace } from './async-face.js'
import type { ReadGate } from './async-read-gate.js'
import { throwIfAborted } from './async-signal.js'
import type { AbortSignalLike } from './async-signal.js'
import type { Checkpointer, CheckpointRun } from './checkpointer.js'
import type { CommitLog } from './commit-log.js'
import type { CommitPipeline } from './commit-pipeline.js'
import type { EventHub } from './events.js'
import type { Health } from './health.js'
import type { KeyspaceStore } from './keyspace-store.js'
import type { KeyspaceTable } from './keyspace-table.js'

/** Bytes of pages that are written before the event loop has its turn. */
const SLICE_BYTES = 262_144
/** Times that pages are looked for which were changed while others were written. */
const ROUNDS = 2

/** What a sliced checkpoint works with. */
export interface SlicedCheckpointParts {
  readonly checkpointer: Checkpointer
  readonly events: EventHub
  readonly gate: ReadGate
  readonly health: Health
  readonly keyspaces: KeyspaceTable
  readonly log: CommitLog
  readonly pipeline: CommitPipeline
}

/**
 * Checkpoints beside writes: changed pages are written in slices, between which everything else has its turn, and are brought
 * to the device off-thread. Only what changed meanwhile, the branches and the meta block are left for the checkpoint itself,
 * which is that of the sync face.
 */
export class SlicedCheckpoint {
  readonly #parts: SlicedCheckpointParts
  readonly #logBytesMax: number
  #running: Promise<void> | undefined = undefined

  /** @param logBytesMax - bytes of commits in the log after which a checkpoint comes unasked. */
  constructor(parts: SlicedCheckpointParts, logBytesMax: number) {
    this.#parts = parts
    this.#logBytesMax = logBytesMax
  }

  /** Makes a checkpoint in the background when the log has grown enough. */
  afterGroup(): void {
    const { log, health, checkpointer, pipeline } = this.#parts
    if (log.bytesSinceCheckpoint < this.#logBytesMax || health.writeRefusal !== undefined) return
    if (this.#running === undefined) {
      // A failure has poisoned the handle, and the listeners know.
      this.run({}, undefined).catch(() => undefined)
    } else if (log.bytesSinceCheckpoint >= 2 * this.#logBytesMax) {
      // What was called meanwhile is in the log already: the checkpoint comes behind it.
      pipeline.settle()
      checkpointer.afterCommit(pipeline.seq)
    }
  }

  /** Makes a checkpoint, after the one that runs. */
  async run(options: CheckpointRun, signal: AbortSignalLike | undefined): Promise<void> {
    while (this.#running !== undefined) await this.#running.catch(() => undefined)
    const run = this.#checkpoint(options, signal)
    this.#running = run
    try {
      await run
    } finally {
      this.#running = undefined
    }
  }

  /** Resolves when none runs. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running.catch(() => undefined)
  }

  async #checkpoint(options: CheckpointRun, signal: AbortSignalLike | undefined): Promise<void> {
    const { checkpointer, pipeline, health } = this.#parts
    await this.#writeEarly(signal)
    throwIfAborted(signal)
    await pipeline.async.synced()
    pipeline.settle()
    health.assertWritable()
    checkpointer.run(pipeline.seq, options)
  }

  /** Writes pages down that are no part of any checkpoint yet (C6 is about the meta block that names them). */
  async #writeEarly(signal: AbortSignalLike | undefined): Promise<void> {
    const { keyspaces, health, events } = this.#parts
    try {
      for (let round = 0; round < ROUNDS; round++) {
        for (const keyspace of [...keyspaces]) {
          if (health.writeRefusal !== undefined) return
          await this.#writeStoreEarly(keyspace, signal)
        }
      }
    } catch (error) {
      throwIfAborted(signal)
      if (!health.closed) {
        health.poison(error, false)
        events.emit('error', { error })
      }
      throw error
    }
  }

  async #writeStoreEarly(keyspace: KeyspaceStore, signal: AbortSignalLike | undefined): Promise<void> {
    const { gate, health } = this.#parts
    const { store } = keyspace
    if (keyspace.dropped || store.writeEarly === undefined || store.syncAsync === undefined) return
    try {
      let leftBytes = store.stats().dirtyBytes
      while (leftBytes > 0) {
        throwIfAborted(signal)
        if (health.writeRefusal !== undefined || keyspace.dropped) return
        const writtenBytes = store.writeEarly(SLICE_BYTES)
        if (writtenBytes === 0) break
        leftBytes -= writtenBytes
        await gate.nextTurn()
      }
      if (health.writeRefusal === undefined && !keyspace.dropped) await store.syncAsync()
    } catch (error) {
      // Dropped meanwhile, its files are gone with all that was to be written.
      throwIfAborted(signal)
      if (!keyspace.dropped) throw error
    }
  }
}

/** Waits for the operations of a face, then for its checkpoint. */
export async function drainFace(face: AsyncFace, checkpoint: SlicedCheckpoint): Promise<void> {
  await face.drain()
  await checkpoint.idle()
}
