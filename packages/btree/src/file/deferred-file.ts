import { LdbError, optionalMember, ResumableTask } from '@ldb/base'
import type { TaskSteps, Syncable } from '@ldb/base'
import { directoryOf, DirectorySync } from '@ldb/vfs'
import type { DeadlineSync, Vfs, VfsFile } from '@ldb/vfs'

/**
 * The file of a new tree, which the first write creates: until then it exists in memory only, and reads return its initial content.
 *
 * @remarks The file, its directory and their entries are not durable before {@link DeferredFile.persistEntries}, which a checkpoint
 * performs before it ends. Until then a crash may leave no file, an incomplete one, or one whose checkpoint is whole.
 * @internal
 */
export class DeferredFile implements VfsFile {
  readonly path: string
  /** Makes the entries of the file and of its directory durable. The file must have been created. */
  readonly persistEntries: Syncable
  readonly #vfs: Vfs
  /** Encodes the initial content again: it is rarely needed after the first read, and an owner may have many new trees. */
  readonly #encode: () => Uint8Array
  /** The initial content until the first read, which is that of the root. */
  #image: Uint8Array | undefined
  #file: VfsFile | undefined = undefined
  #isClosed = false

  /**
   * @param image - the initial content.
   * @param encode - returns it again.
   */
  constructor(vfs: Vfs, path: string, image: Uint8Array, encode: () => Uint8Array) {
    this.path = path
    this.#vfs = vfs
    this.#image = image
    this.#encode = encode
    this.persistEntries = new ResumableTask(entrySteps(vfs, path))
  }

  identity(): string | undefined {
    const file = this.#file
    return file && optionalMember(file, 'identity')?.call(file)
  }

  read(target: Uint8Array, targetOffset: number, byteCount: number, fileOffset: number): number {
    const file = this.#file
    if (file !== undefined) return file.read(target, targetOffset, byteCount, fileOffset)
    this.#assertOpen()
    const bytes = this.#content().subarray(fileOffset, fileOffset + byteCount)
    this.#image = undefined
    target.set(bytes, targetOffset)
    return bytes.length
  }

  write(source: Uint8Array, sourceOffset: number, byteCount: number, fileOffset: number): void {
    this.#created().write(source, sourceOffset, byteCount, fileOffset)
  }

  /** Does nothing while there is no file. */
  sync(): void {
    this.#file?.sync()
  }

  truncate(length: number): void {
    this.#created().truncate(length)
  }

  length(): number {
    if (this.#file !== undefined) return this.#file.length()
    this.#assertOpen()
    return this.#content().length
  }

  /** Returns the bytes of the file: 0 while there is none. */
  storedBytes(): number {
    return this.#file?.length() ?? 0
  }

  preallocate(length: number): void {
    this.#created().preallocate(length)
  }

  close(): void {
    this.#isClosed = true
    this.#file?.close()
  }

  async readAsync(
    target: Uint8Array,
    targetOffset: number,
    byteCount: number,
    fileOffset: number,
  ): Promise<number> {
    const file = this.#file
    if (file === undefined) return this.read(target, targetOffset, byteCount, fileOffset)
    return await file.readAsync(target, targetOffset, byteCount, fileOffset)
  }

  async writeAsync(
    source: Uint8Array,
    sourceOffset: number,
    byteCount: number,
    fileOffset: number,
  ): Promise<void> {
    await this.#created().writeAsync(source, sourceOffset, byteCount, fileOffset)
  }

  async syncAsync(): Promise<void> {
    await this.#file?.syncAsync()
  }

  deadlineSync(): DeadlineSync | undefined {
    const file = this.#file
    return file && optionalMember(file, 'deadlineSync')?.call(file)
  }

  /** Returns the file, and creates it first if it does not exist, in place of what an interrupted creation has left. */
  #created(): VfsFile {
    if (this.#file !== undefined) return this.#file
    this.#assertOpen()
    const vfs = this.#vfs
    const { path } = this
    const image = this.#content()
    this.#makeDirectories(directoryOf(path))
    if (vfs.status(path) !== undefined) vfs.remove(path)
    const created = vfs.open(path, 'createNew')
    try {
      created.write(image, 0, image.length, 0)
    } catch (error) {
      created.close()
      throw error
    }
    this.#file = created
    this.#image = undefined
    return created
  }

  /** Creates the directory, and the one above it, which a copy of the owner's files may lack. */
  #makeDirectories(directory: string): void {
    const vfs = this.#vfs
    if (vfs.status(directory) !== undefined) return
    const parent = directoryOf(directory)
    if (vfs.status(parent) === undefined) {
      vfs.makeDirectory(parent)
      vfs.syncDirectory(directoryOf(parent))
    }
    vfs.makeDirectory(directory)
  }

  #content(): Uint8Array {
    return this.#image ?? this.#encode()
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new LdbError('LDB_CLOSED', `${this.path} is closed`)
  }
}

function* entrySteps(vfs: Vfs, path: string): TaskSteps {
  const directory = directoryOf(path)
  yield new DirectorySync(vfs, directory)
  yield new DirectorySync(vfs, directoryOf(directory))
}
