import { assert, INVARIANTS } from '@ldb/base'
import type { PageCache, PageSpace } from '@ldb/cache'
import {
  OVERFLOW_EXTENT_BYTES,
  OVERFLOW_EXTENT_CHECKSUM_OFFSET,
  OVERFLOW_EXTENT_CONTENT_BYTES_OFFSET,
  extentPageCount,
} from '../format.js'
import { decodeReference } from './overflow.js'
import type { OverflowExtents, ExtentReference } from './overflow.js'
import type { PageMemory } from '../page/memory.js'
import { uninitializedBytes } from '#unset-bytes'
import { ValueSlab } from './value-slab.js'

/** A run that would take more than this part of the frames is read from the file each time. */
const FRAMES_SHARE = 16

/** What reading large values needs of the tree that they belong to. */
interface ValueHome {
  readonly extents: Pick<OverflowExtents, 'readWhole' | 'isWhole'>
  /** See `Pages`. */
  layoutVersion: number
}

/**
 * The values that stand in runs, kept in frames of the cache, a page of the file to a frame.
 *
 * @remarks They have a space of their own: nothing that looks for a page of the tree finds a frame of theirs. A run is checked
 * when it is read from the file, never again while it is in memory, and its frames are never dirty, as it is never changed.
 * Frames come and go one by one, so a run counts as in memory only when all of its pages are, and the first of them has the header that
 * its record knows; if not, the whole of it is read from the file, and all of its frames are filled anew.
 *
 * Bringing a value in makes room for it: an offset of a page that was found before may be outdated, as after any other
 * page that comes. Long keys, which are read while pages are looked at, do not come this way.
 * @internal
 */
export class LargeValues {
  readonly #home: ValueHome
  readonly #arena: PageMemory
  readonly #space: PageSpace
  readonly #pagesMax: number
  /** Made at the first use. */
  #slab: ValueSlab | undefined = undefined

  constructor(home: ValueHome, cache: PageCache, arena: PageMemory) {
    this.#home = home
    this.#arena = arena
    this.#pagesMax = Math.floor(cache.frameCount / FRAMES_SHARE)
    this.#space = cache.attach({ writePage: () => assert(false, 'a run in memory is never changed') })
  }

  /**
   * Returns the value whose run reference stands at `memory.bytes[offset]`, as bytes that nobody else has.
   *
   * @throws as {@link OverflowExtents.read} does.
   */
  copy(memory: PageMemory, offset: number): Uint8Array {
    const reference = decodeReference(memory.bytes, offset)
    const { page, contentBytes } = reference
    const pages = extentPageCount(contentBytes, this.#arena.pageBytes)
    if (!this.#isResident(reference, pages)) return this.#bringIn(reference, pages)
    const start = this.#startOfWhole(page, pages)
    let value: Uint8Array
    if (start >= 0) {
      this.#slab ??= new ValueSlab()
      value = this.#slab.copy(this.#arena, start + OVERFLOW_EXTENT_BYTES, contentBytes)
    } else {
      value = uninitializedBytes(contentBytes)
      this.#gather(page, pages, value)
    }
    assert(
      !INVARIANTS || this.#home.extents.isWhole(reference, value),
      'a run in memory is what its record knows',
    )
    return value
  }

  /** Returns the same value as bytes that are good until the next page is brought in: where they stand, if they stand together. */
  view(memory: PageMemory, offset: number): Uint8Array {
    const reference = decodeReference(memory.bytes, offset)
    const { page, contentBytes } = reference
    const pages = extentPageCount(contentBytes, this.#arena.pageBytes)
    const start = this.#isResident(reference, pages) ? this.#startOfWhole(page, pages) : -1
    return start < 0 ? this.copy(memory, offset) : this.#bytesAt(start + OVERFLOW_EXTENT_BYTES, contentBytes)
  }

  /** Pages have become free: what memory holds of them goes. */
  forget(page: number, count: number): void {
    for (let each = page; each < page + count; each += 1) this.#space.drop(each)
  }

  /** Gives all frames back. */
  detach(): void {
    this.#space.detach()
  }

  #isResident(reference: ExtentReference, pages: number): boolean {
    if (pages > this.#pagesMax) return false
    const { page } = reference
    const first = this.#space.lookup(page)
    if (first < 0 || !this.#hasHeader(first, reference)) return false
    for (let each = page + 1; each < page + pages; each += 1) {
      if (this.#space.lookup(each) < 0) return false
    }
    return true
  }

  /** Reports whether a frame begins with the header of a run. */
  #hasHeader(frame: number, reference: ExtentReference): boolean {
    const { i32, pageShift } = this.#arena
    const word = (frame << pageShift) >> 2
    const checksumWord = word + (OVERFLOW_EXTENT_CHECKSUM_OFFSET >> 2)
    return (
      i32[checksumWord] === reference.checksumLow &&
      i32[checksumWord + 1] === reference.checksumHigh &&
      (i32[word + (OVERFLOW_EXTENT_CONTENT_BYTES_OFFSET >> 2)] as number) >>> 0 === reference.contentBytes
    )
  }

  /** Where the pages of a run stand in the arena, if they stand in one row; -1 if not. */
  #startOfWhole(page: number, pages: number): number {
    return this.#framesInRow(page, pages) === pages ? this.#space.peek(page) << this.#arena.pageShift : -1
  }

  /** Counts the pages from one on whose frames follow one another, up to `pages`. */
  #framesInRow(page: number, pages: number): number {
    const first = this.#space.peek(page)
    let count = 1
    while (count < pages && this.#space.peek(page + count) === first + count) count += 1
    return count
  }

  /** Copies the content of a run out of its frames, those that follow one another at once. */
  #gather(page: number, pages: number, target: Uint8Array): void {
    const { pageShift, pageBytes } = this.#arena
    let header = OVERFLOW_EXTENT_BYTES
    for (let done = 0, at = 0; done < pages;) {
      const count = this.#framesInRow(page + done, pages - done)
      const start = (this.#space.peek(page + done) << pageShift) + header
      const length = Math.min(count * pageBytes - header, target.length - at)
      target.set(this.#bytesAt(start, length), at)
      header = 0
      at += length
      done += count
    }
  }

  /** Reads a run from the file, and fills its frames, if it is to have some. */
  #bringIn(reference: ExtentReference, pages: number): Uint8Array {
    const whole = this.#home.extents.readWhole(reference)
    if (pages <= this.#pagesMax) this.#fillFrames(reference.page, pages, whole)
    return whole.subarray(OVERFLOW_EXTENT_BYTES)
  }

  #fillFrames(page: number, pages: number, whole: Uint8Array): void {
    const space = this.#space
    const { bytes, pageBytes, pageShift } = this.#arena
    this.#home.layoutVersion += 1
    for (let index = 0, at = 0; index < pages; index += 1, at += pageBytes) {
      const resident = space.peek(page + index)
      const frame = resident < 0 ? space.claim(page + index) : resident
      bytes.set(whole.subarray(at, Math.min(at + pageBytes, whole.length)), frame << pageShift)
    }
  }

  #bytesAt(start: number, length: number): Uint8Array {
    const { buffer, bytes } = this.#arena
    return new Uint8Array(buffer, bytes.byteOffset + start, length)
  }
}
