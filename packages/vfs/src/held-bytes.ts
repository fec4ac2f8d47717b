import { corruption } from '@ldb/base'
import type { HeldFile } from '@ldb/base'
import type { VfsFile } from './vfs.js'

/** What a held file is, besides its bytes. @category Files */
export type HeldShape = Pick<HeldFile, 'number' | 'length' | 'blockBytes' | 'isImmutable'>

/**
 * A held file: bytes in memory, followed by the rest of an open file, which the owner does not change while it is held.
 *
 * @category Files
 */
export class HeldBytes implements HeldFile {
  readonly number: number
  readonly length: number
  readonly blockBytes: number
  readonly isImmutable: boolean
  readonly #head: Uint8Array
  readonly #file: VfsFile | undefined

  /**
   * @param head - replaces the first bytes of the file.
   * @param file - stays open while the file is held; `undefined` when `head` is all of it.
   */
  constructor({ number, length, blockBytes, isImmutable }: HeldShape, head: Uint8Array, file?: VfsFile) {
    this.number = number
    this.length = length
    this.blockBytes = blockBytes
    this.isImmutable = isImmutable
    this.#head = head
    this.#file = file
  }

  isUnused(_block: number): boolean {
    return false
  }

  read(target: Uint8Array, targetOffset: number, byteCount: number, fileOffset: number): void {
    const headBytes = this.#readHead(target, targetOffset, byteCount, fileOffset)
    const left = byteCount - headBytes
    if (left === 0) return
    const at = fileOffset + headBytes
    this.#assertRead(this.#file?.read(target, targetOffset + headBytes, left, at), left, at)
  }

  async readAsync(
    target: Uint8Array,
    targetOffset: number,
    byteCount: number,
    fileOffset: number,
  ): Promise<void> {
    const headBytes = this.#readHead(target, targetOffset, byteCount, fileOffset)
    const left = byteCount - headBytes
    if (left === 0) return
    const at = fileOffset + headBytes
    this.#assertRead(await this.#file?.readAsync(target, targetOffset + headBytes, left, at), left, at)
  }

  /** Copies what is in memory. Returns the number of bytes. */
  #readHead(target: Uint8Array, targetOffset: number, byteCount: number, fileOffset: number): number {
    const part = this.#head.subarray(fileOffset, fileOffset + byteCount)
    target.set(part, targetOffset)
    return part.length
  }

  #assertRead(actual: number | undefined, expected: number, fileOffset: number): void {
    if (actual === expected) return
    const details = { expected, actual: actual ?? 0 }
    throw corruption(this.#file?.path ?? '', fileOffset, 'the file is shorter than its checkpoint', details)
  }
}
