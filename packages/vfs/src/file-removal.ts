import { INVARIANTS, isLdbError, LdbError, optionalMember } from '@ldb/base'
import type { SyncPoll, Syncable } from '@ldb/base'
import { isMissingPath } from './file-error.js'
import { resolvePath } from './resolve-path.js'
import type { Vfs } from './vfs.js'

/**
 * Length from which a file is truncated before it is removed. An open handle, of an asynchronous sync for instance, would otherwise
 * keep its space allocated. Small where invariants are checked.
 */
const TRUNCATED_BYTES_MIN = INVARIANTS ? 4096 : 16 * 1024 * 1024

/** Space that one poll frees: about 5 ms. */
const PART_BYTES = TRUNCATED_BYTES_MIN / 2

/**
 * Removes one file, blocking or asynchronously: some file systems take tens of milliseconds to remove a large file.
 *
 * @remarks When `sync` returns or `syncAsync` resolves, the name is removed. The removal is durable only after a sync of the directory.
 * Removes only the file that the path led to when the instance was created: another one is left, and the removal is `LDB_POISONED`.
 * @category Files
 */
export class FileRemoval implements Syncable {
  readonly #vfs: Vfs
  readonly #path: string
  /** Identity of the file; `undefined` when there was none. */
  readonly #identity: string | undefined
  #state: 'new' | 'started' | 'done' = 'new'
  #removal: Promise<void> | undefined = undefined

  constructor(vfs: Vfs, path: string) {
    this.#vfs = vfs
    this.#path = resolvePath(vfs, path)
    this.#identity = vfs.status(this.#path)?.identity
  }

  /** Removes the file unless that is done. Removes it also while an asynchronous removal is in flight. */
  sync(): void {
    if (this.#state === 'done') return
    try {
      this.#assertSameFile()
      if (this.#state === 'new') this.#truncateBy(Infinity)
      this.#vfs.remove(this.#path)
    } catch (error) {
      if (this.#state === 'new' || !isMissingPath(error)) throw error
    }
    this.#state = 'done'
  }

  /** Does the same as `sync` without blocking, where the file system has `removeAsync`. All callers share one removal. */
  syncAsync(): Promise<void> {
    this.#removal ??= this.#remove()
    return this.#removal
  }

  /** Removes the file in parts: each poll of a large file frees some of its space. */
  beginSync(): SyncPoll {
    return () => {
      if (this.#state === 'new' && this.#truncatePart()) return false
      this.sync()
      return true
    }
  }

  async #remove(): Promise<void> {
    if (this.#state === 'done') return
    const removeAsync = optionalMember(this.#vfs, 'removeAsync')
    if (removeAsync === undefined) {
      this.sync()
      return
    }
    this.#assertSameFile()
    this.#state = 'started'
    try {
      await removeAsync.call(this.#vfs, this.#path)
    } catch (error) {
      // A concurrent `sync` has removed the file and set the state.
      if (!this.#isDone() || !isMissingPath(error)) throw error
    }
    this.#state = 'done'
  }

  #assertSameFile(): void {
    const actual = this.#vfs.status(this.#path)?.identity
    if (actual === undefined || this.#identity === undefined || actual === this.#identity) return
    const message = `${this.#path} is not the file that was to be removed: it, or its directory, was replaced`
    throw new LdbError('LDB_POISONED', message, {
      details: { file: this.#path, operation: 'remove', expected: this.#identity, actual },
    })
  }

  /** Frees a part of the space of a large file; returns false when it is not large, or no longer. */
  #truncatePart(): boolean {
    this.#assertSameFile()
    return this.#truncateBy(PART_BYTES)
  }

  /** Truncates a large file. On failure, which returns false, the removal frees its space, once no handle is open. */
  #truncateBy(byteCount: number): boolean {
    try {
      const status = this.#vfs.status(this.#path)
      if (status?.kind !== 'file' || status.length < TRUNCATED_BYTES_MIN) return false
      const file = this.#vfs.open(this.#path, 'write')
      try {
        file.truncate(Math.max(0, status.length - byteCount))
      } finally {
        file.close()
      }
      return true
    } catch (error) {
      if (!isLdbError(error)) throw error
      return false
    }
  }

  #isDone(): boolean {
    return this.#state === 'done'
  }
}
