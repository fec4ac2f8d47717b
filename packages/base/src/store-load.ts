import type { Seq } from './branded-numbers.js'
import type { ResumableTask, Syncable } from './resumable-task.js'
import type { StoreLog } from './store-log.js'

/**
 * A sorted bulk load into a store: entries become files of the store, which no reader sees until `install`.
 *
 * @remarks The owner calls `add` for each entry, `persist` whenever `isPersistDue`, then `complete`, logs the load, and calls `install`. A load
 * that is not installed leaves the store as it was, after a crash too. Several loads may be in progress, and sections may be applied meanwhile.
 * @category Contracts
 */
export interface StoreLoad {
  /** The smallest range that contains all keys that were added; `undefined` when there is none. */
  readonly range: { readonly lower: Uint8Array; readonly upper: Uint8Array } | undefined
  /** True when files are complete that `persist` should sync before the next entry. */
  readonly isPersistDue: boolean

  /**
   * Adds an entry, whose key is the first `keyBytes` bytes of `key`. Nothing of it is retained.
   *
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT unless the key is greater than the one before; LDB_NO_SPACE, LDB_IO when a file cannot be
   * written, which leaves the store usable: abort the load. LDB_POISONED, LDB_CLOSED.
   */
  add(key: Uint8Array, keyBytes: number, value: Uint8Array): void

  /** Begins to sync the files that are complete. @throws {@link LdbError} LDB_IO, LDB_CLOSED, LDB_POISONED, as the task does. */
  persist(): ResumableTask

  /**
   * Begins to complete and sync all files, and to prepare the store for `install`, so that little is left to do there.
   *
   * @param timeSlice - yielded about every millisecond of work.
   */
  complete(timeSlice?: Syncable): ResumableTask

  /**
   * Makes the entries durable and visible, all of them or none. They overwrite what sections up to `seq` have written. Waits for the device.
   * Call it once, after `complete`, and after the commit `seq` is in the log and all sections before it are applied. Afterwards `durableSeq`
   * is `seq`, and no replay applies anything for the load: a crash before the end of `install` leaves the store without its entries.
   *
   * @param seq - greater than that of any section applied before.
   * @param log - synced before the load becomes durable (C6).
   * @throws {@link LdbError} any error poisons the store: the entries may be durable.
   */
  install(seq: Seq, log: StoreLog): void

  /** Ends a load that is not installed, and deletes its files. Idempotent; does nothing after `install`. */
  abort(): void
}
