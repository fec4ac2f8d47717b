import type { Syncable } from '@ldb/base'
import type { Vfs, VfsFile } from '@ldb/vfs'

/**
 * Brings the file of a tree to the device.
 *
 * @remarks Off this thread by a handle of its own: each handle is told of a failed write-back once, so that a sync here and one
 * there cannot take the news from each other.
 * @internal
 */
export class TreeSync implements Syncable {
  readonly #vfs: Vfs
  readonly #file: VfsFile
  #asyncFile: VfsFile | undefined = undefined
  #runningCount = 0
  #closed = false

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

  /** Gives the handle back, when the syncs that run are done; the file itself is its owner's. */
  close(): void {
    this.#closed = true
    if (this.#runningCount === 0) this.#asyncFile?.close()
  }
}
