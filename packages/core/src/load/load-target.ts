import type { ResumableTask, Syncable } from '@ldb/base'

/** Receives the encoded entries of a load, in order. */
export interface LoadTarget {
  /** True when `persist` should run before the next entry. */
  readonly isPersistDue: boolean
  /** Adds an entry, whose key is the first `keyBytes` bytes of `key`. Copies it. */
  add(key: Uint8Array, keyBytes: number, value: Uint8Array): void
  /** Writes what was added to the device, where it is not kept in memory. */
  persist(): ResumableTask
  /** Prepares the commit, after the last entry. @param timeSlice - yielded about every millisecond of work. */
  complete(timeSlice: Syncable): ResumableTask
  /** Makes all entries durable and visible, or none. */
  commit(): void
  /** Discards everything. Idempotent; does nothing after a commit. */
  abort(): void
}
