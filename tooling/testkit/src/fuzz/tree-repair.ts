import { SEED_ZERO, seedOfFile } from '@ldb/integrity'
import type { Seed64 } from '@ldb/integrity'
import { childPlaces, runReferences, separatorRuns, viewOf } from '../corruption/tree-layout.js'
import type { RunReferencePlace } from '../corruption/tree-layout.js'
import { putChecksum, repairFileHeader } from './checksum.js'

const META_STRIDE = 4096
const META_REGION = 12_288
const RUN_HEADER = 32
const FREE_SPACE_PAGES_MAX = 8
const LEVELS = 6

/**
 * Makes the checksums of a B+tree file right, from the runs up to the meta blocks, and the references that repeat them.
 * What is too damaged to be found stays as it is.
 */
export function repairTree(bytes: Uint8Array): void {
  if (bytes.length < META_REGION) return
  const view = viewOf(bytes)
  const pageBytes = view.getUint32(40, true)
  if (pageBytes < 512 || pageBytes > 32_768) return
  const repair = new TreeRepair(bytes, view, pageBytes)
  repair.runs()
  for (let level = 0; level < LEVELS; level++) repair.treePages(level)
  repair.freeSpace()
  for (const block of [0, 1, 2]) repair.meta(block * META_STRIDE)
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

  runs(): void {
    const scratch = new Uint8Array(RUN_HEADER)
    for (const page of this.#pages(3)) {
      const contentBytes = this.#view.getUint32(page + 24, true)
      const start = page + RUN_HEADER
      if (contentBytes > this.#bytes.length - start) continue
      scratch.set(this.#bytes.subarray(page + 8, page + 32))
      putChecksum(this.#bytes, page, start, start + contentBytes, this.#seed)
      scratch.set(this.#bytes.subarray(page, page + 8), 24)
      putChecksum(scratch, 0, 0, RUN_HEADER, this.#seed)
      this.#bytes.set(scratch.subarray(0, 8), page)
    }
  }

  treePages(level: number): void {
    for (const page of this.#pages(level === 0 ? 1 : 2)) {
      if (this.#bytes[page + 13] !== level) continue
      if (level > 0) {
        for (const place of this.#attempt(() => childPlaces(this.#view, page))) {
          this.#copyChecksum(this.#numberAt(place), place + 4)
        }
      }
      const find = level === 0 ? runReferences : separatorRuns
      for (const run of this.#attempt<RunReferencePlace>(() => find(this.#view, page, this.#pageBytes))) {
        this.#copyChecksum(run.page, run.at + 16)
      }
      this.#seal(page)
    }
  }

  freeSpace(): void {
    const pages = this.#pages(4)
    for (const page of pages) this.#seal(page)
    for (let round = 0; round < Math.min(pages.length, FREE_SPACE_PAGES_MAX); round++) {
      for (const page of pages) {
        const next = this.#numberAt(page + 36)
        if (next !== 0) this.#copyChecksum(next, page + 40)
        this.#seal(page)
      }
    }
  }

  /** Leaves a place as it is that was never written to. */
  meta(start: number): void {
    if (this.#bytes[start] === 0) return
    this.#copyChecksum(this.#numberAt(start + 104), start + 112)
    this.#copyChecksum(this.#numberAt(start + 140), start + 144)
    repairFileHeader(this.#bytes, start)
    putChecksum(this.#bytes, start + 504, start, start + 504, SEED_ZERO)
  }

  /** Offsets of the pages that say they are of this kind. */
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

  #seal(page: number): void {
    putChecksum(this.#bytes, page, page + 8, page + this.#pageBytes, this.#seed)
  }

  /** Copies the checksum of a page to an offset, where both are in the file. */
  #copyChecksum(pageNumber: number, at: number): void {
    const page = pageNumber * this.#pageBytes
    if (page + 8 > this.#bytes.length || at + 8 > this.#bytes.length) return
    this.#bytes.copyWithin(at, page, page + 8)
  }

  #numberAt(at: number): number {
    return at + 4 <= this.#bytes.length ? this.#view.getUint32(at, true) : 0
  }

  /** A page whose slots lead out of the file has no references to repair. */
  #attempt<T>(find: () => T[]): T[] {
    try {
      return find()
    } catch (error) {
      if (error instanceof RangeError) return []
      throw error
    }
  }
}
