import { sharedBytes } from '@ldb/base'
import type { VfsFile } from '@ldb/vfs'

/** Bytes of one read, when the file has as many. */
const READ_BYTES = 1024 * 1024

/**
 * A buffered window on a file for sequential reads. It reads large blocks into one buffer, which grows only for a larger
 * record.
 */
export class FileWindow {
  /** Content of the window, from index 0. */
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
   * Buffers `byteCount` bytes at `fileOffset` and returns their index in `bytes`, or −1 when the file has fewer.
   *
   * @param fileLimit - bytes from this offset on are neither read nor buffered: they may still change.
   */
  fetch(fileOffset: number, byteCount: number, fileLimit: number): number {
    // Readers get views of the buffer, and may have transferred it.
    if (this.bytes.length === 0) this.#end = this.#start
    if (fileOffset >= this.#start && byteCount <= this.#end - fileOffset) return fileOffset - this.#start
    if (byteCount > fileLimit - fileOffset) return -1
    const wanted = Math.max(byteCount, Math.min(READ_BYTES, fileLimit - fileOffset))
    if (wanted > this.bytes.length) {
      const usual = Math.min(READ_BYTES, Math.max(2 * this.bytes.length, wanted))
      this.bytes = sharedBytes(Math.max(usual, wanted))
      this.view = new DataView(this.bytes.buffer)
    }
    this.#start = fileOffset
    this.#end = fileOffset
    this.#end += this.#file.read(this.bytes, 0, wanted, fileOffset)
    return byteCount <= this.#end - fileOffset ? 0 : -1
  }

  /** Returns the number of zeros from `index` on, in whole words of four bytes, as far as bytes are buffered. */
  zeroBytesFrom(index: number): number {
    const { view } = this
    const last = this.#end - this.#start - 4
    let at = index
    while (at <= last && view.getInt32(at, true) === 0) at += 4
    return at - index
  }

  close(): void {
    this.#file.close()
  }
}
