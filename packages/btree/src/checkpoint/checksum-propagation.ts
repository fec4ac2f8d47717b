import { assert } from '@ldb/base'
import { checksumHigh, checksumLow, pageNumberOf, slotCount } from '../page/page.js'
import { writeDirty } from './page-writing.js'
import type { Pages } from '../pager/pages.js'
import type { Root } from '../pager/root.js'
import { childChecksumHigh, childChecksumLow, childOf, setChildChecksum } from '../page/record.js'

/** Branches that are sealed before they are written together. */
const TOGETHER_PAGES = 32
/** What sealing a branch counts for, beside a look at a child. */
const SEAL_LOOKS = 32

/** Where the walk is in a branch, whose frame is pinned. */
interface Place {
  readonly frame: number
  readonly level: number
  readonly slotCount: number
  slot: number
}

/**
 * Makes every page of the frozen tree known to its parent by its present checksum, from below, and writes the branches that
 * have so changed. Goes on where it was: nothing changes the frozen tree meanwhile.
 *
 * @internal
 */
export class ChecksumPropagation {
  readonly #pages: Pages
  readonly #root: Root
  /** Way to the branch that is being looked through, root first. */
  readonly #way: Place[] = []
  readonly #sealed: number[] = []
  #begun = false
  /** Checksum of the page that was left last: in the end, of the root. */
  checksumLow = 0
  checksumHigh = 0

  constructor(pages: Pages, root: Root) {
    this.#pages = pages
    this.#root = root
  }

  /**
   * Goes on.
   *
   * @param looks - children to look at, at most.
   * @returns true when the tree is settled.
   */
  run(looks: number): boolean {
    if (!this.#begun) {
      this.#begun = true
      this.#enter(this.#pages.reader.root(this.#root), this.#root.level)
    }
    let left = looks
    for (let place = this.#way.at(-1); place !== undefined && left > 0; place = this.#way.at(-1)) {
      left -= this.#lookThrough(place, left)
      if (place.slot < place.slotCount) continue
      this.#leave(place)
      left -= SEAL_LOOKS
      if (this.#sealed.length >= TOGETHER_PAGES) this.#write()
    }
    this.#write()
    return this.#way.length === 0
  }

  /** Lets go of the frames on the way. To be called at the end, also at an early one. */
  release(): void {
    for (const { frame } of this.#way.splice(0)) this.#pages.space.unpin(frame)
  }

  #enter(page: number, level: number): void {
    const { space, memory } = this.#pages
    const frame = page / memory.pageBytes
    space.pin(frame)
    this.#way.push({ frame, level, slotCount: level === 0 ? 0 : slotCount(memory, page), slot: 0 })
  }

  /** Looks at children until one is to be looked through first; gives how many it were. */
  #lookThrough(place: Place, most: number): number {
    const { memory, space, pendingChecksums } = this.#pages
    const page = place.frame * memory.pageBytes
    const end = Math.min(place.slotCount, place.slot + most)
    const from = place.slot
    while (place.slot < end) {
      const child = childOf(memory, page, place.slot)
      const known = pendingChecksums.get(child)
      const frame = space.peek(child)
      const isDirty = frame >= 0 && space.isDirty(frame)
      if (place.level > 1 && (isDirty || pendingChecksums.isUnpropagated(child))) {
        this.#enter(this.#pages.reader.child(page, place.slot, place.level - 1), place.level - 1)
        break
      }
      assert(!isDirty, 'the leaves of a frozen tree are written before it is settled')
      if (known !== undefined) this.#record(place, known.low, known.high)
      place.slot += 1
    }
    return place.slot - from + 1
  }

  /** Goes back up from a page that is looked through, and lets its parent know its checksum. */
  #leave({ frame }: Place): void {
    const pages = this.#pages
    const { memory, space } = pages
    const page = frame * memory.pageBytes
    if (space.isDirty(frame)) {
      pages.writeBack.updateChecksum(page)
      this.#sealed.push(pageNumberOf(memory, page))
      // Otherwise written to make room before it was settled, and its children have not changed since.
    } else pages.writeBack.noteWritten(pageNumberOf(memory, page), page, true)
    space.unpin(frame)
    this.#way.pop()
    this.checksumLow = checksumLow(memory, page)
    this.checksumHigh = checksumHigh(memory, page)
    const parent = this.#way.at(-1)
    if (parent === undefined) return
    this.#record(parent, this.checksumLow, this.checksumHigh)
    parent.slot += 1
  }

  #record({ frame, slot }: Place, low: number, high: number): void {
    const pages = this.#pages
    const { memory } = pages
    const page = frame * memory.pageBytes
    if (low === childChecksumLow(memory, page, slot) && high === childChecksumHigh(memory, page, slot)) return
    setChildChecksum(memory, page, slot, low, high)
    pages.allocator.markDirty(page)
  }

  #write(): void {
    const sealed = this.#sealed.splice(0)
    writeDirty(this.#pages, sealed.sort(ascending), true)
  }
}

function ascending(a: number, b: number): number {
  return a - b
}
