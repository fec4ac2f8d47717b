import type { VfsFile } from '@ldb/vfs'

/** Bytes that are read at once where that many are there. */
const READ_BYTES = 1024 * 1024

/**
 * A stretch of a file in memory that moves along with its reader: large reads in sequence, and one buffer that
 * grows only for a record that needs more.
 */
export class FileWindow {
  /** Valid from index 0 to the end of the stretch. */
  bytes: Uint8Array
  view: DataView
  readonly #file: VfsFile
  #start: number
  #end: number

  constructor(file: VfsFile) {
    this.bytes = new Uint8Array(0)
    this.view = new DataView(this.bytes.buffer)
    this.#file = file
    this.#start = 0
    this.#end = 0
  }

  /**
   * Makes `byteCount` bytes at `fileOffset` present and gives their index in `bytes`, or −1 when the file has fewer.
   *
   * @param fileLimit - nothing from here on is read, nor kept: it may change yet.
   */
  fetch(fileOffset: number, byteCount: number, fileLimit: number): number {
    if (fileOffset >= this.#start && byteCount <= this.#end - fileOffset) return fileOffset - this.#start
    if (byteCount > fileLimit - fileOffset) return -1
    const wanted = Math.max(byteCount, Math.min(READ_BYTES, fileLimit - fileOffset))
    if (wanted > this.bytes.length) {
      const usual = Math.min(READ_BYTES, Math.max(2 * this.bytes.length, wanted))
      this.bytes = new Uint8Array(Math.max(usual, wanted))
      this.view = new DataView(this.bytes.buffer)
    }
    this.#start = fileOffset
    this.#end = fileOffset
    this.#end += this.#file.read(this.bytes, 0, wanted, fileOffset)
    return byteCount <= this.#end - fileOffset ? 0 : -1
  }

  close(): void {
    this.#file.close()
  }
}
