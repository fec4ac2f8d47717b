import { optionalMember } from '@ldb/base'
import { TransactionManager } from '@ldb/mvcc'
import type { Environment, Scheduler } from '@ldb/vfs'
import type { BlobValues } from '../blob/blob-values.js'
import { ValueWriter } from '../blob/value-writer.js'
import { BackgroundCollection } from '../collection/background-collection.js'
import type { CollectionCheckpoints } from '../collection/background-collection.js'
import type { CommitPipeline } from '../commit/pipeline.js'
import type { DatabaseState } from '../commit/state.js'
import type { LeakReporter } from '../health/leaks.js'
import type { ResolvedDatabaseOptions } from '../health/options.js'
import type { KeyspaceTable } from '../keyspace/table.js'
import { KeyspaceTransactionStore } from '../keyspace/transaction-store.js'
import type { CheckpointTrigger } from '../log/checkpoint-trigger.js'
import type { ReadGate } from '../resident/read-gate.js'

/** Returns what writes large values to blob files; `undefined` where there are none. */
export function openValueWriter(
  blobs: BlobValues | undefined,
  keyspaces: KeyspaceTable,
  { blobBytes }: ResolvedDatabaseOptions,
): ValueWriter | undefined {
  if (blobs === undefined) return undefined
  return new ValueWriter(blobs, blobBytes, keyspaces)
}

/** The parts of a database that the collection of large values uses. */
interface CollectingDatabase {
  readonly blobs: BlobValues | undefined
  readonly pipeline: CommitPipeline
  readonly gate: ReadGate
  readonly slicedCheckpoint: CollectionCheckpoints
}

/** Returns what collects the space of large values; `undefined` where there are none, and in a read-only database. */
export function openCollection(
  state: DatabaseState,
  { blobs, pipeline, gate, slicedCheckpoint: checkpoints }: CollectingDatabase,
  trigger: CheckpointTrigger,
  environment: Pick<Environment, 'clock' | 'scheduler'>,
  { readOnly, logger }: ResolvedDatabaseOptions,
): BackgroundCollection | undefined {
  if (blobs === undefined || readOnly) return undefined
  return new BackgroundCollection(state, { blobs, pipeline, gate, checkpoints, trigger }, environment, logger)
}

/** Returns the transactions of a database. */
export function openTransactions(
  keyspaces: KeyspaceTable,
  seq: number,
  leaks: LeakReporter,
  scheduler: Scheduler,
): TransactionManager {
  return new TransactionManager({
    stores: [...keyspaces].map((each) => [each.descriptor.id, new KeyspaceTransactionStore(each)] as const),
    seq,
    monotonicMs: () => leaks.nowMs,
    openStack: () => leaks.captureStack(),
    afterCollection: optionalMember(scheduler, 'afterCollection')?.bind(scheduler) ?? false,
    schedule: optionalMember(scheduler, 'immediate')?.bind(scheduler),
    onLeak: ({ kind, ageMs, stack }) => {
      leaks.report({ kind, openedAtMs: leaks.nowMs - ageMs, stack })
    },
  })
}
