import { slotCount, pageNumberOf } from '../page/page.js'
import { LEVELS_MAX, VALUE_FIELD_BYTES, VALUE_IS_ENCODED } from '../format.js'
import type { PageArenas } from '../page/arenas.js'
import type { PageLimits } from '../page/memory.js'
import type { Pages } from '../pager/pages.js'
import type { Root } from '../pager/root.js'
import {
  childOf,
  copyKey,
  keyPartBytes,
  recordOffset,
  setChild,
  slotKeyBytes,
  valueIsExtent,
} from '../page/record.js'
import { searchBranch } from '../page/search.js'

const NO_BYTES = new Uint8Array(0)

/** No value of a batch is encoded. @internal */
export const NONE_ENCODED = 0x7fff_ffff

/**
 * The present tree: its root and counters, and the path to the leaf of the current operation.
 *
 * @remarks The path is in `pathPage` (page offsets) and `pathSlot`, root first. After {@link TreeState.descend} its pages are pinned and
 * of the current epoch.
 * @internal
 */
export class TreeState {
  readonly pages: Pages
  readonly arenas: PageArenas
  readonly limits: PageLimits
  readonly pathPage: Int32Array = new Int32Array(LEVELS_MAX)
  readonly pathSlot: Int32Array = new Int32Array(LEVELS_MAX)
  /** The checksum of the root is used when the root is loaded and no pending checksum replaces it. */
  readonly root: { -readonly [Field in keyof Root]: Root[Field] }
  entryCount: number
  /** Position of the last insertion, which shows whether keys are inserted in order. */
  lastPage = 0
  lastSlot = 0
  /** Values of the present batch at or above this position are encoded. */
  encodedFrom: number = NONE_ENCODED
  /** Consecutive puts for which the hash index was useless: of new keys, or in leaves that were not resident. */
  indexMissesInRow = 0
  #viewed: Uint8Array = NO_BYTES
  #view: DataView = new DataView(NO_BYTES.buffer)

  constructor(pages: Pages, root: Root, entryCount: number) {
    this.pages = pages
    this.arenas = pages.arenas
    this.limits = pages.limits
    this.root = { ...root }
    this.entryCount = entryCount
  }

  /**
   * Descends to the leaf of a key if all branches of the path are resident and the leaf is writable in place. Loads the leaf when
   * it is not resident. Pins nothing: the offset is valid until the next load, and the path only when the leaf was resident.
   *
   * @remarks Marks nothing dirty. The caller marks the leaf. The branches above a writable leaf are of the current epoch, so
   * that each is dirty or has a pending checksum, by which the next checkpoint finds it.
   * @returns the offset of the leaf; -1 when a branch is not resident or the leaf is not writable.
   */
  descendBelowResident(key: Uint8Array, start: number, end: number): number {
    const { pages, arenas } = this
    let page = pages.reader.residentPage(this.root.page)
    for (let level = this.root.level, depth = 0; level > 0 && page >= 0; level -= 1, depth += 1) {
      const memory = arenas.of(page)
      const slot = searchBranch(memory, page, key, start, end)
      this.pathPage[depth] = page
      this.pathSlot[depth] = slot
      page =
        level > 1 ? pages.reader.residentPage(childOf(memory, page, slot)) : pages.reader.child(page, slot, 0)
    }
    if (page < 0 || !pages.allocator.isWritable(page)) return -1
    this.pathPage[this.root.level] = page
    return page
  }

  /** Descends to the leaf of a key, and makes every page of the path writable and pinned. Returns the offset of the leaf. */
  descend(key: Uint8Array, start: number, end: number): number {
    const leaf = this.descendInPlace(key, start, end)
    this.pages.allocator.markDirty(leaf)
    return leaf
  }

  /**
   * Does the same for a change that moves no record of the leaf: the hash index keeps them. The caller marks the leaf dirty before
   * any other change.
   */
  descendInPlace(key: Uint8Array, start: number, end: number): number {
    const { pages, arenas } = this
    let page = pages.pins.pin(pages.reader.root(this.root))
    if (!pages.allocator.isWritable(page)) {
      page = pages.allocator.copy(page)
      this.root.page = pageNumberOf(arenas.of(page), page)
    } else pages.allocator.markChanged(page)
    for (let level = this.root.level, depth = 0; level > 0; level -= 1, depth += 1) {
      const slot = searchBranch(arenas.of(page), page, key, start, end)
      this.pathPage[depth] = page
      this.pathSlot[depth] = slot
      page = this.#changeableChild(page, slot, level - 1)
    }
    this.pathPage[this.root.level] = page
    return page
  }

  /** Returns the offset of a child, pinned and writable. Its parent must be writable. */
  writableChild(parent: number, slot: number, level: number): number {
    const page = this.#changeableChild(parent, slot, level)
    this.pages.allocator.markDirty(page)
    return page
  }

  /** Does the same for a change that moves no record of a leaf. */
  #changeableChild(parent: number, slot: number, level: number): number {
    const { pages, arenas } = this
    const page = pages.pins.pin(pages.reader.child(parent, slot, level))
    if (pages.allocator.isWritable(page)) {
      pages.allocator.markChanged(page)
      return page
    }
    const copy = pages.allocator.copy(page)
    setChild(arenas.of(parent), parent, slot, pageNumberOf(arenas.of(copy), copy))
    return copy
  }

  /** Returns the value field of a value of the present batch that is stored in a leaf. */
  inlineField(valueStart: number, valueBytes: number): number {
    return valueStart < this.encodedFrom ? valueBytes : valueBytes | VALUE_IS_ENCODED
  }

  /** Returns a view of the bytes of a batch. Keeps the last view, because batches are reused. */
  viewOf(bytes: Uint8Array): DataView {
    if (bytes !== this.#viewed) {
      this.#viewed = bytes
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    }
    return this.#view
  }

  /** Releases the last view and its buffer. */
  releaseView(): void {
    this.viewOf(NO_BYTES)
  }

  /** Returns the lower fence of the page at `depth` of the path; undefined at the left edge of the tree. */
  lowerFence(depth: number): Uint8Array | undefined {
    for (let above = depth - 1; above >= 0; above -= 1) {
      const slot = this.pathSlot[above] as number
      const page = this.pathPage[above] as number
      if (slot > 0) return copyKey(this.arenas.of(page), page, slot)
    }
    return undefined
  }

  /** Returns the upper fence, exclusive, of the page at `depth` of the path; undefined at the right edge of the tree. */
  upperFence(depth: number): Uint8Array | undefined {
    for (let above = depth - 1; above >= 0; above -= 1) {
      const page = this.pathPage[above] as number
      const slot = (this.pathSlot[above] as number) + 1
      const memory = this.arenas.of(page)
      if (slot < slotCount(memory, page)) return copyKey(memory, page, slot)
    }
    return undefined
  }

  /** Reports whether the page at `depth` of the path has no upper fence. */
  isAtRightEdge(depth: number): boolean {
    for (let above = depth - 1; above >= 0; above -= 1) {
      const page = this.pathPage[above] as number
      if ((this.pathSlot[above] as number) + 1 < slotCount(this.arenas.of(page), page)) return false
    }
    return true
  }

  /** Retires the extents of the key and the value in a leaf's slot. */
  retireExtents(leaf: number, slot: number): void {
    const memory = this.arenas.of(leaf)
    const keyBytes = slotKeyBytes(memory, leaf, slot)
    const record = recordOffset(memory, leaf, slot)
    if (keyBytes > memory.keyPartMax) {
      this.pages.extents.retire(memory.bytes, record + VALUE_FIELD_BYTES + memory.keyInlineBytes)
    }
    if (valueIsExtent(memory, record)) {
      this.pages.extents.retire(memory.bytes, record + VALUE_FIELD_BYTES + keyPartBytes(memory, keyBytes))
    }
  }
}
