import { assert, INVARIANTS, readU32, uninitializedBytes } from '@ldb/base'
import { CodecId, CUSTOM_CODEC_ID_MIN } from '@ldb/integrity'
import type { PageCache, PageSpace } from '@ldb/cache'
import {
  OVERFLOW_EXTENT_BYTES,
  OVERFLOW_EXTENT_CHECKSUM_OFFSET,
  OVERFLOW_EXTENT_CODEC_OFFSET,
  OVERFLOW_EXTENT_CONTENT_BYTES_OFFSET,
  OVERFLOW_EXTENT_DECODED_BYTES_OFFSET,
} from '../format.js'
import type { PageArenas } from '../page/arenas.js'
import type { PageMemory } from '../page/memory.js'
import { encodingOf } from './extent-file.js'
import type { ExtentFile } from './extent-file.js'
import type { ContentEncoding } from './extent-header.js'
import { decodeReference } from './extent-reference.js'
import type { ExtentReference } from './extent-reference.js'
import { ValueSlab } from './value-slab.js'

/** An extent that would take more than this fraction of the frames is read from the file each time. */
const FRAMES_FRACTION = 16

/** The page reader that must know when frames are evicted. */
interface LayoutObserver {
  readonly arenas: PageArenas
  noteLayoutChange(): void
}

/**
 * Caches the values that are stored in overflow extents, one page of the file in each frame.
 *
 * @remarks Its page space is separate from that of the tree, so that a lookup of a tree page never finds one of its frames. An
 * extent is verified when it is read from the file and never again while it is resident. Its frames are never dirty, because an
 * extent never changes. A compressed value is cached as it is stored, and decompressed by each read: the cache holds more of them. Frames are evicted one by one: an extent is resident only when all of its pages are, and the first
 * frame has the header that the record refers to. Otherwise the whole extent is read again and all of its frames are refilled.
 *
 * Loading a value may evict tree pages, as loading a page does, and so invalidates page offsets. Long keys are read during
 * searches within pages and are not cached here.
 * @internal
 */
export class LargeValues {
  readonly #extents: ExtentFile
  readonly #reader: LayoutObserver
  readonly #arenas: PageArenas
  readonly #space: PageSpace
  readonly #pageCountMax: number
  /** Allocated at the first use. */
  #slab: ValueSlab | undefined = undefined

  constructor(extents: ExtentFile, reader: LayoutObserver, cache: PageCache) {
    this.#extents = extents
    this.#reader = reader
    this.#arenas = reader.arenas
    this.#pageCountMax = Math.floor(cache.frameCount / FRAMES_FRACTION)
    this.#space = cache.attach({ writePage: () => assert(false, 'a resident extent is never dirty') })
  }

  /**
   * Returns a copy of the value whose extent reference is at `memory.bytes[offset]`. The caller owns the copy.
   *
   * @throws as {@link ExtentFile.read} does.
   */
  copy(memory: PageMemory, offset: number): Uint8Array {
    const reference = decodeReference(memory.bytes, offset)
    const { page, contentBytes } = reference
    const pageCount = this.#extents.pageCountOf(contentBytes)
    if (!this.#isResident(reference, pageCount)) return this.#load(reference, pageCount)
    const start = this.#contiguousStart(page, pageCount)
    const encoding = this.#encodingOf(page)
    if (encoding.codecId !== CodecId.None) return this.#decode(reference, encoding, pageCount, start)
    let value: Uint8Array
    if (start >= 0) {
      this.#slab ??= new ValueSlab()
      value = this.#slab.copy(this.#arenas.of(start), start + OVERFLOW_EXTENT_BYTES, contentBytes)
    } else {
      value = uninitializedBytes(contentBytes)
      this.#gather(page, pageCount, value)
    }
    assert(
      !INVARIANTS || this.#extents.isContentOf(reference, encoding, value),
      'a resident extent matches the reference of its record',
    )
    return value
  }

  /**
   * Returns the value whose extent reference is at `memory.bytes[offset]`: a view of the arena, valid until the next page is
   * loaded, when the frames are contiguous, and a copy otherwise.
   */
  view(memory: PageMemory, offset: number): Uint8Array {
    const reference = decodeReference(memory.bytes, offset)
    const { page, contentBytes } = reference
    const pageCount = this.#extents.pageCountOf(contentBytes)
    const start = this.#isResident(reference, pageCount) ? this.#contiguousStart(page, pageCount) : -1
    return start < 0 || this.#encodingOf(page).codecId !== CodecId.None
      ? this.copy(memory, offset)
      : viewOf(this.#arenas.of(start), start + OVERFLOW_EXTENT_BYTES, contentBytes)
  }

  /** Drops the frames of pages that have become free. */
  forget(page: number, count: number): void {
    for (let each = page; each < page + count; each += 1) this.#space.drop(each)
  }

  /** Releases all frames. */
  detach(): void {
    this.#space.detach()
  }

  #isResident(reference: ExtentReference, pageCount: number): boolean {
    if (pageCount > this.#pageCountMax) return false
    const { page } = reference
    const first = this.#space.lookup(page)
    if (first < 0 || !this.#hasHeaderOf(first, reference)) return false
    for (let each = page + 1; each < page + pageCount; each += 1) {
      if (this.#space.lookup(each) < 0) return false
    }
    return true
  }

  /** Reports whether a frame begins with the header of the referenced extent. */
  #hasHeaderOf(frame: number, reference: ExtentReference): boolean {
    const { i32 } = this.#arenas.ofFrame(frame)
    const word = this.#arenas.pageOf(frame) >> 2
    const checksumWord = word + (OVERFLOW_EXTENT_CHECKSUM_OFFSET >> 2)
    return (
      i32[checksumWord] === reference.checksumLow &&
      i32[checksumWord + 1] === reference.checksumHigh &&
      (i32[word + (OVERFLOW_EXTENT_CONTENT_BYTES_OFFSET >> 2)] as number) >>> 0 === reference.contentBytes
    )
  }

  /** Returns the encoding in the header of a resident extent. */
  #encodingOf(page: number): ContentEncoding {
    const first = this.#space.peek(page)
    const { bytes } = this.#arenas.ofFrame(first)
    const at = this.#arenas.pageOf(first)
    return {
      codecId: bytes[at + OVERFLOW_EXTENT_CODEC_OFFSET] as number,
      decodedBytes: readU32(bytes, at + OVERFLOW_EXTENT_DECODED_BYTES_OFFSET),
    }
  }

  /**
   * Decompresses a resident value.
   *
   * @param start - offset of its first page when the frames are contiguous, -1 when they are not.
   */
  #decode(
    reference: ExtentReference,
    encoding: ContentEncoding,
    pageCount: number,
    start: number,
  ): Uint8Array {
    const { page, contentBytes } = reference
    let content: Uint8Array
    // A codec of the application must not see the arena.
    if (start >= 0 && encoding.codecId < CUSTOM_CODEC_ID_MIN) {
      content = viewOf(this.#arenas.of(start), start + OVERFLOW_EXTENT_BYTES, contentBytes)
    } else {
      content = uninitializedBytes(contentBytes)
      this.#gather(page, pageCount, content)
    }
    assert(
      !INVARIANTS || this.#extents.isContentOf(reference, encoding, content),
      'a resident encoded extent matches the reference of its record',
    )
    return this.#extents.valueOf(encoding, content, page)
  }

  /** Returns the offset of the first page of a resident extent whose frames are contiguous, or -1 when they are not. */
  #contiguousStart(page: number, pageCount: number): number {
    const isContiguous = this.#contiguousFrames(page, pageCount) === pageCount
    return isContiguous ? this.#arenas.pageOf(this.#space.peek(page)) : -1
  }

  /** Counts the pages from `page` on whose frames are contiguous in one arena, up to `pageCount`. */
  #contiguousFrames(page: number, pageCount: number): number {
    const arenas = this.#arenas
    const { pageBytes } = arenas.limits
    const first = this.#space.peek(page)
    const start = arenas.pageOf(first)
    let count = 1
    while (count < pageCount && this.#space.peek(page + count) === first + count) {
      if (arenas.pageOf(first + count) !== start + count * pageBytes) break
      count += 1
    }
    return count
  }

  /** Copies the content of a resident extent from its frames, each contiguous group of frames at once. */
  #gather(page: number, pageCount: number, target: Uint8Array): void {
    const arenas = this.#arenas
    const { pageBytes } = arenas.limits
    let header = OVERFLOW_EXTENT_BYTES
    for (let done = 0, at = 0; done < pageCount;) {
      const count = this.#contiguousFrames(page + done, pageCount - done)
      const start = arenas.pageOf(this.#space.peek(page + done))
      const length = Math.min(count * pageBytes - header, target.length - at)
      target.set(viewOf(arenas.of(start), start + header, length), at)
      header = 0
      at += length
      done += count
    }
  }

  /** Reads an extent from the file and fills frames with it, unless it is too large to be cached. */
  #load(reference: ExtentReference, pageCount: number): Uint8Array {
    const whole = this.#extents.readWhole(reference)
    if (pageCount <= this.#pageCountMax) this.#fillFrames(reference.page, pageCount, whole)
    return this.#extents.valueOf(encodingOf(whole), whole.subarray(OVERFLOW_EXTENT_BYTES), reference.page)
  }

  #fillFrames(page: number, pageCount: number, whole: Uint8Array): void {
    const space = this.#space
    const arenas = this.#arenas
    const { pageBytes } = arenas.limits
    this.#reader.noteLayoutChange()
    for (let index = 0, at = 0; index < pageCount; index += 1, at += pageBytes) {
      const resident = space.peek(page + index)
      const frame = resident < 0 ? space.claim(page + index) : resident
      const content = whole.subarray(at, Math.min(at + pageBytes, whole.length))
      arenas.ofFrame(frame).bytes.set(content, arenas.pageOf(frame))
    }
  }
}

function viewOf({ buffer, bytes }: PageMemory, start: number, length: number): Uint8Array {
  return new Uint8Array(buffer, bytes.byteOffset + start, length)
}
