import { INVARIANTS, isLdbError, optionalMember } from '@ldb/base'
import type { SyncPoll, Syncable } from '@ldb/base'
import type { DeadlineSync } from './environment/deadline-sync.js'
import { isResourceShortage } from './file-error.js'
import { openAgain } from './same-file.js'
import type { Vfs, VfsFile } from './vfs.js'

/** Unsynced bytes that start an early writeback: 10 to 20 ms of device time. Small where invariants are checked. */
const WRITEBACK_BYTES = INVARIANTS ? 4096 : 16 * 1024 * 1024
/** Early writebacks started since one was last seen to complete. Code that never yields to the event loop sees none complete. */
const WRITEBACKS_MAX = 16
/** Closed instances, process-wide, whose handles stay open because their syncs have not been seen to complete. */
const CLOSING_MAX = 64

let closingCount = 0

/**
 * Syncs one open file, blocking or asynchronously, and writes large amounts of data back early.
 *
 * @remarks Asynchronous syncs use a handle of their own, opened by the first of them. The operating system reports a failed
 * writeback once for each open handle, so a blocking sync and an asynchronous one cannot consume each other's error. Concurrent
 * asynchronous syncs share the handle and therefore share its failures. While no handle can be opened, because descriptors are used
 * up, asynchronous syncs block. When the path leads to another file by then, because the file
 * or its directory was moved or replaced, the sync is `LDB_POISONED`: a sync of the other file would prove nothing.
 *
 * Early writeback: once many bytes have been written, an asynchronous sync starts without a waiter, so that the next sync has
 * little left to write. It guarantees no durability. Its failure is kept, and fails every later sync, because the operating system
 * may not report that error again.
 *
 * Deadline: a sync by another thread is requested for a time to come. Its failure fails every later sync as well.
 * @category Files
 */
export class FileSync implements Syncable {
  readonly #vfs: Vfs
  readonly #file: VfsFile
  readonly #writebackBytes: number
  #asyncFile: VfsFile | undefined = undefined
  /** Asynchronous syncs in flight; none of these promises rejects. */
  readonly #inFlight: Set<Promise<void>> = new Set()
  /** Created by the first request. */
  #deadlineSync: DeadlineSync | undefined = undefined
  /** The first failure of an asynchronous sync. */
  #failure: { readonly error: unknown } | undefined = undefined
  /** Bytes written since the last sync or early writeback started. */
  #unsyncedBytes = 0
  /** Early writebacks started since a sync was last seen to complete. */
  #writebackCount = 0
  #closed = false
  /** Syncs begun for a poll, and the newest of them that a blocking sync covers. */
  #polledCount = 0
  #polledDone = 0
  /** True when it is closed and its handle is still in use. */
  #isClosing = false

  /**
   * @param file - open for writing; its path must still lead to it at the first call of {@link FileSync.syncAsync}.
   * @param writebackBytes - number of unsynced bytes that starts an early writeback.
   */
  constructor(vfs: Vfs, file: VfsFile, writebackBytes: number = WRITEBACK_BYTES) {
    this.#vfs = vfs
    this.#file = file
    this.#writebackBytes = writebackBytes
  }

  /** Counts `byteCount` bytes written to the file and starts an early writeback when enough are unsynced. Never throws `LdbError`. */
  recordWrite(byteCount: number): void {
    this.#unsyncedBytes += byteCount
    if (this.#unsyncedBytes < this.#writebackBytes || this.#writebackCount === WRITEBACKS_MAX) return
    if (this.#closed || closingCount >= CLOSING_MAX) return
    this.#unsyncedBytes = 0
    try {
      void this.#startSync()
    } catch (error) {
      // The handle could not be opened, so no sync was started and no writeback error can be lost.
      if (!isLdbError(error)) throw error
      return
    }
    this.#writebackCount++
  }

  /** The syncs of this file by another thread; `undefined` before the first request, and where there is no such thread. */
  get deadlineSync(): DeadlineSync | undefined {
    return this.#deadlineSync
  }

  /**
   * Requests a sync of all written bytes, which end at `end`, by another thread; see {@link DeadlineSync.request}.
   *
   * @returns `undefined` where no other thread can sync.
   */
  requestSync(noticeMs: number, delayMs: number, end: number): DeadlineSync | undefined {
    if (this.#closed) return undefined
    this.#deadlineSync ??= optionalMember(this.#file, 'deadlineSync')?.call(this.#file)
    // It may have been created after the bytes were written.
    this.#deadlineSync?.noteWritten(end)
    this.#deadlineSync?.request(noticeMs, delayMs)
    return this.#deadlineSync
  }

  /** @throws the first failure of any earlier asynchronous sync, or the failure of this one. */
  sync(): void {
    this.#assertNoFailure()
    this.#file.sync()
    this.#deadlineSync?.cancel()
    this.#polledDone = this.#polledCount
    this.#unsyncedBytes = 0
    this.#writebackCount = 0
  }

  /**
   * Begins a sync by another thread; where there is none, syncs. Not to be mixed with {@link FileSync.requestSync} on one instance: both
   * tell that thread how far the file is written, in different units.
   */
  beginSync(): SyncPoll {
    this.#assertNoFailure()
    this.#unsyncedBytes = 0
    const number = ++this.#polledCount
    const syncs = this.requestSync(0, 0, number)
    return () => {
      this.#assertNoFailure()
      if (this.#polledDone >= number) return true
      const isSynced = syncs !== undefined && syncs.syncedEnd >= number
      if (isSynced && !this.hasUnknownWriteback) return true
      if (!isSynced && syncs?.isServed === true) return false
      this.sync()
      return true
    }
  }

  /**
   * True while an early writeback or an asynchronous sync is not known to have succeeded. The operating system may report its failure to
   * it alone, so that a later success of another thread, which opens the file anew, proves nothing.
   */
  get hasUnknownWriteback(): boolean {
    return this.#inFlight.size > 0 || this.#failure !== undefined
  }

  /**
   * Rejects with the first failure of any earlier or concurrent asynchronous sync, or the failure of this one. Cancels no request:
   * other work may delay it past the deadline.
   */
  async syncAsync(): Promise<void> {
    this.#assertNoFailure()
    this.#unsyncedBytes = 0
    await this.#startSync()
    // A concurrent sync of the same handle may have received the error of this one's data.
    if (this.#inFlight.size > 0) await Promise.all(this.#inFlight)
    this.#assertNoFailure()
  }

  /**
   * Takes over the asynchronous syncs in flight of another instance for the same file: later syncs wait for them and fail when they
   * fail. A handle opened after such a failure would not receive the error.
   */
  adopt(other: FileSync): void {
    this.#failure ??= other.#failure
    for (const sync of other.#inFlight) {
      void this.#track(
        sync.then(() => {
          other.#assertNoFailure()
        }),
      )
    }
  }

  #assertNoFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error
    const failure = this.#deadlineSync?.failure
    if (failure !== undefined) throw failure
  }

  #startSync(): Promise<void> {
    if (this.#asyncFile === undefined) {
      try {
        this.#asyncFile = openAgain(this.#vfs, this.#file)
      } catch (error) {
        if (!isResourceShortage(error)) throw error
        // Without a handle of its own, the sync blocks. No asynchronous one can be in flight whose error it might consume.
        return this.#track(this.#syncBlocking(this.#file))
      }
    }
    return this.#track(this.#asyncFile.syncAsync())
  }

  async #syncBlocking(file: VfsFile): Promise<void> {
    file.sync()
  }

  /** Records a sync in flight and its failure. Returns a promise that resolves when it completes or fails. */
  #track(sync: Promise<void>): Promise<void> {
    const recordFailure = (error: unknown): void => {
      this.#failure ??= { error }
    }
    const tracked: Promise<void> = sync
      .catch(recordFailure)
      .then(() => {
        this.#complete(tracked)
      })
      .catch(recordFailure)
    this.#inFlight.add(tracked)
    return tracked
  }

  #complete(tracked: Promise<void>): void {
    this.#inFlight.delete(tracked)
    this.#writebackCount = 0
    if (!this.#closed || this.#inFlight.size > 0) return
    if (this.#isClosing) closingCount--
    this.#isClosing = false
    this.#closeHandle()
  }

  /** Closes the handle for asynchronous syncs once those in flight complete. Leaves the file open for its owner. Idempotent. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#deadlineSync?.close()
    this.#isClosing = this.#inFlight.size > 0
    if (this.#isClosing) closingCount++
    else this.#closeHandle()
  }

  #closeHandle(): void {
    const file = this.#asyncFile
    this.#asyncFile = undefined
    file?.close()
  }
}
