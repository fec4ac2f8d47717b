import { INVARIANTS, isLdbError } from '@ldb/base'
import type { Syncable } from '@ldb/base'
import type { Vfs } from './vfs.js'

/**
 * A file this large is emptied first: whoever still has it open, a sync off this thread for instance, would keep its space. A small one
 * too where invariants are checked.
 */
const EMPTIED_BYTES_MIN = INVARIANTS ? 4096 : 16 * 1024 * 1024

/**
 * The removal of one file, as something that can be waited for, on this thread and off it: some file systems take tens of
 * milliseconds for a large one. On return the name is gone; that it is gone for good is up to a sync of the directory.
 *
 * @category Files
 */
export class FileRemoval implements Syncable {
  readonly #vfs: Vfs
  readonly #path: string
  #state: 'planned' | 'begun' | 'done' = 'planned'
  #running: Promise<void> | undefined = undefined

  constructor(vfs: Vfs, path: string) {
    this.#vfs = vfs
    this.#path = path
  }

  /** Removes the file now, if it is not gone; one that is being removed off this thread is waited for by trying. */
  sync(): void {
    if (this.#state === 'done') return
    try {
      if (this.#state === 'planned') this.#empty()
      this.#vfs.remove(this.#path)
    } catch (error) {
      if (this.#state === 'planned' || !isLdbError(error, 'LDB_NOT_FOUND')) throw error
    }
    this.#state = 'done'
  }

  /** As `sync`, off this thread where the file system can. */
  syncAsync(): Promise<void> {
    this.#running ??= this.#remove()
    return this.#running
  }

  async #remove(): Promise<void> {
    if (this.#state === 'done') return
    if (this.#vfs.removeAsync === undefined) {
      this.sync()
      return
    }
    this.#state = 'begun'
    try {
      await this.#vfs.removeAsync(this.#path)
    } catch (error) {
      // Somebody could not wait, and has removed it meanwhile: `sync` has changed the state.
      if (!this.#isDone() || !isLdbError(error, 'LDB_NOT_FOUND')) throw error
    }
    this.#state = 'done'
  }

  /** Gives its space back; where that fails, the removal does it as soon as nobody has the file open. */
  #empty(): void {
    try {
      const status = this.#vfs.status(this.#path)
      if (status?.kind !== 'file' || status.length < EMPTIED_BYTES_MIN) return
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
