import { assert } from '@ldb/base'
import { LEVELS_MAX, RUN_REFERENCE_BYTES, VALUE_FIELD_BYTES, VALUE_IS_RUN } from './format.js'
import { pageNumberOf, slotCount } from './page.js'
import { admitKey, copyBytes, fits, insertSlot, removeSlot, setHead } from './page-edit.js'
import type { PageMemory } from './page-memory.js'
import type { Pages } from './pages.js'
import {
  copyKey,
  keyPartBytes,
  recordOffset,
  setChild,
  setValueField,
  slotKeyBytes,
  valueIsRun,
  valuePartBytes,
} from './record.js'
import { searchBranch, searchLeaf } from './search.js'
import { mergeUp } from './merge.js'
import { splitAndInsert } from './split.js'

/**
 * Changes a tree, one key at a time: finds the leaf, makes the way to it writable, changes it, and splits or merges
 * where that is needed.
 *
 * @remarks The way from the root to the leaf of the present operation is held in `pathPage` (offsets of held pages)
 * and `pathSlot`, root first. All pages on it are of the current epoch once {@link descend} has returned.
 * @internal
 */
export class Writer {
  readonly pages: Pages
  readonly memory: PageMemory
  readonly pathPage = new Int32Array(LEVELS_MAX)
  readonly pathSlot = new Int32Array(LEVELS_MAX)
  rootPage: number
  rootLevel: number
  /** Expected checksum of a root that is not resident and was not written since the last checkpoint. */
  rootChecksumLow: number
  rootChecksumHigh: number
  entryCount: number
  /** Where the last insertion went: keys that come in order are noticed by it. */
  lastPage = 0
  lastSlot = 0

  constructor(
    pages: Pages,
    root: { page: number; level: number; checksumLow: number; checksumHigh: number },
    entryCount: number,
  ) {
    this.pages = pages
    this.memory = pages.memory
    this.rootPage = root.page
    this.rootLevel = root.level
    this.rootChecksumLow = root.checksumLow
    this.rootChecksumHigh = root.checksumHigh
    this.entryCount = entryCount
  }

  /** Sets a key to a value; both are windows of one buffer. */
  put(bytes: Uint8Array, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    try {
      const leaf = this.descend(bytes, keyStart, keyEnd)
      const slot = searchLeaf(this.memory, leaf, bytes, keyStart, keyEnd)
      if (slot >= 0) this.#replace(leaf, slot, bytes, keyStart, keyEnd, valueStart, valueEnd)
      else {
        this.#insert(leaf, ~slot, bytes, keyStart, keyEnd, valueStart, valueEnd)
        this.entryCount += 1
      }
    } finally {
      this.pages.letGo()
    }
  }

  /** Removes a key, which must be present. */
  delete(bytes: Uint8Array, keyStart: number, keyEnd: number): void {
    try {
      const leaf = this.descend(bytes, keyStart, keyEnd)
      const slot = searchLeaf(this.memory, leaf, bytes, keyStart, keyEnd)
      assert(slot >= 0, 'a key that is deleted is present')
      this.giveUpRuns(leaf, slot)
      removeSlot(this.memory, leaf, slot)
      this.entryCount -= 1
      mergeUp(this, this.rootLevel)
    } finally {
      this.pages.letGo()
    }
  }

  /** Goes down to the leaf of a key, making every page on the way writable, and gives the leaf's offset. */
  descend(key: Uint8Array, start: number, end: number): number {
    const { pages, memory } = this
    let page = pages.hold(pages.root(this))
    if (!pages.isWritable(page)) {
      page = pages.copy(page)
      this.rootPage = pageNumberOf(memory, page)
    } else pages.markDirty(page)
    for (let level = this.rootLevel, depth = 0; level > 0; level -= 1, depth += 1) {
      const slot = searchBranch(memory, page, key, start, end)
      this.pathPage[depth] = page
      this.pathSlot[depth] = slot
      page = this.writableChild(page, slot, level - 1)
    }
    this.pathPage[this.rootLevel] = page
    return page
  }

  /** Gives the offset of a child, held and writable. Its parent must be writable. */
  writableChild(parent: number, slot: number, level: number): number {
    const { pages, memory } = this
    const page = pages.hold(pages.child(parent, slot, level))
    if (pages.isWritable(page)) {
      pages.markDirty(page)
      return page
    }
    const copy = pages.copy(page)
    setChild(memory, parent, slot, pageNumberOf(memory, copy))
    return copy
  }

  // What `pages.root` needs to know of the root.
  get page(): number {
    return this.rootPage
  }
  get level(): number {
    return this.rootLevel
  }
  get checksumLow(): number {
    return this.rootChecksumLow
  }
  get checksumHigh(): number {
    return this.rootChecksumHigh
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
  giveUpRuns(leaf: number, slot: number): void {
    const { memory } = this
    const keyBytes = slotKeyBytes(memory, leaf, slot)
    const record = recordOffset(memory, leaf, slot)
    if (keyBytes > memory.keyPartMax) {
      this.pages.runs.giveUp(memory.bytes, record + VALUE_FIELD_BYTES + memory.keyInlineBytes)
    }
    if (valueIsRun(memory, record)) {
      this.pages.runs.giveUp(memory.bytes, record + VALUE_FIELD_BYTES + keyPartBytes(memory, keyBytes))
    }
  }

  #replace(
    leaf: number,
    slot: number,
    bytes: Uint8Array,
    keyStart: number,
    keyEnd: number,
    valueStart: number,
    valueEnd: number,
  ): void {
    const { memory } = this
    const record = recordOffset(memory, leaf, slot)
    const valueBytes = valueEnd - valueStart
    if (!valueIsRun(memory, record) && valuePartBytes(memory, record) === valueBytes) {
      const at = record + VALUE_FIELD_BYTES + keyPartBytes(memory, keyEnd - keyStart)
      copyBytes(bytes, valueStart, memory.bytes, at, valueBytes)
      return
    }
    const shrinks = this.#valuePart(valueBytes) < valuePartBytes(memory, record)
    this.giveUpRuns(leaf, slot)
    removeSlot(memory, leaf, slot)
    this.#insert(leaf, slot, bytes, keyStart, keyEnd, valueStart, valueEnd)
    // A shorter record needs no split, so that the path is still the one that led here.
    if (shrinks) mergeUp(this, this.rootLevel)
  }

  #insert(
    leaf: number,
    slot: number,
    bytes: Uint8Array,
    keyStart: number,
    keyEnd: number,
    valueStart: number,
    valueEnd: number,
  ): void {
    const { memory } = this
    const keyBytes = keyEnd - keyStart
    const valueBytes = valueEnd - valueStart
    const keyPart = keyPartBytes(memory, keyBytes)
    const long = valueBytes > memory.valueInlineMax
    const recordSize = VALUE_FIELD_BYTES + keyPart + this.#valuePart(valueBytes)
    let page = leaf
    let place = slot
    if (fits(memory, page, recordSize)) {
      admitKey(memory, page, bytes, keyStart, keyEnd)
    } else {
      page = splitAndInsert(this, this.rootLevel, slot, recordSize, bytes, keyStart, keyEnd)
      place = ~searchLeaf(memory, page, bytes, keyStart, keyEnd)
      admitKey(memory, page, bytes, keyStart, keyEnd)
    }
    const record = insertSlot(memory, page, place, keyBytes, recordSize)
    setValueField(memory, record, long ? RUN_REFERENCE_BYTES | VALUE_IS_RUN : valueBytes)
    this.#writeKeyPart(record + VALUE_FIELD_BYTES, bytes, keyStart, keyEnd)
    const valueAt = record + VALUE_FIELD_BYTES + keyPart
    if (long) memory.bytes.set(this.pages.runs.write(bytes, valueStart, valueEnd), valueAt)
    else copyBytes(bytes, valueStart, memory.bytes, valueAt, valueBytes)
    setHead(memory, page, place)
    this.lastPage = pageNumberOf(memory, page)
    this.lastSlot = place
  }

  /** Bytes that a value takes in a leaf. */
  #valuePart(valueBytes: number): number {
    return valueBytes > this.memory.valueInlineMax ? RUN_REFERENCE_BYTES : valueBytes
  }

  /** Writes the key part of a record: the key, or its beginning and the reference of a run that holds all of it. */
  #writeKeyPart(at: number, bytes: Uint8Array, keyStart: number, keyEnd: number): void {
    const { memory } = this
    const keyBytes = keyEnd - keyStart
    if (keyBytes <= memory.keyPartMax) {
      copyBytes(bytes, keyStart, memory.bytes, at, keyBytes)
      return
    }
    copyBytes(bytes, keyStart, memory.bytes, at, memory.keyInlineBytes)
    memory.bytes.set(this.pages.runs.write(bytes, keyStart, keyEnd), at + memory.keyInlineBytes)
  }
}
