import type { DriverKeyspace } from './driver-keyspace.js'
import type { Version } from './version.js'

/** What to watch. @category Driver */
export interface WatchRequest {
  /** Keyspaces to watch, at least one. */
  readonly keyspaces: readonly DriverKeyspace[]
  /** Version after which the watch begins: that of a snapshot, or of a commit that a watch has reported. */
  readonly from: Version
}

/** One change of a commit. @category Driver */
export type WatchedChange =
  | {
      readonly kind: 'put'
      readonly keyspace: DriverKeyspace
      readonly key: Uint8Array
      readonly value: Uint8Array
    }
  | { readonly kind: 'delete'; readonly keyspace: DriverKeyspace; readonly key: Uint8Array }
  /** A deleted range as such. An engine that reports the deletion of each key that the range had instead is as good. */
  | {
      readonly kind: 'deleteRange'
      readonly keyspace: DriverKeyspace
      readonly lower: Uint8Array | undefined
      readonly upper: Uint8Array | undefined
    }

/**
 * One commit, as a watch reports it, or the progress of an idle watch.
 *
 * @category Driver
 */
export interface WatchedCommit {
  /** Version of the commit: a watch from it continues after the commit. Greater than that of every commit reported before. */
  readonly version: Version
  /**
   * The changes of the commit in the watched keyspaces, all in one list; range deletions before the writes of the same commit. Empty for progress: the watch has reached `version`, so
   * that a consumer can record it, and a long idle watch stays resumable.
   */
  readonly changes: readonly WatchedChange[]
}

/**
 * A watch: every commit after its start that changed a watched keyspace, exactly once, in the order of versions.
 *
 * @remarks The driver reconnects by itself, at the last version that it has returned. The watch rejects with `'snapshotTooOld'` when the engine no
 * longer has the changes after that version, and with `'unavailable'` when no server answered for 30 s; the caller may then open a watch anew
 * from the last version that it has seen. A dropped keyspace has no further changes.
 * @category Driver
 */
export interface DriverWatch {
  /** Returns the next commit, or `undefined` after `close`. At most one call at a time. */
  next(): Promise<WatchedCommit | undefined>
  /** Ends the watch; a waiting `next` returns `undefined`. Never rejects. Idempotent. */
  close(): Promise<void>
}
