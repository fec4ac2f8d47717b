import type { CompactionRequest, KeyBounds, KeyRenewal, Syncable } from '@ldb/base'

/** How to make one checkpoint. Every field is an own property. */
export interface CheckpointOptions {
  /** Work that the stores may spend on compaction afterwards. */
  readonly effort: CompactionRequest['effort']
  /** With effort `'renew'`: what to rewrite in each open store. */
  readonly renewal: KeyRenewal | undefined
  /** Keys of the keyspace `default` to compact; other keyspaces are compacted as a whole. `undefined` for all. */
  readonly bounds: KeyBounds | undefined
  /** Make a checkpoint even when no commit is newer than the last one. */
  readonly force: boolean
  /** Synced after about each millisecond of work, to yield the thread. */
  readonly timeSlice: Syncable | undefined
}

/** An automatic checkpoint of all that has changed. */
export const AUTOMATIC_CHECKPOINT: CheckpointOptions = Object.freeze({
  effort: 'automatic',
  renewal: undefined,
  bounds: undefined,
  force: false,
  timeSlice: undefined,
})

/** The commit position of a database, for a checkpoint that is made while commits continue. */
export interface CommitPosition {
  /** Number of the newest visible commit. */
  readonly seq: number
  /** Makes commits in flight visible. */
  drain(): void
  /** Resolves when the commits that are in flight now are visible. */
  drained(): Promise<void>
}
