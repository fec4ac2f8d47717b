import { fileError } from '../file-error.js'
import type { VfsFile } from '../vfs.js'

/** Length of one chunk in bytes; a multiple of every page size of a store. */
export const CHUNK_BYTES = 65_536

/**
 * The content of a file in memory, as an upper layer over a lower file where one exists.
 *
 * Chunks that were never written take no memory: they read from the lower file up to `#lowerLength`, and as zeros beyond. The first
 * write to a chunk copies it up. The lower file is never written.
 */
export class FileContent {
  readonly #chunks: Map<number, Uint8Array> = new Map()
  #length: number
  /** Visible prefix of the lower file, in bytes. `truncate` lowers it; nothing raises it. */
  #lowerLength: number

  constructor(lowerLength = 0) {
    this.#length = lowerLength
    this.#lowerLength = lowerLength
  }

  get length(): number {
    return this.#length
  }

  /** Returns a copy over the same lower file; written chunks are copied. */
  clone(): FileContent {
    const copy = new FileContent(this.#lowerLength)
    copy.#length = this.#length
    for (const [chunkIndex, chunk] of this.#chunks) copy.#chunks.set(chunkIndex, chunk.slice())
    return copy
  }

  read(
    target: Uint8Array,
    targetOffset: number,
    byteCount: number,
    fileOffset: number,
    lower?: VfsFile,
  ): number {
    const total = Math.max(0, Math.min(byteCount, this.#length - fileOffset))
    for (let done = 0; done < total;) {
      const start = fileOffset + done
      const count = Math.min(total - done, CHUNK_BYTES - (start % CHUNK_BYTES))
      const lowerBytes = this.#readChunk(target, targetOffset + done, count, start)
      if (lowerBytes > 0)
        checkLowerRead(lowerBytes, lower?.read(target, targetOffset + done, lowerBytes, start), start, lower)
      done += count
    }
    return total
  }

  async readAsync(
    target: Uint8Array,
    targetOffset: number,
    byteCount: number,
    fileOffset: number,
    lower: VfsFile,
  ): Promise<number> {
    const total = Math.max(0, Math.min(byteCount, this.#length - fileOffset))
    for (let done = 0; done < total;) {
      const start = fileOffset + done
      const count = Math.min(total - done, CHUNK_BYTES - (start % CHUNK_BYTES))
      const lowerBytes = this.#readChunk(target, targetOffset + done, count, start)
      if (lowerBytes > 0) {
        checkLowerRead(
          lowerBytes,
          await lower.readAsync(target, targetOffset + done, lowerBytes, start),
          start,
          lower,
        )
      }
      done += count
    }
    return total
  }

  write(
    source: Uint8Array,
    sourceOffset: number,
    byteCount: number,
    fileOffset: number,
    lower?: VfsFile,
  ): void {
    for (let done = 0; done < byteCount;) {
      const start = fileOffset + done
      const chunkOffset = start % CHUNK_BYTES
      const count = Math.min(byteCount - done, CHUNK_BYTES - chunkOffset)
      const from = sourceOffset + done
      this.#writableChunk(start - chunkOffset, count, lower).set(
        source.subarray(from, from + count),
        chunkOffset,
      )
      done += count
      this.#length = Math.max(this.#length, start + count)
    }
  }

  truncate(length: number): void {
    if (length < this.#length) this.#shrink(length)
    this.#length = length
  }

  #shrink(length: number): void {
    this.#lowerLength = Math.min(this.#lowerLength, length)
    const tailOffset = length % CHUNK_BYTES
    const lastChunk = (length - tailOffset) / CHUNK_BYTES
    for (const [chunkIndex, chunk] of this.#chunks) {
      if (chunkIndex > lastChunk || (chunkIndex === lastChunk && tailOffset === 0))
        this.#chunks.delete(chunkIndex)
      else if (chunkIndex === lastChunk) chunk.fill(0, tailOffset)
    }
  }

  /** Reads a span of one chunk. Returns the number of its first bytes that the caller must read from the lower file instead. */
  #readChunk(target: Uint8Array, targetOffset: number, byteCount: number, fileOffset: number): number {
    const chunkOffset = fileOffset % CHUNK_BYTES
    const chunk = this.#chunks.get((fileOffset - chunkOffset) / CHUNK_BYTES)
    if (chunk !== undefined) {
      target.set(chunk.subarray(chunkOffset, chunkOffset + byteCount), targetOffset)
      return 0
    }
    const lowerBytes = Math.max(0, Math.min(byteCount, this.#lowerLength - fileOffset))
    target.fill(0, targetOffset + lowerBytes, targetOffset + byteCount)
    return lowerBytes
  }

  /** Returns the chunk at file offset `chunkStart`. Copies it up when it is absent, unless the write covers all of it. */
  #writableChunk(chunkStart: number, writeBytes: number, lower: VfsFile | undefined): Uint8Array {
    const chunkIndex = chunkStart / CHUNK_BYTES
    const present = this.#chunks.get(chunkIndex)
    if (present !== undefined) return present
    const chunk = new Uint8Array(CHUNK_BYTES)
    const lowerBytes = Math.min(CHUNK_BYTES, this.#lowerLength - chunkStart)
    if (lowerBytes > 0 && writeBytes < CHUNK_BYTES) {
      checkLowerRead(lowerBytes, lower?.read(chunk, 0, lowerBytes, chunkStart), chunkStart, lower)
    }
    this.#chunks.set(chunkIndex, chunk)
    return chunk
  }
}

/** Throws LDB_IO when the lower file has been truncated, against the contract: its missing bytes must not read as zeros. */
function checkLowerRead(expected: number, actual: number | undefined, offset: number, lower?: VfsFile): void {
  if (actual === expected) return
  const cause = new Error('the lower file of an overlay became shorter')
  throw fileError('EIO', { operation: 'read', file: lower?.path ?? 'the lower file', offset }, cause)
}
