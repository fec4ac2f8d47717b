import type { Vfs, VfsFile } from '@ldb/vfs'
import { BlobFile } from './blob-file.js'
import type { CreateCipher } from './blob-options.js'

/** A blob file that exists, and is opened by its first use. */
export class BlobSource {
  readonly path: string
  readonly number: number
  readonly #vfs: Vfs
  readonly #createCipher: CreateCipher | undefined
  #file: BlobFile | undefined
  #handle: VfsFile | undefined
  #foundBytes: number | undefined = undefined

  /** @param file - the open file, when this process has created it. */
  constructor(
    vfs: Vfs,
    path: string,
    number: number,
    createCipher: CreateCipher | undefined,
    file?: BlobFile,
  ) {
    this.#vfs = vfs
    this.#createCipher = createCipher
    this.path = path
    this.number = number
    this.#file = file
    this.#handle = file?.file
  }

  /** The file, when it is open. */
  get opened(): BlobFile | undefined {
    return this.#file
  }

  /** Length in bytes. */
  get fileBytes(): number {
    if (this.#file !== undefined) return this.#file.end
    this.#foundBytes ??= this.#vfs.status(this.path)?.length ?? 0
    return this.#foundBytes
  }

  open(): BlobFile {
    // The read of the header may be interrupted, and repeated with the same handle.
    this.#handle ??= this.#vfs.open(this.path, 'read')
    this.#file ??= BlobFile.found(this.#vfs, this.#handle, this.number, this.#createCipher)
    return this.#file
  }

  close(): void {
    this.#file?.close()
    this.#handle?.close()
    this.#file = undefined
    this.#handle = undefined
  }
}
