import { assertLength, assertSpan } from '../byte-span.js'
import { closedFileError, readOnlyFileError } from '../file-error.js'
import type { FileContent } from './file-content.js'
import type { VfsFile } from '../vfs.js'

/** An open file of the lower file system, shared by all handles of one overlay file. */
export interface LowerFile {
  readonly file: VfsFile
  /** Closes the file with its last handle. */
  release(): void
}

/** The file that a handle is opened for. */
interface OpenNode {
  readonly identity: string
  readonly content: FileContent
}

/** An open file of a file system in memory. */
export class TreeFile implements VfsFile {
  readonly path: string
  readonly #identity: string
  readonly #content: FileContent
  readonly #writable: boolean
  readonly #lower: LowerFile | undefined
  #open = true

  constructor(
    path: string,
    { identity, content }: OpenNode,
    writable: boolean,
    lower: LowerFile | undefined,
  ) {
    this.path = path
    this.#identity = identity
    this.#content = content
    this.#writable = writable
    this.#lower = lower
  }

  identity(): string {
    this.#check('identity')
    return this.#identity
  }

  read(target: Uint8Array, targetOffset: number, byteCount: number, fileOffset: number): number {
    this.#check('read')
    assertSpan(target, targetOffset, byteCount, fileOffset)
    return this.#content.read(target, targetOffset, byteCount, fileOffset, this.#lower?.file)
  }

  write(source: Uint8Array, sourceOffset: number, byteCount: number, fileOffset: number): void {
    this.#checkWritable('write')
    assertSpan(source, sourceOffset, byteCount, fileOffset)
    this.#content.write(source, sourceOffset, byteCount, fileOffset, this.#lower?.file)
  }

  sync(): void {
    this.#check('sync')
  }

  truncate(length: number): void {
    this.#checkWritable('truncate')
    assertLength(length)
    this.#content.truncate(length)
  }

  length(): number {
    this.#check('length')
    return this.#content.length
  }

  preallocate(length: number): void {
    this.#checkWritable('preallocate')
    assertLength(length)
    // Memory is allocated on write; unwritten bytes read as zeros.
    if (length > this.#content.length) this.#content.truncate(length)
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#lower?.release()
  }

  async readAsync(
    target: Uint8Array,
    targetOffset: number,
    byteCount: number,
    fileOffset: number,
  ): Promise<number> {
    if (this.#lower === undefined) return this.read(target, targetOffset, byteCount, fileOffset)
    this.#check('read')
    assertSpan(target, targetOffset, byteCount, fileOffset)
    return this.#content.readAsync(target, targetOffset, byteCount, fileOffset, this.#lower.file)
  }

  async writeAsync(
    source: Uint8Array,
    sourceOffset: number,
    byteCount: number,
    fileOffset: number,
  ): Promise<void> {
    this.write(source, sourceOffset, byteCount, fileOffset)
  }

  async syncAsync(): Promise<void> {
    this.sync()
  }

  #check(operation: string): void {
    if (!this.#open) throw closedFileError(this.path, operation)
  }

  #checkWritable(operation: string): void {
    this.#check(operation)
    if (!this.#writable) throw readOnlyFileError(this.path, operation)
  }
}
