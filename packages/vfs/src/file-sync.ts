import type { Syncable } from '@ldb/base'
import type { Vfs, VfsFile } from './vfs.js'

/**
 * What was written to an open file, as something that can be brought to the device, on this thread and off it.
 *
 * @remarks Off this thread by a handle of its own, opened at the first such sync: each handle is told of a failed write-back
 * once, so that a sync here and one there cannot take the news from each other.
 * @category Files
 */
export class FileSync implements Syncable {
  readonly #vfs: Vfs
  readonly #file: VfsFile
  #asyncFile: VfsFile | undefined = undefined
  #runningCount = 0
  #closed = false

  /** @param file - writable, and still of that name when `syncAsync` is called for the first time. */
  constructor(vfs: Vfs, file: VfsFile) {
    this.#vfs = vfs
    this.#file = file
  }

  sync(): void {
    this.#file.sync()
  }

  async syncAsync(): Promise<void> {
    this.#asyncFile ??= this.#vfs.open(this.#file.path, 'write')
    const file = this.#asyncFile
    this.#runningCount++
    try {
      await file.syncAsync()
    } finally {
      this.#runningCount--
      if (this.#closed && this.#runningCount === 0) file.close()
    }
  }

  /** Gives its own handle back, when the syncs that run are done; the file itself is its owner's. Idempotent. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    if (this.#runningCount === 0) this.#asyncFile?.close()
  }
}
