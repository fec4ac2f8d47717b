import { optionalMember } from '@ldb/base'
import type { Syncable } from '@ldb/base'
import { resolvePath } from './resolve-path.js'
import type { Vfs } from './vfs.js'

/** Makes the entries of one directory durable, blocking or asynchronously. @category Files */
export class DirectorySync implements Syncable {
  readonly #vfs: Vfs
  readonly #path: string

  constructor(vfs: Vfs, path: string) {
    this.#vfs = vfs
    this.#path = resolvePath(vfs, path)
  }

  sync(): void {
    this.#vfs.syncDirectory(this.#path)
  }

  async syncAsync(): Promise<void> {
    const syncAsync = optionalMember(this.#vfs, 'syncDirectoryAsync')
    if (syncAsync === undefined) this.#vfs.syncDirectory(this.#path)
    else await syncAsync.call(this.#vfs, this.#path)
  }
}
