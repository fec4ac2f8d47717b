import { corruption, INVARIANTS } from '@ldb/base'
import type { PageSpace } from '@ldb/cache'
import { UnitKind } from '@ldb/integrity'
import type { Seed64, UnitCodec } from '@ldb/integrity'
import type { VfsFile } from '@ldb/vfs'
import { PAGE_HEADER_PAGE_NUMBER_OFFSET } from '../format.js'
import { checkTreePage } from '../page/check.js'
import type { PageArenas } from '../page/arenas.js'
import type { PageMemory } from '../page/memory.js'
import { checksumHigh, checksumLow, pageEpoch } from '../page/page.js'
import { childChecksumHigh, childChecksumLow, childOf } from '../page/record.js'
import type { FreeSpace } from '../space/free-space.js'
import type { CheckedPages } from './checked-pages.js'
import type { EpochCounter } from './epoch-counter.js'
import { IndexUsage } from './index-usage.js'
import { LeafIndexer } from './leaf-indexer.js'
import type { PendingChecksums } from './pending-checksums.js'
import type { Root } from './root.js'

/** State of an open file that a {@link PageReader} shares with its siblings. @internal */
export interface PageReaderParts {
  readonly file: VfsFile
  readonly codec: UnitCodec
  readonly freeSpace: FreeSpace
  readonly epoch: EpochCounter
  readonly pendingChecksums: PendingChecksums
  readonly checkedPages: CheckedPages
}

/**
 * Finds tree pages in the arenas, and loads and verifies those that are not resident.
 *
 * @remarks Invariants:
 * - (B3) The structure of a page is checked before its first use. On later loads the checksum proves that the bytes are the same.
 * - The parent of a page that was written since the last checkpoint may record an older checksum. `PendingChecksums` has the
 *   current one and takes precedence.
 * - A load may evict any frame that is not pinned: offsets found earlier are valid only while `layoutVersion` is unchanged.
 * @internal
 */
export class PageReader {
  readonly arenas: PageArenas
  readonly space: PageSpace
  /** Seed of the file's checksums, and of the hash index. */
  readonly seed: Seed64
  /** Decides whether lookups in the newest tree consult the hash index. */
  readonly indexUsage: IndexUsage = new IndexUsage()
  /** Adds records to the hash index. */
  readonly leafIndexer: LeafIndexer
  /** Memory of the record that was found last. */
  foundMemory: PageMemory
  readonly #parts: PageReaderParts
  /** Receives prefetched words, so that the compiler keeps the loads. */
  readonly #prefetchSink = new Int32Array(1)
  #layoutVersion = 0

  constructor(arenas: PageArenas, space: PageSpace, parts: PageReaderParts) {
    this.arenas = arenas
    this.foundMemory = arenas.first
    this.space = space
    this.seed = parts.codec.seed
    this.leafIndexer = new LeafIndexer(arenas, space, parts.freeSpace, this.seed.low)
    this.#parts = parts
  }

  /** Changes whenever a page is loaded, allocated, retired, split or renumbered: earlier page offsets are then invalid. */
  get layoutVersion(): number {
    return this.#layoutVersion
  }

  /** Invalidates the page offsets that callers have found so far. */
  noteLayoutChange(): void {
    this.#layoutVersion += 1
  }

  /** Returns the offset of a resident page, or -1. Loads nothing. */
  residentPage(pageNumber: number): number {
    const frame = this.space.lookup(pageNumber)
    return frame < 0 ? -1 : this.arenas.pageOf(frame)
  }

  /** Returns the offset of the root page. */
  root(root: Root): number {
    const frame = this.space.lookup(root.page)
    if (frame >= 0) return this.arenas.pageOf(frame)
    return this.#load(root.page, root.level, root.checksumLow, root.checksumHigh)
  }

  /** Returns the offset of the child in a slot of the branch at `page`. A load keeps `page` resident and may evict other pages. */
  child(page: number, slot: number, level: number): number {
    const { arenas } = this
    const memory = arenas.of(page)
    const child = childOf(memory, page, slot)
    const frame = this.space.lookup(child)
    if (frame >= 0) return arenas.pageOf(frame)
    // The child must not evict its parent.
    const parentFrame = arenas.frameOf(page)
    this.space.pin(parentFrame)
    try {
      return this.#load(
        child,
        level,
        childChecksumLow(memory, page, slot),
        childChecksumHigh(memory, page, slot),
      )
    } finally {
      this.space.unpin(parentFrame)
    }
  }

  /**
   * Loads the cache lines of the first slots of the leaf at `page` together with the line of its header. Otherwise the search
   * would wait for each of them in turn.
   */
  prefetchLeaf(page: number): void {
    const { i32 } = this.arenas.of(page)
    const word = page >> 2
    this.#prefetchSink[0] = firstSlots(i32, word)
  }

  /** Does the same for a branch, which has several times the slots of a leaf. */
  prefetchBranch(page: number): void {
    const { i32, pageBytes } = this.arenas.of(page)
    const word = page >> 2
    let sum = firstSlots(i32, word)
    if (pageBytes >= 1024) {
      sum ^=
        (i32[word + 128] as number) ^
        (i32[word + 144] as number) ^
        (i32[word + 160] as number) ^
        (i32[word + 176] as number)
    }
    this.#prefetchSink[0] = sum
  }

  #load(pageNumber: number, level: number, low: number, high: number): number {
    const { arenas, space } = this
    const { pageBytes } = arenas.limits
    const { file, freeSpace, pendingChecksums } = this.#parts
    const fileOffset = pageNumber * pageBytes
    if (pageNumber < freeSpace.firstPage || pageNumber >= freeSpace.pageCount) {
      throw corruption(file.path, fileOffset, 'a page number lies outside of the file', {
        actual: pageNumber,
      })
    }
    // The allocator would hand its number out and overwrite a page that the tree reaches.
    if (freeSpace.isFree(pageNumber)) {
      throw corruption(file.path, fileOffset, 'a page of the tree is marked free', {
        actual: pageNumber,
      })
    }
    this.#layoutVersion += 1
    const page = arenas.pageOf(space.claim(pageNumber))
    try {
      const bytesRead = file.read(arenas.of(page).bytes, page, pageBytes, fileOffset)
      if (bytesRead !== pageBytes) {
        throw corruption(file.path, fileOffset, 'the file ends within a page', {
          expected: pageBytes,
          actual: bytesRead,
        })
      }
      const pending = pendingChecksums.get(pageNumber)
      this.#verify(page, pageNumber, level, pending?.low ?? low, pending?.high ?? high)
    } catch (error) {
      space.drop(pageNumber)
      throw error
    }
    return page
  }

  /** Checks a loaded page against its own checksum, the one that its parent records, and the page structure (B3). */
  #verify(page: number, pageNumber: number, level: number, low: number, high: number): void {
    const memory = this.arenas.of(page)
    const { file, codec, checkedPages, epoch } = this.#parts
    const fileOffset = pageNumber * memory.pageBytes
    if (!codec.decode(UnitKind.Page, fileOffset, 0, memory.bytes, page, memory.pageBytes)) {
      throw corruption(file.path, fileOffset, 'a page cannot be decrypted')
    }
    const actualLow = checksumLow(memory, page)
    const actualHigh = checksumHigh(memory, page)
    const start = page + PAGE_HEADER_PAGE_NUMBER_OFFSET
    if (!codec.isIntact(memory.bytes, start, page + memory.pageBytes, actualLow, actualHigh)) {
      throw corruption(file.path, fileOffset, 'a page does not match its checksum')
    }
    if (actualLow !== low || actualHigh !== high) {
      throw corruption(file.path, fileOffset, 'a page is not the version that its parent records')
    }
    const isChecked = !INVARIANTS && checkedPages.has(pageNumber)
    const fault =
      checkTreePage(memory, page, pageNumber, level, isChecked) ?? epoch.faultOf(pageEpoch(memory, page))
    if (fault !== undefined) throw corruption(file.path, fileOffset, fault)
    checkedPages.add(pageNumber)
  }
}

/** Loads one word of each of the first slot lines, every 64 bytes from the header on. */
function firstSlots(i32: Int32Array, word: number): number {
  return (
    (i32[word + 16] as number) ^
    (i32[word + 32] as number) ^
    (i32[word + 48] as number) ^
    (i32[word + 64] as number) ^
    (i32[word + 80] as number) ^
    (i32[word + 96] as number) ^
    (i32[word + 112] as number)
  )
}
