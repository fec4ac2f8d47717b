import { fileError } from '../file-error.js'
import type { VfsFile } from '../vfs.js'

/** Bytes of one piece; a multiple of every page size in use. */
export const PIECE_BYTES = 65_536

/**
 * The bytes of a file in memory, over those of a lower file where there is one.
 *
 * Pieces that were never written take no memory: they read from the lower file up to `#lowerLength`, and as zeros
 * beyond. A piece is copied up when it is first written to; the lower file is only ever read.
 */
export class FileContent {
  readonly #pieces: Map<number, Uint8Array> = new Map()
  #length: number
  /** Bytes of the lower file that still count; a cut lowers it for ever. */
  #lowerLength: number

  constructor(lowerLength = 0) {
    this.#length = lowerLength
    this.#lowerLength = lowerLength
  }

  get length(): number {
    return this.#length
  }

  /** Bytes of memory that the written pieces take. */
  get allocatedBytes(): number {
    return this.#pieces.size * PIECE_BYTES
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
      const count = Math.min(total - done, PIECE_BYTES - (start % PIECE_BYTES))
      const below = this.#readPiece(target, targetOffset + done, count, start)
      if (below > 0) assertWhole(below, lower?.read(target, targetOffset + done, below, start), start, lower)
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
      const count = Math.min(total - done, PIECE_BYTES - (start % PIECE_BYTES))
      const below = this.#readPiece(target, targetOffset + done, count, start)
      if (below > 0) {
        assertWhole(below, await lower.readAsync(target, targetOffset + done, below, start), start, lower)
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
      const pieceOffset = start % PIECE_BYTES
      const count = Math.min(byteCount - done, PIECE_BYTES - pieceOffset)
      const from = sourceOffset + done
      this.#ownPiece(start - pieceOffset, count, lower).set(source.subarray(from, from + count), pieceOffset)
      done += count
      this.#length = Math.max(this.#length, start + count)
    }
  }

  truncate(length: number): void {
    if (length < this.#length) this.#cut(length)
    this.#length = length
  }

  #cut(length: number): void {
    this.#lowerLength = Math.min(this.#lowerLength, length)
    const cutOffset = length % PIECE_BYTES
    const lastPiece = (length - cutOffset) / PIECE_BYTES
    for (const [pieceIndex, piece] of this.#pieces) {
      if (pieceIndex > lastPiece || (pieceIndex === lastPiece && cutOffset === 0))
        this.#pieces.delete(pieceIndex)
      else if (pieceIndex === lastPiece) piece.fill(0, cutOffset)
    }
  }

  /** Reads a span inside one piece and gives how many of its first bytes the lower file has to give instead. */
  #readPiece(target: Uint8Array, targetOffset: number, byteCount: number, fileOffset: number): number {
    const pieceOffset = fileOffset % PIECE_BYTES
    const piece = this.#pieces.get((fileOffset - pieceOffset) / PIECE_BYTES)
    if (piece !== undefined) {
      target.set(piece.subarray(pieceOffset, pieceOffset + byteCount), targetOffset)
      return 0
    }
    const below = Math.max(0, Math.min(byteCount, this.#lowerLength - fileOffset))
    target.fill(0, targetOffset + below, targetOffset + byteCount)
    return below
  }

  /** Gives the piece that starts at `pieceStart`, copied up unless all of it is about to be written. */
  #ownPiece(pieceStart: number, writeBytes: number, lower: VfsFile | undefined): Uint8Array {
    const pieceIndex = pieceStart / PIECE_BYTES
    const present = this.#pieces.get(pieceIndex)
    if (present !== undefined) return present
    const piece = new Uint8Array(PIECE_BYTES)
    const below = Math.min(PIECE_BYTES, this.#lowerLength - pieceStart)
    if (below > 0 && writeBytes < PIECE_BYTES) {
      assertWhole(below, lower?.read(piece, 0, below, pieceStart), pieceStart, lower)
    }
    this.#pieces.set(pieceIndex, piece)
    return piece
  }
}

/** The lower file stands still by contract; when it was cut all the same, what is gone must not read as zeros. */
function assertWhole(expected: number, actual: number | undefined, offset: number, lower?: VfsFile): void {
  if (actual === expected) return
  const cause = new Error('the file below a view became shorter')
  throw fileError('EIO', { operation: 'read', file: lower?.path ?? 'the file below', offset }, cause)
}
