import { INVARIANTS, isLdbError } from '@ldb/base'
import type { Syncable } from '@ldb/base'
import type { Vfs } from './vfs.js'

/**
 * Length from which a file is truncated before it is removed. An open handle, of an asynchronous sync for instance, would otherwise
 * keep its space allocated. Small where invariants are checked.
 */
const TRUNCATED_BYTES_MIN = INVARIANTS ? 4096 : 16 * 1024 * 1024

/**
 * Removes one file, blocking or asynchronously: some file systems take tens of milliseconds to remove a large file.
 *
 * @remarks When `sync` returns or `syncAsync` resolves, the name is removed. The removal is durable only after a sync of the directory.
 * @category Files
 */
export class FileRemoval implements Syncable {
  readonly #vfs: Vfs
  readonly #path: string
  #state: 'new' | 'started' | 'done' = 'new'
  #removal: Promise<void> | undefined = undefined

  constructor(vfs: Vfs, path: string) {
    this.#vfs = vfs
    this.#path = path
  }

  /** Removes the file unless that is done. Removes it also while an asynchronous removal is in flight. */
  sync(): void {
    if (this.#state === 'done') return
    try {
      if (this.#state === 'new') this.#truncate()
      this.#vfs.remove(this.#path)
    } catch (error) {
      if (this.#state === 'new' || !isLdbError(error, 'LDB_NOT_FOUND')) throw error
    }
    this.#state = 'done'
  }

  /** Does the same as `sync` without blocking, where the file system has `removeAsync`. All callers share one removal. */
  syncAsync(): Promise<void> {
    this.#removal ??= this.#remove()
    return this.#removal
  }

  async #remove(): Promise<void> {
    if (this.#state === 'done') return
    if (this.#vfs.removeAsync === undefined) {
      this.sync()
      return
    }
    this.#state = 'started'
    try {
      await this.#vfs.removeAsync(this.#path)
    } catch (error) {
      // A concurrent `sync` has removed the file and set the state.
      if (!this.#isDone() || !isLdbError(error, 'LDB_NOT_FOUND')) throw error
    }
    this.#state = 'done'
  }

  /** Frees the space of a large file. On failure the removal frees it, once no handle is open. */
  #truncate(): void {
    try {
      const status = this.#vfs.status(this.#path)
      if (status?.kind !== 'file' || status.length < TRUNCATED_BYTES_MIN) return
      const file = this.#vfs.open(this.#path, 'write')
      try {
        file.truncate(0)
      } finally {
        file.close()
      }
    } catch (error) {
      if (!isLdbError(error)) throw error
    }
  }

  #isDone(): boolean {
    return this.#state === 'done'
  }
}
