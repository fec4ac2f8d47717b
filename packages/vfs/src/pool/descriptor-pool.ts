import { isLdbError } from '@ldb/base'

/** Errors of the operating system when the process, or the machine, has no descriptor left. */
const SHORTAGE_ERRNOS: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE'])
/** Share of the open files that a shortage of descriptors closes. */
const SHORTAGE_SHARE = 4
/**
 * A shortage does not lower the limit below this number of files. Below it, only pooled files get the descriptors of others: another
 * operation may need several, and must not fail halfway.
 */
const SHORTAGE_LIMIT_MIN = 16
/** Files opened again after which a lowered limit is raised by one. */
const REOPENS_PER_RAISE = 256

/** Use of the descriptors of a {@link PooledVfs}. @category Files */
export interface OpenFileStats {
  /** Pooled files that have a descriptor now. */
  readonly openCount: number
  /**
   * The limit of `openCount`, which is lower than the option when the process ran out of descriptors. Files in use and files that
   * were removed may exceed it.
   */
  readonly openCountMax: number
  /** Files that were opened again after their descriptor had been closed. */
  readonly reopenCount: number
  /** Files that were synced because only files with unsynced writes were left to close. */
  readonly evictionSyncCount: number
}

/** A file of the pool, as a node of the list of files that have a descriptor. */
export abstract class PoolEntry {
  /** Neighbors in the list of files with a descriptor, by their last use. */
  older: PoolEntry | undefined = undefined
  newer: PoolEntry | undefined = undefined

  /** True when no operation uses the descriptor, and a name leads to the file. */
  abstract get isIdle(): boolean
  /** True when writes through this handle are not known to be on the device. */
  abstract get isDirty(): boolean
  /** Syncs the writes. Returns false after a failure, which later syncs of the file report. */
  abstract trySync(): boolean
  /** Closes the descriptor of an idle file. A later use opens it again. */
  abstract closeDescriptor(): void
}

/**
 * The descriptors of pooled files: at most a fixed number, of which the least recently used is closed to open another one.
 *
 * A file that is in use keeps its descriptor, and so does one with unsynced writes: the operating system reports a failed writeback to
 * the descriptors that are open at that time, and closing the descriptor may lose the report. When only such files are left, the
 * least recently used one is synced first. When no file can be closed, the limit is exceeded.
 *
 * When the process runs out of descriptors, the limit is lowered to three quarters of the open files, so that other parts of the
 * process find some. Later it is raised again, step by step.
 */
export class DescriptorPool {
  readonly #limitMax: number
  /** At most `#limitMax`; lowered by a shortage. */
  #limit: number
  #oldest: PoolEntry | undefined = undefined
  #newest: PoolEntry | undefined = undefined
  #openCount = 0
  #reopenCount = 0
  #evictionSyncCount = 0
  /** Asynchronous operations in flight. */
  #pendingCount = 0
  /** Asynchronous operations that wait for a descriptor, in the order of their calls. */
  readonly #waiters: (() => void)[] = []

  constructor(limit: number) {
    this.#limitMax = limit
    this.#limit = limit
  }

  stats(): OpenFileStats {
    return {
      openCount: this.#openCount,
      openCountMax: this.#limit,
      reopenCount: this.#reopenCount,
      evictionSyncCount: this.#evictionSyncCount,
    }
  }

  /** Makes a file the most recently used one. */
  touch(entry: PoolEntry): void {
    if (entry === this.#newest) return
    this.#unlink(entry)
    this.#append(entry)
  }

  /** Opens a descriptor for a file, and adds the file. Closes others at the limit, and when the process has no descriptor left. */
  open<File>(entry: PoolEntry, openFile: () => File, isReopen: boolean): File {
    this.#makeRoom()
    const file = this.#withRelief(openFile, 1)
    this.#append(entry)
    this.#openCount++
    if (isReopen && ++this.#reopenCount % REOPENS_PER_RAISE === 0 && this.#limit < this.#limitMax)
      this.#limit++
    return file
  }

  /**
   * Opens the descriptor of a file again, for an asynchronous operation. Returns `undefined` when it must wait for another operation
   * in flight, instead of exceeding the limit or failing.
   */
  tryOpen<File>(entry: PoolEntry, openFile: () => File): File | undefined {
    const mayWait = this.#pendingCount > 0
    if (!this.#makeRoom() && mayWait) return undefined
    try {
      return this.open(entry, openFile, true)
    } catch (error) {
      if (isShortage(error) && mayWait) return undefined
      throw error
    }
  }

  /** Resolves when an asynchronous operation has ended. */
  operationEnded(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve))
  }

  /** Counts an asynchronous operation that uses a descriptor. */
  beginOperation(): void {
    this.#pendingCount++
  }

  /** Counts the end of an asynchronous operation, whose descriptor may be free now. */
  endOperation(): void {
    this.#pendingCount--
    this.#waiters.shift()?.()
  }

  /** Removes a file whose descriptor was closed. */
  remove(entry: PoolEntry): void {
    this.#unlink(entry)
    this.#openCount--
  }

  /** Runs an operation that needs descriptors. When the process has none left and many files are open, closes some and runs it again. */
  withRelief<T>(operation: () => T): T {
    return this.#withRelief(operation, SHORTAGE_LIMIT_MIN)
  }

  /** As {@link DescriptorPool.withRelief}, for an asynchronous operation. */
  async withReliefAsync<T>(operation: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await operation()
      } catch (error) {
        if (!isShortage(error) || !this.#relieve(SHORTAGE_LIMIT_MIN)) throw error
      }
    }
  }

  /** Closes the descriptors of all idle files without unsynced writes, but one. */
  closeIdle(): void {
    // One remains, in exchange for which another file can be opened when the process has no descriptor left.
    for (let entry = this.#oldest; entry !== undefined && this.#openCount > 1;) {
      const { newer } = entry
      if (entry.isIdle && !entry.isDirty) entry.closeDescriptor()
      entry = newer
    }
  }

  /** Closes files until one more may be open. Returns false when none can be closed. */
  #makeRoom(): boolean {
    while (this.#openCount >= this.#limit) if (!this.#evict()) return false
    return true
  }

  #withRelief<T>(operation: () => T, openCountMin: number): T {
    for (;;) {
      try {
        return operation()
      } catch (error) {
        if (!isShortage(error) || !this.#relieve(openCountMin)) throw error
      }
    }
  }

  /**
   * Closes a share of the files, so that the next operations find descriptors as well. Returns false when it could close none, or when
   * fewer than `openCountMin` are open.
   */
  #relieve(openCountMin: number): boolean {
    if (this.#openCount < openCountMin) return false
    const wanted = Math.ceil(this.#openCount / SHORTAGE_SHARE)
    let closedCount = 0
    while (closedCount < wanted && this.#evict()) closedCount++
    this.#limit = Math.min(this.#limit, Math.max(this.#openCount, SHORTAGE_LIMIT_MIN))
    return closedCount > 0
  }

  /** Closes the least recently used file that can be closed. Returns false when there is none. */
  #evict(): boolean {
    for (let entry = this.#oldest; entry !== undefined; entry = entry.newer) {
      if (!entry.isIdle || entry.isDirty) continue
      entry.closeDescriptor()
      return true
    }
    for (let entry = this.#oldest; entry !== undefined; entry = entry.newer) {
      if (!entry.isIdle || !entry.trySync()) continue
      this.#evictionSyncCount++
      entry.closeDescriptor()
      return true
    }
    return false
  }

  #append(entry: PoolEntry): void {
    entry.older = this.#newest
    if (this.#newest === undefined) this.#oldest = entry
    else this.#newest.newer = entry
    this.#newest = entry
  }

  #unlink(entry: PoolEntry): void {
    const { older, newer } = entry
    if (older === undefined) this.#oldest = newer
    else older.newer = newer
    if (newer === undefined) this.#newest = older
    else newer.older = older
    entry.older = undefined
    entry.newer = undefined
  }
}

function isShortage(error: unknown): boolean {
  return isLdbError(error) && SHORTAGE_ERRNOS.has(error.details.errno ?? '')
}
