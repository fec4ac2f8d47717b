import { assert, LdbError } from '@ldb/base'
import { firstPageNumber, metaCopyEnd, metaCopyPage, PAGE_COUNT_MAX } from '../format.js'

/** A word of bits of which all 32 pages are free. */
const ALL_FREE = 0xffff_ffff

/** Pages that are never allocated and never free. */
interface ReservedPages {
  readonly start: number
  readonly end: number
}

const NO_PAGES: ReservedPages = { start: 0, end: 0 }

/**
 * The free pages of a file: a bitmap with one bit for each page.
 *
 * @remarks Allocates the lowest free page, so that live pages move towards the start of the file and free pages at its end can
 * be truncated. The bitmap takes 1/65,536 of the file at a page size of 8 KiB.
 * @internal
 */
export class FreeSpace {
  readonly firstPage: number
  #words: Uint32Array
  #pageCount: number
  #freeCount = 0
  /** No page below this one is free. */
  #hint: number
  readonly #reserved: ReservedPages

  /**
   * @param pageCount - pages of the file; none of them is free.
   * @param reserved - pages of the file that are never free.
   */
  constructor(firstPage: number, pageCount: number, reserved: ReservedPages = NO_PAGES) {
    assert(pageCount >= firstPage, 'a file contains its meta region')
    this.firstPage = firstPage
    this.#reserved = reserved
    this.#pageCount = pageCount
    this.#words = new Uint32Array(Math.max(64, (pageCount >>> 5) + 1))
    this.#hint = pageCount
  }

  /** Returns the free space of a file, of which no page is free. The pages of the copy of the meta block never are. */
  static ofFile(pageBytes: number, pageCount: number): FreeSpace {
    const reserved = { start: metaCopyPage(pageBytes), end: metaCopyEnd(pageBytes) }
    return new FreeSpace(firstPageNumber(pageBytes), pageCount, reserved)
  }

  /** Pages of the file, free pages and meta region included. */
  get pageCount(): number {
    return this.#pageCount
  }

  get freeCount(): number {
    return this.#freeCount
  }

  isFree(page: number): boolean {
    return page < this.#pageCount && (((this.#words[page >>> 5] as number) >>> (page & 31)) & 1) === 1
  }

  /**
   * Allocates the lowest free page; extends the file by one page when none is free.
   *
   * @throws {@link LdbError} LDB_TOO_LARGE when the file has 2^31 - 1 pages.
   */
  allocate(): number {
    if (this.#freeCount > 0) {
      const page = this.#nextFree(this.#hint)
      this.#clear(page)
      this.#hint = page + 1
      return page
    }
    return this.#extend(1)
  }

  /**
   * Allocates a page that is in another block of the device than `other`: the lowest free one, or at the end of the file.
   *
   * @param blockPages - pages of a block.
   */
  allocateApart(other: number, blockPages: number): number {
    const block = Math.floor(other / blockPages)
    const near: number[] = []
    let page = this.allocate()
    while (Math.floor(page / blockPages) === block) {
      near.push(page)
      page = this.allocate()
    }
    for (const each of near) this.free(each, 1)
    return page
  }

  /** Allocates `count` contiguous pages: the lowest free ones, or at the end of the file. */
  allocateExtent(count: number): number {
    if (count === 1) return this.allocate()
    if (this.#freeCount >= count) {
      const start = this.#findExtent(count)
      if (start !== 0) {
        for (let page = start; page < start + count; page += 1) this.#clear(page)
        return start
      }
    }
    return this.#extend(count)
  }

  /** Marks all pages as free that can be. None of them is free yet. */
  freeAll(): void {
    const { start, end } = this.#reserved
    if (start > this.firstPage) this.free(this.firstPage, start - this.firstPage)
    const rest = Math.max(this.firstPage, end)
    if (this.#pageCount > rest) this.free(rest, this.#pageCount - rest)
  }

  /** Marks pages as free. */
  free(page: number, count: number): void {
    assert(page >= this.firstPage && page + count <= this.#pageCount, 'a freed page is in the file')
    for (let each = page; each < page + count; each += 1) {
      const word = each >>> 5
      const bit = (1 << (each & 31)) >>> 0
      assert(((this.#words[word] as number) & bit) === 0, 'a freed page is in use')
      this.#words[word] = ((this.#words[word] as number) | bit) >>> 0
    }
    this.#freeCount += count
    if (page < this.#hint) this.#hint = page
  }

  /** Allocates the given page. A page behind the end extends the file; the pages in between are free. */
  take(page: number): void {
    if (page < this.#pageCount) {
      assert(this.isFree(page), 'an allocated page is free')
      this.#clear(page)
      return
    }
    const end = this.#pageCount
    this.#grow(page + 1)
    this.free(end, page - end)
  }

  /** Removes the free pages at the end of the file, and returns the new page count. */
  trim(): number {
    while (this.#pageCount > this.firstPage && this.isFree(this.#pageCount - 1)) {
      // A whole word at a time where possible.
      const word = (this.#pageCount >>> 5) - 1
      if ((this.#pageCount & 31) === 0 && word * 32 >= this.firstPage && this.#words[word] === ALL_FREE) {
        this.#words[word] = 0
        this.#freeCount -= 32
        this.#pageCount -= 32
        continue
      }
      this.#clear(this.#pageCount - 1)
      this.#pageCount -= 1
    }
    if (this.#hint > this.#pageCount) this.#hint = this.#pageCount
    return this.#pageCount
  }

  /** Returns an independent copy. A checkpoint computes on it what is free once the checkpoint is durable. */
  clone(): FreeSpace {
    const copy = new FreeSpace(this.firstPage, this.#pageCount, this.#reserved)
    copy.#words = this.#words.slice()
    copy.#freeCount = this.#freeCount
    copy.#hint = this.#hint
    return copy
  }

  /** Writes the bits of the pages from `first` on to `target[start, end)`. `first` is a multiple of 8. */
  writeBits(first: number, target: Uint8Array, start: number, end: number): void {
    const words = this.#words
    // Bits behind the last word are zero. The loop is short in a small file, where it is interpreted.
    const known = Math.max(0, Math.ceil((words.length * 32 - first) / 8))
    const last = Math.min(end, start + known)
    for (let at = start; at < last; at += 1) {
      const page = first + (at - start) * 8
      target[at] = ((words[page >>> 5] as number) >>> (page & 31)) & 0xff
    }
    target.fill(0, last, end)
  }

  /** Marks pages as free from bits that {@link writeBits} wrote. Ignores bits of the meta region, of its copy and behind the end of the file. */
  readBits(first: number, source: Uint8Array, start: number, end: number): void {
    const last = Math.min(end, start + Math.ceil((this.#pageCount - first) / 8))
    for (let at = start; at < last; at += 1) {
      const bits = source[at] as number
      if (bits === 0) continue
      const page = first + (at - start) * 8
      for (let bit = 0; bit < 8; bit += 1) {
        if (((bits >>> bit) & 1) === 1 && this.#canBeFree(page + bit)) this.free(page + bit, 1)
      }
    }
  }

  #canBeFree(page: number): boolean {
    const { start, end } = this.#reserved
    return page >= this.firstPage && page < this.#pageCount && (page < start || page >= end)
  }

  #clear(page: number): void {
    const word = page >>> 5
    this.#words[word] = ((this.#words[word] as number) & ~(1 << (page & 31))) >>> 0
    this.#freeCount -= 1
  }

  #nextFree(from: number): number {
    let word = from >>> 5
    let bits = ((this.#words[word] as number) >>> (from & 31)) << (from & 31)
    while (bits === 0) {
      word += 1
      bits = this.#words[word] as number
    }
    return word * 32 + (31 - Math.clz32(bits & -bits))
  }

  /** Returns the first of `count` contiguous free pages; 0 when there are none. */
  #findExtent(count: number): number {
    let page = this.#hint
    while (page + count <= this.#pageCount) {
      if (this.#words[page >>> 5] === 0) {
        page = ((page >>> 5) + 1) * 32
        continue
      }
      let length = 0
      while (length < count && this.isFree(page + length)) length += 1
      if (length === count) return page
      page += length + 1
    }
    return 0
  }

  #extend(count: number): number {
    // The extent begins with the free pages at the end of the file.
    let page = this.#pageCount
    while (page > this.firstPage && count > 1 && this.#pageCount - page < count - 1 && this.isFree(page - 1))
      page -= 1
    if (page > PAGE_COUNT_MAX - count) {
      throw new LdbError('LDB_TOO_LARGE', `a B+tree file holds at most ${PAGE_COUNT_MAX} pages`)
    }
    for (let each = page; each < this.#pageCount; each += 1) this.#clear(each)
    this.#grow(Math.max(this.#pageCount, page + count))
    if (this.#freeCount === 0) this.#hint = this.#pageCount
    return page
  }

  #grow(pageCount: number): void {
    this.#pageCount = pageCount
    const words = (pageCount >>> 5) + 1
    if (words <= this.#words.length) return
    const grown = new Uint32Array(Math.max(words, this.#words.length * 2))
    grown.set(this.#words)
    this.#words = grown
  }
}
