import type { Syncable } from '@ldb/base'
import type { Clock } from '@ldb/vfs'
import type { AsyncApi } from '../async/api.js'
import type { ReadGate } from '../resident/read-gate.js'
import { abortedError, throwIfAborted } from '../health/abort-signal.js'
import type { AbortSignalLike } from '../health/abort-signal.js'
import type { Checkpointer, CheckpointRun } from '../commit/checkpointer.js'
import type { CommitLog } from '../log/commit-log.js'
import type { CommitPipeline } from '../commit/pipeline.js'
import type { EventHub } from '../health/events.js'
import type { Health } from '../health/health.js'
import type { KeyspaceTable } from '../keyspace/table.js'
import type { CheckpointTrigger } from '../log/checkpoint-trigger.js'

/** Turns of a checkpoint that each group of commits waits for when the log has outgrown it: some 8 MiB written. */
const TURNS_A_GROUP = 16
/** From so many times its limit on, the log makes commits wait for turns of the checkpoint; from the other on, for its end. */
const SLOW_FACTOR = 2
const HALT_FACTOR = 4

/** What a sliced checkpoint works with. */
export interface SlicedCheckpointParts {
  readonly checkpointer: Checkpointer
  readonly clock: Clock
  readonly events: EventHub
  readonly gate: ReadGate
  readonly health: Health
  readonly keyspaces: KeyspaceTable
  readonly log: CommitLog
  readonly trigger: CheckpointTrigger
  readonly pipeline: CommitPipeline
}

/**
 * Checkpoints beside everything else: what was frozen is written in slices of about a millisecond, between which the event loop
 * has its turn, and is brought to the device off-thread. Commits go on; when they make the log grow faster than a checkpoint
 * comes to its end, they are slowed down, and the thread stays free.
 */
export class SlicedCheckpoint {
  readonly #parts: SlicedCheckpointParts
  /** Lets the event loop have its turn. */
  readonly #turn: Syncable
  /** Turns of the checkpoint that runs. */
  #turnCount = 0
  #waiters: (() => void)[] = []
  #running: Promise<void> | undefined = undefined
  #isConfirmed = false

  constructor(parts: SlicedCheckpointParts) {
    this.#parts = parts
    this.#turn = {
      sync: (): void => undefined,
      syncAsync: (): Promise<void> => this.#takeTurn(),
    }
  }

  /** Before the first commit: what the stores were found at is made sure of, which their first write would do on the thread. */
  beforeGroups(): Promise<void> | undefined {
    if (this.#isConfirmed) return undefined
    this.#isConfirmed = true
    return this.#confirm()
  }

  async #confirm(): Promise<void> {
    const { keyspaces, health } = this.#parts
    for (const { dropped, store } of [...keyspaces]) {
      if (dropped || health.writeRefusal !== undefined) continue
      try {
        await store.persistRecovered()
      } catch {
        // The store takes no more writes: the next one tells.
      }
    }
  }

  /**
   * Makes a checkpoint in the background when the log has grown enough. When the log has outgrown the one that runs, gives what
   * the next group of commits has to wait for.
   */
  afterGroup(): Promise<void> | undefined {
    const { log, trigger, health, checkpointer } = this.#parts
    const logBytes = log.bytesSinceCheckpoint
    if (!trigger.isDue(logBytes) || health.writeRefusal !== undefined) return undefined
    if (this.#running === undefined) {
      // A failure has poisoned the handle, and the listeners know.
      this.run({}, undefined).catch(() => undefined)
      return undefined
    }
    // Until it has frozen the stores, it may itself wait for commits.
    if (logBytes < SLOW_FACTOR * trigger.bytes || !checkpointer.isWriting) return undefined
    return this.#slowDown(logBytes < HALT_FACTOR * trigger.bytes ? TURNS_A_GROUP : Infinity)
  }

  /**
   * Makes a checkpoint, after the one that runs.
   *
   * @param signal - keeps it from being begun, and ends the waiting for it; one that has begun goes on.
   */
  async run(options: CheckpointRun, signal: AbortSignalLike | undefined): Promise<void> {
    while (this.#running !== undefined) {
      await untilAborted(
        this.#running.catch(() => undefined),
        signal,
      )
    }
    throwIfAborted(signal)
    this.#parts.health.assertWritable()
    const run = this.#checkpoint(options)
    this.#running = run
    await untilAborted(run, signal)
  }

  /** Resolves when none runs. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running.catch(() => undefined)
  }

  async #checkpoint(options: CheckpointRun): Promise<void> {
    const { checkpointer, pipeline } = this.#parts
    try {
      await checkpointer.runAsync(pipeline, { ...options, turn: this.#turn })
    } finally {
      this.#running = undefined
      this.#wakeWaiters()
    }
  }

  async #takeTurn(): Promise<void> {
    await this.#parts.gate.yieldThread()
    this.#turnCount++
    this.#wakeWaiters()
  }

  #wakeWaiters(): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const wake of waiters) wake()
  }

  /** Resolves when the checkpoint that runs has had so many turns more, or has ended. */
  async #slowDown(turns: number): Promise<void> {
    const { clock, events } = this.#parts
    const startedAtMs = clock.monotonic()
    const running = this.#running
    const enough = this.#turnCount + turns
    while (this.#running === running && this.#turnCount < enough) {
      await new Promise<void>((resolve) => this.#waiters.push(resolve))
    }
    events.emit('stall', { reason: 'checkpoint', durationMs: clock.monotonic() - startedAtMs })
  }
}

/** Waits for something, or for the signal, whichever comes first. */
async function untilAborted(work: Promise<void>, signal: AbortSignalLike | undefined): Promise<void> {
  if (signal?.addEventListener === undefined) {
    await work
    return
  }
  let onAbort: (() => void) | undefined
  const aborted = new Promise<void>((_, reject) => {
    onAbort = (): void => {
      reject(abortedError(signal))
    }
    signal.addEventListener?.('abort', onAbort)
  })
  try {
    await Promise.race([work, aborted])
  } finally {
    if (onAbort !== undefined) signal.removeEventListener?.('abort', onAbort)
  }
}

/** Waits for the operations of a face, then for its checkpoint. */
export async function drainFace(face: AsyncApi, checkpoint: SlicedCheckpoint): Promise<void> {
  await face.drain()
  await checkpoint.idle()
}
