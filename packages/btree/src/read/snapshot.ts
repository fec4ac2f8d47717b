import { ALL_KEYS, LdbError, ownBounds } from '@ldb/base'
import type { KeyBounds, RangeEstimate, Seq, StoreCursor, StoreSnapshot } from '@ldb/base'
import { areComparable, differingRanges } from '../compare/tree-differences.js'
import type { ComparedTree } from '../compare/tree-differences.js'
import { TreeCursor } from './cursor.js'
import { copyFound, findRecord, viewFound } from './lookup.js'
import { slotCount, usedBytes } from '../page/page.js'
import type { Pages } from '../pager/pages.js'
import type { Root } from '../pager/root.js'
import { searchBranch, searchLeaf } from '../page/search.js'
import type { ValueSlab } from '../extents/value-slab.js'
import type { OpenSnapshot, OpenSnapshots } from './open-snapshots.js'

/**
 * A frozen view of a tree.
 *
 * @remarks A live snapshot reads the present tree. Before that changes, the snapshot is pinned: it then has a root of its own, and a pin
 * on its epoch that keeps its pages from being freed.
 * @internal
 */
export class TreeSnapshot implements StoreSnapshot, OpenSnapshot {
  readonly seq: Seq
  /** Position in the list of {@link OpenSnapshots}. */
  position = 0
  readonly #pages: Pages
  readonly #slab: ValueSlab
  readonly #snapshots: OpenSnapshots
  readonly #entryCount: number
  /** The root of the present tree until the snapshot is pinned. */
  #root: Root
  /** The pinned epoch; -1 until then. */
  #epoch = -1
  #released = false

  /**
   * @param root - root of the present tree.
   * @param snapshots - pins the snapshot before the tree changes.
   */
  constructor(
    pages: Pages,
    slab: ValueSlab,
    root: Root,
    entryCount: number,
    seq: Seq,
    snapshots: OpenSnapshots,
  ) {
    this.#pages = pages
    this.#slab = slab
    this.#root = root
    this.#entryCount = entryCount
    this.#snapshots = snapshots
    this.seq = seq
    snapshots.add(this)
  }

  get root(): Root {
    return this.#root
  }

  get released(): boolean {
    return this.#released
  }

  /** Reports whether the snapshot has a root of its own. */
  get isPinned(): boolean {
    return this.#epoch >= 0
  }

  /** Copies the root, and pins the epoch of the present state. */
  pin(epoch: number): void {
    this.#root = { ...this.#root }
    this.#epoch = epoch
    this.#pages.reclaim.pin(epoch)
  }

  get(key: Uint8Array, keyBytes: number = key.length): Uint8Array | undefined {
    this.#assertOpen()
    const record = findRecord(this.#pages.reader, this.root, key, 0, keyBytes)
    return record < 0 ? undefined : copyFound(this.#pages, this.#slab, record, keyBytes)
  }

  getBorrowed(key: Uint8Array, keyBytes: number = key.length): Uint8Array | undefined {
    this.#assertOpen()
    const record = findRecord(this.#pages.reader, this.root, key, 0, keyBytes)
    return record < 0 ? undefined : viewFound(this.#pages, this.#slab, record, keyBytes)
  }

  getMany(keys: Uint8Array, ends: readonly number[]): (Uint8Array | undefined)[] {
    this.#assertOpen()
    return ends.map((end, index) => {
      const start = index === 0 ? 0 : (ends[index - 1] as number)
      const record = findRecord(this.#pages.reader, this.root, keys, start, end)
      return record < 0 ? undefined : copyFound(this.#pages, this.#slab, record, end - start)
    })
  }

  has(key: Uint8Array, keyBytes: number = key.length): boolean {
    this.#assertOpen()
    return findRecord(this.#pages.reader, this.root, key, 0, keyBytes) >= 0
  }

  cursor(bounds: KeyBounds = ALL_KEYS): StoreCursor {
    this.#assertOpen()
    return new TreeCursor(this.#pages, this.#slab, this, ownBounds(bounds))
  }

  count(bounds: KeyBounds = ALL_KEYS): number {
    this.#assertOpen()
    const own = ownBounds(bounds)
    if (own.lower === undefined && own.upper === undefined) return this.#entryCount
    return new TreeCursor(this.#pages, this.#slab, this, own).count()
  }

  estimate(bounds: KeyBounds = ALL_KEYS): RangeEstimate {
    this.#assertOpen()
    const own = ownBounds(bounds)
    const lower = own.lower === undefined ? 0 : this.#fractionBelow(own.lower)
    const upper = own.upper === undefined ? 1 : this.#fractionBelow(own.upper)
    const share = Math.max(0, upper - lower)
    const { freeSpace, reclaim, limits } = this.#pages
    const livePages = freeSpace.pageCount - freeSpace.firstPage - freeSpace.freeCount - reclaim.pendingCount
    return {
      count: Math.round(share * this.#entryCount),
      bytes: Math.round(share * Math.max(0, livePages) * limits.pageBytes),
    }
  }

  differences(other: StoreSnapshot): Generator<KeyBounds, void> | undefined {
    this.#assertOpen()
    if (!(other instanceof TreeSnapshot)) return undefined
    other.#assertOpen()
    const trees = [this, other].map((each) => ({ pages: each.#pages, root: each.root }))
    const [a, b] = trees as [ComparedTree, ComparedTree]
    return areComparable(a, b) ? differingRanges(a, b) : undefined
  }

  release(): void {
    if (this.#released) return
    this.#released = true
    this.#snapshots.remove(this)
    if (!this.isPinned) return
    this.#pages.reclaim.unpin(this.#epoch)
    this.#pages.dropPropagatedChecksums()
  }

  /** Estimates the fraction of entries below a key, from 0 to 1. Assumes that all pages of a level are equally full. */
  #fractionBelow(key: Uint8Array): number {
    const pages = this.#pages
    const { arenas } = pages
    let page = pages.reader.root(this.root)
    let before = 0
    let width = 1
    for (let { level } = this.root; level > 0; level -= 1) {
      const memory = arenas.of(page)
      const slot = searchBranch(memory, page, key, 0, key.length)
      width /= slotCount(memory, page)
      before += slot * width
      page = pages.reader.child(page, slot, level - 1)
    }
    const memory = arenas.of(page)
    if (usedBytes(memory, page) === 0) return before
    const slot = searchLeaf(memory, page, key, 0, key.length)
    return before + ((slot < 0 ? ~slot : slot) / slotCount(memory, page)) * width
  }

  #assertOpen(): void {
    if (this.#released) throw new LdbError('LDB_CLOSED', 'the snapshot was released')
  }
}
