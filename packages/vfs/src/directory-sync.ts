import type { Syncable } from '@ldb/base'
import type { Vfs } from './vfs.js'

/** The entries of one directory, as something that can be brought to the device. @category Files */
export class DirectorySync implements Syncable {
  readonly #vfs: Vfs
  readonly #path: string

  constructor(vfs: Vfs, path: string) {
    this.#vfs = vfs
    this.#path = path
  }

  sync(): void {
    this.#vfs.syncDirectory(this.#path)
  }

  async syncAsync(): Promise<void> {
    if (this.#vfs.syncDirectoryAsync === undefined) this.#vfs.syncDirectory(this.#path)
    else await this.#vfs.syncDirectoryAsync(this.#path)
  }
}
