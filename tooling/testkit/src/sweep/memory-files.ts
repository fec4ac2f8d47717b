import type { MemoryVfs, VfsFile } from '@ldb/vfs'

/** Files of a file system that are open for changes behind the back of a store. */
export class MemoryFiles {
  readonly #vfs: MemoryVfs
  readonly #files: Map<string, VfsFile> = new Map()

  constructor(vfs: MemoryVfs) {
    this.#vfs = vfs
  }

  patch(path: string, bytes: Uint8Array, start: number): void {
    this.#fileAt(path).write(bytes, 0, bytes.length, start)
  }

  truncate(path: string, length: number): void {
    this.#fileAt(path).truncate(length)
  }

  close(): void {
    for (const file of this.#files.values()) file.close()
  }

  #fileAt(path: string): VfsFile {
    let file = this.#files.get(path)
    if (file === undefined) {
      file = this.#vfs.open(path, 'write')
      this.#files.set(path, file)
    }
    return file
  }
}
