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
import type { LogLimit } from './log-limit.js'

/** Bytes of pages that are written before the event loop has its turn. */
const SLICE_BYTES = 262_144
/** Times that changed pages are looked for: each time there are fewer. */
const ROUNDS = 3

/** What a sliced checkpoint works with. */
export interface SlicedCheckpointParts {
  readonly checkpointer: Checkpointer
  readonly events: EventHub
  readonly gate: ReadGate
  readonly health: Health
  readonly keyspaces: KeyspaceTable
  readonly log: CommitLog
  readonly logLimit: LogLimit
  readonly pipeline: CommitPipeline
}

/**
 * Checkpoints beside writes: changed pages are written in slices, between which everything else has its turn, and are brought
 * to the device off-thread. Only what changed meanwhile and the branches are left to be written by the checkpoint itself, in one
 * go; it, too, waits for the device off-thread.
 */
export class SlicedCheckpoint {
  readonly #parts: SlicedCheckpointParts
  #running: Promise<void> | undefined = undefined

  constructor(parts: SlicedCheckpointParts) {
    this.#parts = parts
  }

  /** Makes a checkpoint in the background when the log has grown enough. */
  afterGroup(): void {
    const { log, logLimit, health, checkpointer, pipeline } = this.#parts
    const logBytes = log.bytesSinceCheckpoint
    if (!logLimit.isReached(logBytes) || health.writeRefusal !== undefined) return
    if (this.#running === undefined) {
      // A failure has poisoned the handle, and the listeners know.
      this.run({}, undefined).catch(() => undefined)
    } else if (logBytes >= 2 * logLimit.bytes) checkpointer.afterCommit(pipeline)
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
    health.assertWritable()
    await checkpointer.runAsync(pipeline, options)
  }

  /** Writes pages down that are no part of any checkpoint yet (C6 is about the meta block that names them). */
  async #writeEarly(signal: AbortSignalLike | undefined): Promise<void> {
    const { keyspaces, health, events } = this.#parts
    try {
      for (let round = 0; round < ROUNDS; round++) {
        for (const keyspace of [...keyspaces]) await this.#writeStore(keyspace, signal)
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

  async #writeStore(keyspace: KeyspaceStore, signal: AbortSignalLike | undefined): Promise<void> {
    const { gate, health } = this.#parts
    const { store } = keyspace
    if (store.writeEarly === undefined || store.syncAsync === undefined) return
    const mayWrite = (): boolean => {
      throwIfAborted(signal)
      return !keyspace.dropped && health.writeRefusal === undefined
    }
    if (!mayWrite()) return
    try {
      // Before the first write, for what was found at opening; then for what was written in the round before.
      await store.syncAsync()
      let leftBytes = mayWrite() ? store.stats().dirtyBytes : 0
      while (leftBytes > 0 && mayWrite()) {
        const writtenBytes = store.writeEarly(SLICE_BYTES)
        if (writtenBytes === 0) return
        leftBytes -= writtenBytes
        await gate.nextTurn()
      }
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
