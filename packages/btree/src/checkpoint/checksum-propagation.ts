import { assert } from '@ldb/base'
import { checksumHigh, checksumLow, pageNumberOf, slotCount } from '../page/page.js'
import { childChecksumHigh, childChecksumLow, childOf, setChildChecksum } from '../page/record.js'
import type { Pages } from '../pager/pages.js'
import type { Root } from '../pager/root.js'
import { writeDirty } from './page-writing.js'

/** Branches whose checksums are computed before they are written together. */
const BATCH_PAGES = 32
/** Cost of a branch's checksum, in steps: a step checks one child. */
const CHECKSUM_STEPS = 32

/** A branch on the path of the walk. Its frame is pinned. */
interface PathEntry {
  readonly frame: number
  readonly level: number
  readonly slotCount: number
  /** Next child to check. */
  slot: number
}

/**
 * Records the checksum of every page of the frozen tree in its parent, bottom-up, and writes the branches that change by it.
 * The work is resumable, because nothing else changes the frozen tree.
 *
 * @internal
 */
export class ChecksumPropagation {
  readonly #pages: Pages
  readonly #root: Root
  /** Branches from the root to the one in progress. */
  readonly #path: PathEntry[] = []
  /** Page numbers of branches that have their checksum and are not written yet. */
  readonly #batch: number[] = []
  #hasBegun = false
  /** Checksum of the page that was completed last; at the end, of the root. */
  checksumLow = 0
  checksumHigh = 0

  constructor(pages: Pages, root: Root) {
    this.#pages = pages
    this.#root = root
  }

  /**
   * Continues the propagation.
   *
   * @param budget - steps to do, about.
   * @returns true when the propagation is complete.
   */
  step(budget: number): boolean {
    if (!this.#hasBegun) {
      this.#hasBegun = true
      this.#enter(this.#pages.reader.root(this.#root), this.#root.level)
    }
    let left = budget
    for (let entry = this.#path.at(-1); entry !== undefined && left > 0; entry = this.#path.at(-1)) {
      left -= this.#checkChildren(entry, left)
      if (entry.slot < entry.slotCount) continue
      this.#leave(entry)
      left -= CHECKSUM_STEPS
      if (this.#batch.length >= BATCH_PAGES) this.#writeBatch()
    }
    this.#writeBatch()
    return this.#path.length === 0
  }

  /** Unpins the frames of the path. Must be called at the end, also after an error. */
  release(): void {
    for (const { frame } of this.#path.splice(0)) this.#pages.space.unpin(frame)
  }

  #enter(page: number, level: number): void {
    const { space, arenas } = this.#pages
    const frame = arenas.frameOf(page)
    space.pin(frame)
    const count = level === 0 ? 0 : slotCount(arenas.of(page), page)
    this.#path.push({ frame, level, slotCount: count, slot: 0 })
  }

  /** Checks children up to one that must be completed first, and enters that one. Returns the number of steps. */
  #checkChildren(entry: PathEntry, budget: number): number {
    const { arenas, space, pendingChecksums } = this.#pages
    const page = arenas.pageOf(entry.frame)
    const memory = arenas.of(page)
    const end = Math.min(entry.slotCount, entry.slot + budget)
    const start = entry.slot
    while (entry.slot < end) {
      const child = childOf(memory, page, entry.slot)
      const pending = pendingChecksums.get(child)
      const frame = space.peek(child)
      const isDirty = frame >= 0 && space.isDirty(frame)
      if (entry.level > 1 && (isDirty || pendingChecksums.isUnpropagated(child))) {
        this.#enter(this.#pages.reader.child(page, entry.slot, entry.level - 1), entry.level - 1)
        break
      }
      assert(!isDirty, 'the leaves of a frozen tree are written before their checksums are propagated')
      if (pending !== undefined) this.#record(entry, pending.low, pending.high)
      entry.slot += 1
    }
    return entry.slot - start + 1
  }

  /** Completes a page whose children are all recorded, and records its checksum in its parent. */
  #leave({ frame }: PathEntry): void {
    const pages = this.#pages
    const { arenas, space } = pages
    const page = arenas.pageOf(frame)
    const memory = arenas.of(page)
    if (space.isDirty(frame)) {
      pages.writeBack.updateChecksum(page)
      this.#batch.push(pageNumberOf(memory, page))
      // A clean page was evicted before this propagation reached it, and its children have not changed since.
    } else pages.writeBack.recordWrite(pageNumberOf(memory, page), page, true)
    space.unpin(frame)
    this.#path.pop()
    this.checksumLow = checksumLow(memory, page)
    this.checksumHigh = checksumHigh(memory, page)
    const parent = this.#path.at(-1)
    if (parent === undefined) return
    this.#record(parent, this.checksumLow, this.checksumHigh)
    parent.slot += 1
  }

  #record({ frame, slot }: PathEntry, low: number, high: number): void {
    const pages = this.#pages
    const page = pages.arenas.pageOf(frame)
    const memory = pages.arenas.of(page)
    if (low === childChecksumLow(memory, page, slot) && high === childChecksumHigh(memory, page, slot)) return
    setChildChecksum(memory, page, slot, low, high)
    pages.allocator.markDirty(page)
  }

  #writeBatch(): void {
    const batch = this.#batch.splice(0)
    writeDirty(this.#pages, batch.sort(ascending), true)
  }
}

function ascending(a: number, b: number): number {
  return a - b
}
