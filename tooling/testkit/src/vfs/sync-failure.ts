import type { VfsFile } from '@ldb/vfs'

/**
 * The fate of unsynced changes when a sync fails.
 *
 * - `lost`: the changes are dropped but visible until the next crash, and later syncs succeed (ext4, XFS).
 * - `reverted`: the changes are dropped and no longer visible (Btrfs).
 * - `kept`: the changes are still pending.
 *
 * @category Faults
 */
export type SyncFailure = 'lost' | 'reverted' | 'kept'

/** A file that can simulate a failed sync. */
export interface SyncFailingFile extends VfsFile {
  /** Applies the effect of a failed sync to the pending changes. The caller throws the error. */
  failSync(failure: SyncFailure): void
}
