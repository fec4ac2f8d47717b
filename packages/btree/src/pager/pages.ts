import { assert, corruption, INVARIANTS } from '@ldb/base'
import type { PageCache, PageWriter, PageSpace } from '@ldb/cache'
import { xxHash64 } from '@ldb/integrity'
import type { Seed64, UnitCodec } from '@ldb/integrity'
import type { VfsFile } from '@ldb/vfs'
import type { MetaRewrite } from '../file/meta-rewrite.js'
import type { FreeSpace } from '../space/free-space.js'
import { PAGE_HEADER_EPOCH_OFFSET } from '../format.js'
import { LargeValues } from './large-values.js'
import { OverflowExtents } from './overflow.js'
import {
  checksumHigh,
  checksumLow,
  clearPage,
  pageEpoch,
  pageLevel,
  pageNumberOf,
  setChecksum,
  setPageEpoch,
  setPageNumber,
} from '../page/page.js'
import { CheckedPages } from './checked-pages.js'
import { checkTreePage } from '../page/check.js'
import { PageCopies } from '../page/copies.js'
import { PageMemory } from '../page/memory.js'
import { Reclaim } from '../space/reclaim.js'
import { childChecksumHigh, childChecksumLow, childOf } from '../page/record.js'
import { SLICE_FORGOTTEN } from '../space/time-slices.js'
import { PendingChecksums } from './pending-checksums.js'

/** Where a tree begins. @internal */
export interface Root {
  readonly page: number
  readonly level: number
  readonly checksumLow: number
  readonly checksumHigh: number
}

/**
 * The pages of one file: brought into the arena, checked, made writable, given up.
 *
 * @remarks Invariants:
 * - (B1) A page that a durable checkpoint or a snapshot reaches is never written: only pages of the current epoch are
 *   changed, and an older one is copied to a new number first.
 * - (B3) What stands in a page is looked at before its first use; when it comes again, its checksum tells that it is the same.
 * - Nothing is written before the checkpoint that was found is known to be on the device: the one before it may be the
 *   only one there, and pages that it reaches count as free.
 * - A page that was written down before the next checkpoint is not yet known to its parent by its new checksum;
 *   `written` knows it, and is asked first.
 * - Frames that one operation works on are pinned with {@link hold} and let go all at once with {@link unpin}.
 * @internal
 */
export class Pages implements PageWriter {
  readonly file: VfsFile
  readonly space: PageSpace
  readonly memory: PageMemory
  readonly extents: OverflowExtents
  readonly values: LargeValues
  /** Private copies of leaves, for cursors. */
  readonly copies: PageCopies
  readonly freeSpace: FreeSpace
  readonly reclaim: Reclaim
  readonly metaRewrite: MetaRewrite
  readonly codec: UnitCodec
  readonly seed: Seed64
  readonly pendingChecksums = new PendingChecksums()
  /** Pages whose present version needs no look at its records. */
  readonly #checked = new CheckedPages()
  /** Grows when a page comes, goes, is split or gets another number: an offset found before need no longer be that page's. */
  layoutVersion = 0
  /** Room for pages that are written together, while a checkpoint is on its way. */
  writeBuffer: Uint8Array | undefined = undefined
  /** What the first failed write of a page threw, also where a read had to make room: nothing may be written after it. */
  writeFailure: unknown
  /** What a search has touched ahead of its need; kept so that the loads are not left out as useless. */
  touched = 0
  /** Grows with keys of the newest tree that no place could have told, absent or in a leaf that was not in memory; shrinks with others. */
  unplacedCount = 0
  #epoch: number
  #epochLow: number
  #epochHigh: number
  /** Frames that are held, as many as the count says. */
  readonly #held: number[] = []
  #heldCount = 0
  readonly #hash = new Int32Array(2)

  constructor(
    file: VfsFile,
    cache: PageCache,
    codec: UnitCodec,
    metaRewrite: MetaRewrite,
    state: { freeSpace: FreeSpace; epoch: number; durableEpoch: number },
  ) {
    this.file = file
    this.codec = codec
    this.seed = codec.seed
    this.metaRewrite = metaRewrite
    this.#epoch = state.epoch
    this.#epochLow = lowWord(state.epoch)
    this.#epochHigh = highWord(state.epoch)
    this.freeSpace = state.freeSpace
    this.reclaim = new Reclaim(state.durableEpoch, (page, count) => {
      this.#forget(page, count)
    })
    this.extents = new OverflowExtents(this, cache.pageBytes)
    this.copies = new PageCopies(cache.pageBytes, this.extents)
    const scratch = new PageMemory(new Uint8Array(cache.pageBytes), cache.pageBytes, this.extents)
    this.memory = new PageMemory(cache.bytes, cache.pageBytes, this.extents, scratch)
    this.space = cache.attach(this)
    this.values = new LargeValues(this, cache, this.memory)
  }

  /** Pages made or copied from now on are of this epoch. */
  get epoch(): number {
    return this.#epoch
  }

  set epoch(epoch: number) {
    this.#epoch = epoch
    this.#epochLow = lowWord(epoch)
    this.#epochHigh = highWord(epoch)
  }

  /** Returns the offset of a page that is in memory, or -1. Nothing is brought in. */
  residentPage(pageNumber: number): number {
    const frame = this.space.lookup(pageNumber)
    return frame < 0 ? -1 : frame << this.memory.pageShift
  }

  /** Returns the offset of the root page. */
  root(root: Root): number {
    const frame = this.space.lookup(root.page)
    if (frame >= 0) return frame << this.memory.pageShift
    return this.#load(root.page, root.level, root.checksumLow, root.checksumHigh)
  }

  /** Returns the offset of the child in a slot of the branch at `page`. Only `page` is sure to stay in place. */
  child(page: number, slot: number, level: number): number {
    const { memory } = this
    const child = childOf(memory, page, slot)
    const frame = this.space.lookup(child)
    if (frame >= 0) return frame << memory.pageShift
    // The parent's frame must not be the one that makes room for its child.
    const parentFrame = page >> memory.pageShift
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

  /** Returns the offset of a page that is known by number and checksum. */
  page(pageNumber: number, level: number, low: number, high: number): number {
    const frame = this.space.lookup(pageNumber)
    if (frame >= 0) return frame << this.memory.pageShift
    return this.#load(pageNumber, level, low, high)
  }

  /** Pins the frame at `page` until {@link unpin}, and gives `page` back. */
  hold(page: number): number {
    const frame = page >> this.memory.pageShift
    this.space.pin(frame)
    this.#held[this.#heldCount] = frame
    this.#heldCount += 1
    return page
  }

  /** Lets go of all frames that are held. */
  unpin(): void {
    // The array keeps its length: setting it is a call into the runtime.
    while (this.#heldCount > 0) {
      this.#heldCount -= 1
      this.space.unpin(this.#held[this.#heldCount] as number)
    }
  }

  /** What is wrong with the epoch of something found in the file: an epoch that has not begun makes nothing. */
  faultOfEpoch(epoch: number): string | undefined {
    return epoch > this.epoch ? 'the epoch of a page has not begun' : undefined
  }

  /** Makes an empty tree page, held. */
  create(level: number): number {
    this.layoutVersion += 1
    const pageNumber = this.freeSpace.allocate()
    let page: number
    try {
      page = this.space.claim(pageNumber) * this.memory.pageBytes
    } catch (error) {
      this.freeSpace.free(pageNumber, 1)
      throw error
    }
    clearPage(this.memory, page, level)
    this.pendingChecksums.noteNewPage()
    setPageNumber(this.memory, page, pageNumber)
    setPageEpoch(this.memory, page, this.epoch)
    this.markDirty(page)
    return this.hold(page)
  }

  /** Reports whether the page at `page` may be changed where it is. */
  isWritable(page: number): boolean {
    const { i32 } = this.memory
    const word = (page + PAGE_HEADER_EPOCH_OFFSET) >> 2
    return i32[word] === this.#epochLow && i32[word + 1] === this.#epochHigh
  }

  /** Notes that the page at `page` is about to change, but none of its records to move or to go. */
  markChanged(page: number): void {
    this.space.markDirty(page >> this.memory.pageShift)
  }

  /** Notes that the page at `page` is about to change. */
  markDirty(page: number): void {
    this.space.markDirty(page >> this.memory.pageShift)
    this.#outdate(page)
  }

  /**
   * Makes a copy of a held page of an older epoch under a new number, held and dirty, and gives its offset, which may
   * be the same. The caller lets the parent, or the root, point to it.
   */
  copy(page: number): number {
    const { memory } = this
    this.layoutVersion += 1
    const made = pageEpoch(memory, page)
    const old = pageNumberOf(memory, page)
    assert(made < this.epoch, 'only a page of an older epoch is copied')
    const pageNumber = this.freeSpace.allocate()
    let copy = page
    if (this.#mayTakeFrame(page, made)) {
      // Nobody reads the old version from memory any more: its frame takes the new number.
      this.space.rename(old, pageNumber)
    } else {
      try {
        copy = this.hold(this.space.claim(pageNumber) * memory.pageBytes)
      } catch (error) {
        this.freeSpace.free(pageNumber, 1)
        throw error
      }
      memory.bytes.copyWithin(copy, page, page + memory.pageBytes)
      this.#outdate(page)
      if (pageLevel(memory, page) > 0) this.pendingChecksums.recordIn(memory, copy, made)
    }
    this.pendingChecksums.noteNewPage()
    setPageNumber(memory, copy, pageNumber)
    setPageEpoch(memory, copy, this.epoch)
    this.markDirty(copy)
    this.reclaim.retire(old, 1, made, this.epoch)
    return copy
  }

  /** Reports whether the version of a page that is about to be copied is needed in memory by nobody. */
  #mayTakeFrame(page: number, made: number): boolean {
    if (this.reclaim.isPinned) return false
    if (made > this.pendingChecksums.frozenEpoch) return true
    return pageLevel(this.memory, page) === 0 && !this.space.isDirty(page >> this.memory.pageShift)
  }

  /** Gives up the page at `page`, which the present tree no longer reaches. */
  retire(page: number): void {
    this.layoutVersion += 1
    const pageNumber = pageNumberOf(this.memory, page)
    const made = pageEpoch(this.memory, page)
    this.#outdate(page)
    this.reclaim.retire(pageNumber, 1, made, this.epoch)
  }

  /** Only the places of records of the newest tree are remembered: a leaf whose records move, or which leaves it, loses them. */
  #outdate(page: number): void {
    if (pageLevel(this.memory, page) === 0) this.space.invalidateIndex(page >> this.memory.pageShift)
  }

  /** Computes the checksum of the page at `page` into its header. */
  seal(page: number): void {
    this.#hashPage(page)
    setChecksum(this.memory, page, this.#hash[0] as number, this.#hash[1] as number)
  }

  /** Called by the cache to make room, and by checkpoints. */
  writePage(pageNumber: number, _frame: number, page: number): void {
    const { memory } = this
    this.seal(page)
    try {
      this.metaRewrite.sync()
      this.file.write(memory.bytes, page, memory.pageBytes, pageNumber * memory.pageBytes)
    } catch (error) {
      this.writeFailure ??= error
      throw error
    }
    this.noteWritten(pageNumber, page)
  }

  /**
   * Notes the checksum of a sealed page, until its parents record it.
   *
   * @param isSettled - it records the checksums of all pages below it.
   */
  noteWritten(pageNumber: number, page: number, isSettled = false): void {
    this.#checked.add(pageNumber)
    this.pendingChecksums.set(
      pageNumber,
      checksumLow(this.memory, page),
      checksumHigh(this.memory, page),
      isSettled,
    )
  }

  /** Forgets some of the checksums that all parents record; true when none of them is left. */
  forgetSettled(): boolean {
    return this.pendingChecksums.forget(this.reclaim.oldestPin, SLICE_FORGOTTEN)
  }

  #hashPage(page: number): void {
    xxHash64(this.memory.bytes, page + 8, page + this.memory.pageBytes, this.seed, this.#hash)
  }

  #load(pageNumber: number, level: number, low: number, high: number): number {
    const { memory } = this
    const fileOffset = pageNumber * memory.pageBytes
    if (pageNumber < this.freeSpace.firstPage || pageNumber >= this.freeSpace.pageCount) {
      throw corruption(this.file.path, fileOffset, 'a page number lies outside of the file', {
        actual: pageNumber,
      })
    }
    // Its number would be given out again, and the page written over while the tree reaches it.
    if (this.freeSpace.isFree(pageNumber)) {
      throw corruption(this.file.path, fileOffset, 'a page of the tree counts as free', {
        actual: pageNumber,
      })
    }
    this.layoutVersion += 1
    const page = this.space.claim(pageNumber) * memory.pageBytes
    try {
      const bytesRead = this.file.read(memory.bytes, page, memory.pageBytes, fileOffset)
      if (bytesRead !== memory.pageBytes) {
        throw corruption(this.file.path, fileOffset, 'the file ends within a page', {
          expected: memory.pageBytes,
          actual: bytesRead,
        })
      }
      const written = this.pendingChecksums.get(pageNumber)
      this.#check(page, pageNumber, level, written?.low ?? low, written?.high ?? high)
    } catch (error) {
      this.space.drop(pageNumber)
      throw error
    }
    return page
  }

  #check(page: number, pageNumber: number, level: number, low: number, high: number): void {
    const { memory } = this
    const fileOffset = pageNumber * memory.pageBytes
    this.#hashPage(page)
    const actualLow = this.#hash[0] as number
    const actualHigh = this.#hash[1] as number
    if (actualLow !== checksumLow(memory, page) || actualHigh !== checksumHigh(memory, page)) {
      throw corruption(this.file.path, fileOffset, 'a page does not match its checksum')
    }
    if (actualLow !== low || actualHigh !== high) {
      throw corruption(this.file.path, fileOffset, 'a page is not the version that its parent knows')
    }
    const isKnown = !INVARIANTS && this.#checked.has(pageNumber)
    const fault =
      checkTreePage(memory, page, pageNumber, level, isKnown) ?? this.faultOfEpoch(pageEpoch(memory, page))
    if (fault !== undefined) throw corruption(this.file.path, fileOffset, fault)
    this.#checked.add(pageNumber)
  }

  /** Pages have become free: what memory knows of them goes too. */
  #forget(page: number, count: number): void {
    this.values.forget(page, count)
    for (let each = page; each < page + count; each += 1) {
      this.pendingChecksums.delete(each)
      const frame = this.space.peek(each)
      if (frame < 0) continue
      for (let index = this.#heldCount - 1; index >= 0; index -= 1) {
        if (this.#held[index] !== frame) continue
        this.#heldCount -= 1
        this.#held[index] = this.#held[this.#heldCount] as number
        this.space.unpin(frame)
      }
      this.space.drop(each)
    }
    this.freeSpace.free(page, count)
  }
}

/** Low half of an epoch, as it stands in an int32. */
function lowWord(epoch: number): number {
  return (epoch % 2 ** 32) | 0
}

function highWord(epoch: number): number {
  return Math.floor(epoch / 2 ** 32) | 0
}
