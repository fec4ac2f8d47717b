import { slotCount, pageNumberOf } from '../page/page.js'
import { LEVELS_MAX, VALUE_FIELD_BYTES } from '../format.js'
import type { PageMemory } from '../page/memory.js'
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

/**
 * The present tree: its root and counters, and the way to the leaf that the running operation works on.
 *
 * @remarks The way is held in `pathPage` (offsets of held pages) and `pathSlot`, root first. All pages on it are of the
 * current epoch once {@link descend} has returned.
 * @internal
 */
export class TreeState {
  readonly pages: Pages
  readonly memory: PageMemory
  readonly pathPage: Int32Array = new Int32Array(LEVELS_MAX)
  readonly pathSlot: Int32Array = new Int32Array(LEVELS_MAX)
  /** Its checksum counts while it is not resident and was not written since the last checkpoint. */
  readonly root: { -readonly [Field in keyof Root]: Root[Field] }
  entryCount: number
  /** Where the last insertion went: keys that come in order are noticed by it. */
  lastPage = 0
  lastSlot = 0
  /** Puts in a row that no place could have told where to overwrite: of new keys, or in leaves that were not in memory. */
  unplacedInRow = 0
  #viewed: Uint8Array = NO_BYTES
  #view: DataView = new DataView(NO_BYTES.buffer)

  constructor(pages: Pages, root: Root, entryCount: number) {
    this.pages = pages
    this.memory = pages.memory
    this.root = { ...root }
    this.entryCount = entryCount
  }

  /**
   * Goes down to the leaf of a key, if all branches on the way are in memory and the leaf is writable where it is, and gives
   * its offset; -1 otherwise. A leaf that is not in memory is brought in. Nothing is held: the offset is good until the next
   * page comes in, the path only where the leaf did not.
   *
   * @remarks Nothing is marked either. Only the leaf of a changing record has to be: the branches above a writable leaf are
   * of the current epoch, so that each is dirty or in `Pages.written`, where the next checkpoint finds it.
   */
  descendBelowResident(key: Uint8Array, start: number, end: number): number {
    const { pages, memory } = this
    let page = pages.reader.residentPage(this.root.page)
    for (let level = this.root.level, depth = 0; level > 0 && page >= 0; level -= 1, depth += 1) {
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

  /** Goes down to the leaf of a key, making every page on the way writable, and gives the leaf's offset. */
  descend(key: Uint8Array, start: number, end: number): number {
    const { pages, memory } = this
    let page = pages.pins.pin(pages.reader.root(this.root))
    if (!pages.allocator.isWritable(page)) {
      page = pages.allocator.copy(page)
      this.root.page = pageNumberOf(memory, page)
    } else pages.allocator.markDirty(page)
    for (let level = this.root.level, depth = 0; level > 0; level -= 1, depth += 1) {
      const slot = searchBranch(memory, page, key, start, end)
      this.pathPage[depth] = page
      this.pathSlot[depth] = slot
      page = this.writableChild(page, slot, level - 1)
    }
    this.pathPage[this.root.level] = page
    return page
  }

  /** Returns the offset of a child, held and writable. Its parent must be writable. */
  writableChild(parent: number, slot: number, level: number): number {
    const { pages, memory } = this
    const page = pages.pins.pin(pages.reader.child(parent, slot, level))
    if (pages.allocator.isWritable(page)) {
      pages.allocator.markDirty(page)
      return page
    }
    const copy = pages.allocator.copy(page)
    setChild(memory, parent, slot, pageNumberOf(memory, copy))
    return copy
  }

  /** Returns a view of what a batch holds, for copying word by word. The last one is kept: batches are used again. */
  viewOf(bytes: Uint8Array): DataView {
    if (bytes !== this.#viewed) {
      this.#viewed = bytes
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    }
    return this.#view
  }

  /** Lets go of what was viewed last. */
  releaseView(): void {
    this.viewOf(NO_BYTES)
  }

  /** Least key that may stand in the page at `depth` of the path; undefined at the left edge of the tree. */
  lowerFence(depth: number): Uint8Array | undefined {
    for (let above = depth - 1; above >= 0; above -= 1) {
      const slot = this.pathSlot[above] as number
      if (slot > 0) return copyKey(this.memory, this.pathPage[above] as number, slot)
    }
    return undefined
  }

  /** Least key that may no longer stand in the page at `depth` of the path; undefined at the right edge. */
  upperFence(depth: number): Uint8Array | undefined {
    for (let above = depth - 1; above >= 0; above -= 1) {
      const page = this.pathPage[above] as number
      const slot = (this.pathSlot[above] as number) + 1
      if (slot < slotCount(this.memory, page)) return copyKey(this.memory, page, slot)
    }
    return undefined
  }

  /** Gives up the runs that the record in a leaf's slot refers to. */
  retireExtents(leaf: number, slot: number): void {
    const { memory } = this
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
