import { isLdbError } from '@ldb/base'
import type { TransactionManager } from '@ldb/mvcc'
import type { VfsLock } from '@ldb/vfs'
import type { SlicedCheckpoint } from './sliced-checkpoint.js'
import type { ReadGate } from '../resident/read-gate.js'
import type { BackgroundSync } from '../log/background-sync.js'
import type { ChangeSignal } from '../log/change-signal.js'
import type { Checkpointer } from '../commit/checkpointer.js'
import type { CommitLog } from '../log/commit-log.js'
import type { CommitPipeline } from '../commit/pipeline.js'
import type { ResolvedDatabaseOptions } from '../health/options.js'
import type { StoreFactory } from '../engine/store-factory.js'
import type { EventHub } from '../health/events.js'
import type { Health } from '../health/health.js'
import type { KeyspaceManager } from './keyspace-manager.js'
import type { KeyspaceTable } from '../keyspace/table.js'
import type { OpenReads } from '../read/open-reads.js'
import type { ExpirySweep } from './expiry-sweep.js'

/** What an open database is put together from. */
export interface DatabaseParts {
  readonly options: ResolvedDatabaseOptions
  readonly engines: StoreFactory
  readonly lock: VfsLock
  readonly health: Health
  readonly log: CommitLog
  readonly keyspaces: KeyspaceTable
  readonly manager: KeyspaceManager
  readonly openReads: OpenReads
  readonly transactions: TransactionManager
  readonly events: EventHub
  readonly pipeline: CommitPipeline
  readonly backgroundSync: BackgroundSync
  readonly checkpointer: Checkpointer
  readonly gate: ReadGate
  readonly slicedCheckpoint: SlicedCheckpoint
  readonly changeSignal: ChangeSignal
  readonly sweep: ExpirySweep
}

/**
 * Closes all of it (R6): ends what is open, checkpoints, notes the end of the log, gives files and lock back. The
 * lock goes whatever happens; the first error is thrown.
 */
export function closeParts(parts: DatabaseParts): void {
  const { health, log, keyspaces, openReads, pipeline, backgroundSync, checkpointer, lock, options } = parts
  backgroundSync.cancel()
  parts.sweep.cancel()
  pipeline.settle()
  let clean = false
  const steps = [
    (): void => {
      openReads.releaseAll()
      parts.transactions.close()
    },
    (): void => {
      if (options.readOnly) return
      if (health.poisoned) {
        saveLog(log)
        return
      }
      checkpointer.run(pipeline, { effort: 'explicit' })
      clean = true
    },
    (): void => {
      // What a failure has left of a checkpoint is for the next opening.
      checkpointer.abandon()
      health.close()
      parts.changeSignal.wake()
    },
    ...[...keyspaces].map(({ store }) => (): void => {
      store.close()
    }),
    (): void => {
      log.close(clean)
    },
    (): void => {
      parts.engines.cache.release()
    },
    (): void => {
      lock.release()
    },
  ]
  runAll(steps)
}

/** Saves commits that the log holds in memory, when it is not the log that failed: a log that did tries nothing again. */
function saveLog(log: CommitLog): void {
  try {
    log.sync()
  } catch (error) {
    // The first failure has been reported.
    if (!isLdbError(error)) throw error
  }
}

/** Runs every step, and throws the first error at the end. */
export function runAll(steps: readonly (() => void)[]): void {
  const errors: unknown[] = []
  for (const step of steps) {
    try {
      step()
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length > 0) throw errors[0]
}
