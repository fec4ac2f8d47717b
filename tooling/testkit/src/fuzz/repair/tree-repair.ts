import { SEED_ZERO, seedOfFile } from '@ldb/integrity'
import type { Seed64 } from '@ldb/integrity'
import { childOffsets, leafExtents, separatorExtents, viewOf } from '../../corruption/tree-layout.js'
import type { ExtentReference } from '../../corruption/tree-layout.js'
import { putChecksum, repairFileHeader } from './checksum.js'

const META_STRIDE = 4096
const META_REGION = 12_288
const EXTENT_HEADER = 32
const FREE_SPACE_PAGES_MAX = 8
const LEVELS = 6

/**
 * Recomputes the checksums of a B+tree file from the overflow extents up to the meta blocks, and the copies of checksums in
 * references. Leaves parts unchanged that are too damaged to be found.
 */
export function repairTree(bytes: Uint8Array): void {
  if (bytes.length < META_REGION) return
  const view = viewOf(bytes)
  const pageBytes = view.getUint32(40, true)
  if (pageBytes < 512 || pageBytes > 32_768) return
  const repair = new TreeRepair(bytes, view, pageBytes)
  repair.extents()
  for (let level = 0; level < LEVELS; level++) repair.treePages(level)
  repair.freeSpace()
  for (const block of [0, 1, 2, 8]) repair.meta(block * META_STRIDE)
}

class TreeRepair {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #pageBytes: number
  readonly #seed: Seed64

  constructor(bytes: Uint8Array, view: DataView, pageBytes: number) {
    this.#bytes = bytes
    this.#view = view
    this.#pageBytes = pageBytes
    this.#seed = seedOfFile(bytes.subarray(24, 40))
  }

  extents(): void {
    const scratch = new Uint8Array(EXTENT_HEADER)
    for (const page of this.#pages(3)) {
      const contentBytes = this.#view.getUint32(page + 24, true)
      const start = page + EXTENT_HEADER
      if (contentBytes > this.#bytes.length - start) continue
      scratch.set(this.#bytes.subarray(page + 8, page + 32))
      putChecksum(this.#bytes, page, start, start + contentBytes, this.#seed)
      scratch.set(this.#bytes.subarray(page, page + 8), 24)
      putChecksum(scratch, 0, 0, EXTENT_HEADER, this.#seed)
      this.#bytes.set(scratch.subarray(0, 8), page)
    }
  }

  treePages(level: number): void {
    for (const page of this.#pages(level === 0 ? 1 : 2)) {
      if (this.#bytes[page + 13] !== level) continue
      if (level > 0) {
        for (const child of this.#attempt(() => childOffsets(this.#view, page))) {
          this.#copyChecksum(this.#numberAt(child), child + 4)
        }
      }
      const find = level === 0 ? leafExtents : separatorExtents
      for (const extent of this.#attempt<ExtentReference>(() => find(this.#view, page, this.#pageBytes))) {
        this.#copyChecksum(extent.page, extent.at + 16)
      }
      this.#updateChecksum(page)
    }
  }

  freeSpace(): void {
    const pages = [...this.#pages(4), ...this.#pages(5)]
    for (const page of pages) this.#updateChecksum(page)
    for (let round = 0; round < Math.min(pages.length, FREE_SPACE_PAGES_MAX); round++) {
      for (const page of pages) {
        for (const link of [36, 48]) {
          const next = this.#numberAt(page + link)
          if (next !== 0) this.#copyChecksum(next, page + (link === 36 ? 40 : 56))
        }
        this.#updateChecksum(page)
      }
    }
  }

  /** Repairs a meta block. Leaves a block unchanged that was never written. */
  meta(start: number): void {
    if (start >= this.#bytes.length || this.#bytes[start] === 0) return
    this.#copyChecksum(this.#numberAt(start + 104), start + 112)
    this.#copyChecksum(this.#numberAt(start + 140), start + 144)
    this.#copyChecksum(this.#numberAt(start + 168), start + 176)
    repairFileHeader(this.#bytes, start)
    putChecksum(this.#bytes, start + 504, start, start + 504, SEED_ZERO)
  }

  /** Returns the file offsets of the pages of a kind. */
  #pages(kind: number): number[] {
    const pages = []
    for (
      let page = Math.ceil(META_REGION / this.#pageBytes) * this.#pageBytes;
      page + this.#pageBytes <= this.#bytes.length;
      page += this.#pageBytes
    ) {
      if (this.#bytes[page + 12] === kind) pages.push(page)
    }
    return pages
  }

  #updateChecksum(page: number): void {
    putChecksum(this.#bytes, page, page + 8, page + this.#pageBytes, this.#seed)
  }

  /** Copies the checksum of a page to an offset, if both are within the file. */
  #copyChecksum(pageNumber: number, at: number): void {
    const page = pageNumber * this.#pageBytes
    if (page + 8 > this.#bytes.length || at + 8 > this.#bytes.length) return
    this.#bytes.copyWithin(at, page, page + 8)
  }

  #numberAt(at: number): number {
    return at + 4 <= this.#bytes.length ? this.#view.getUint32(at, true) : 0
  }

  /** Returns no references for a page whose slots point beyond the file. */
  #attempt<T>(find: () => T[]): T[] {
    try {
      return find()
    } catch (error) {
      if (error instanceof RangeError) return []
      throw error
    }
  }
}
