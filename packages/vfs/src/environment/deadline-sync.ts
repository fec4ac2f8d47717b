import type { LdbError } from '@ldb/base'

/**
 * A sync of one file by another thread, at a deadline: it begins in time even if the thread that requests it does not yield to the
 * event loop.
 *
 * @remarks Of all methods only `request` makes system calls: it may start the other thread, and wakes it.
 * @category Files
 */
export interface DeadlineSync {
  /**
   * True while a sync is still to begin that covers all written bytes, and its notice time has not come. Once that sync has begun,
   * bytes written from then on need a request of their own.
   */
  readonly isWaiting: boolean
  /**
   * False when the request may have no effect: the other thread has not started yet, has ended, or did not find the file at its path
   * for the previous request. The caller then begins a sync itself.
   */
  readonly isServed: boolean
  /**
   * The greatest value of `noteWritten` that a completed sync covers; 0 before the first one. The sync may cover more.
   */
  readonly syncedEnd: number
  /** The first failure; later syncs of the file prove nothing. `undefined` when no sync has failed. */
  readonly failure: LdbError | undefined

  /**
   * Requests a sync of all bytes that are written to the file before this sync begins.
   *
   * @remarks A request that waits keeps its deadline, unless the new one asks for a sync at once. After its notice time, a request is due at
   * once: the caller has had the opportunity to write what it buffers.
   * @param noticeMs - time until `isWaiting` turns false; at most `delayMs`.
   * @param delayMs - time until the sync begins, in milliseconds; 0: at once.
   */
  request(noticeMs: number, delayMs: number): void
  /** Notes that the file is written up to `end`: an integer below 2^32 that does not decrease, such as a file offset. */
  noteWritten(end: number): void
  /** Returns the number of syncs completed since the last call. */
  takeSyncCount(): number
  /** Cancels the request that waits: the caller has synced the file. */
  cancel(): void
  /** Ends all requests. Idempotent. */
  close(): void
}
