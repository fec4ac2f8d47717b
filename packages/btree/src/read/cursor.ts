import { assert, compareByteRanges, invalidArgument, LdbError } from '@ldb/base'
import type { KeyBounds, StoreCursor } from '@ldb/base'
import { VALUE_FIELD_BYTES } from '../format.js'
import { slotCount } from '../page/page.js'
import { copyPage } from '../page/copies.js'
import type { PageMemory } from '../page/memory.js'
import type { Pages } from '../pager/pages.js'
import type { Root } from '../pager/root.js'
import {
  copyKey,
  keyPartBytes,
  recordOffset,
  slotKeyBytes,
  valueIsExtent,
  valuePartBytes,
} from '../page/record.js'
import { compareSlot, searchBranch, searchLeaf } from '../page/search.js'
import { EscapedViews } from './escaped-views.js'

/** What a cursor needs of the snapshot that it reads. @internal */
export interface CursorSource {
  readonly root: Root
  readonly released: boolean
}

/**
 * A place in a snapshot.
 *
 * @remarks It works on a private copy of one leaf, so that it holds no frame of the cache between two moves: a cursor
 * that is forgotten costs memory of its own, never room in the cache. The copy costs about 5 ns an entry in a scan.
 * What is taken out of it is a view of that copy, given out once; the next leaf then goes elsewhere.
 * Of the branches it remembers slot and count, which a snapshot keeps as they are.
 * @internal
 */
export class TreeCursor implements StoreCursor {
  readonly #pages: Pages
  readonly #source: CursorSource
  readonly #lower: Uint8Array | undefined
  readonly #upper: Uint8Array | undefined
  /** Holds the copy of the leaf, at `#page`; −1 when there is none yet. */
  #leaf: PageMemory
  #page = -1
  readonly #takenKeys = new EscapedViews()
  readonly #takenValues = new EscapedViews()
  readonly #pathSlot: Int32Array
  readonly #pathCount: Int32Array
  /** Slots of the leaf that lie within the bounds. */
  #begin = 0
  #end = 0
  #slot = 0
  #valid = false
  #closed = false

  constructor(pages: Pages, source: CursorSource, bounds: KeyBounds) {
    this.#pages = pages
    this.#source = source
    this.#lower = bounds.lower
    this.#upper = bounds.upper
    this.#leaf = pages.copies.memory
    // As long as the way is: V8 makes arrays of up to 64 bytes in a tenth of the time that longer ones take.
    this.#pathSlot = new Int32Array(source.root.level)
    this.#pathCount = new Int32Array(source.root.level)
  }

  get valid(): boolean {
    return this.#valid
  }

  get key(): Uint8Array {
    this.#assertValid()
    const leaf = this.#leaf
    const keyBytes = slotKeyBytes(leaf, this.#page, this.#slot)
    if (keyBytes > leaf.keyPartMax) return copyKey(leaf, this.#page, this.#slot)
    return viewOf(leaf, recordOffset(leaf, this.#page, this.#slot) + VALUE_FIELD_BYTES, keyBytes)
  }

  get value(): Uint8Array {
    this.#assertValid()
    const leaf = this.#leaf
    const record = recordOffset(leaf, this.#page, this.#slot)
    const at = record + VALUE_FIELD_BYTES + keyPartBytes(leaf, slotKeyBytes(leaf, this.#page, this.#slot))
    if (valueIsExtent(leaf, record)) return this.#pages.values.copy(leaf, at)
    return viewOf(leaf, at, valuePartBytes(leaf, record))
  }

  takeKey(): Uint8Array {
    const { key } = this
    if (this.#takenKeys.take(this.#slot)) return key
    return copyKey(this.#pages.memory, this.#original(), this.#slot)
  }

  takeValue(): Uint8Array {
    const { value } = this
    if (this.#takenValues.take(this.#slot)) return value
    const { memory } = this.#pages
    const page = this.#original()
    const record = recordOffset(memory, page, this.#slot)
    const at = record + VALUE_FIELD_BYTES + keyPartBytes(memory, slotKeyBytes(memory, page, this.#slot))
    return valueIsExtent(memory, record) ? value : memory.bytes.slice(at, at + value.length)
  }

  first(): boolean {
    this.#descend(this.#lower, 0, this.#lower?.length ?? 0, false)
    return this.#settleForward(this.#begin)
  }

  last(): boolean {
    this.#descend(this.#upper, 0, this.#upper?.length ?? 0, true)
    return this.#settleBackward(this.#end - 1)
  }

  seek(key: Uint8Array, keyBytes: number = key.length): boolean {
    const lower = this.#lower
    if (lower !== undefined && compareByteRanges(key, 0, keyBytes, lower, 0, lower.length) <= 0)
      return this.first()
    this.#descend(key, 0, keyBytes, false)
    const slot = searchLeaf(this.#leaf, this.#page, key, 0, keyBytes)
    return this.#settleForward(Math.max(this.#begin, slot < 0 ? ~slot : slot))
  }

  seekBackward(key: Uint8Array, keyBytes: number = key.length): boolean {
    const upper = this.#upper
    if (upper !== undefined && compareByteRanges(key, 0, keyBytes, upper, 0, upper.length) >= 0)
      return this.last()
    this.#descend(key, 0, keyBytes, false)
    const slot = searchLeaf(this.#leaf, this.#page, key, 0, keyBytes)
    return this.#settleBackward(Math.min(this.#end - 1, slot < 0 ? ~slot - 1 : slot))
  }

  next(): boolean {
    if (!this.#valid) return this.first()
    if (this.#slot + 1 < this.#end) {
      this.#slot += 1
      return true
    }
    return this.#settleForward(this.#slot + 1)
  }

  previous(): boolean {
    if (!this.#valid) return this.last()
    if (this.#slot > this.#begin) {
      this.#slot -= 1
      return true
    }
    return this.#settleBackward(this.#slot - 1)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#valid = false
    if (this.#isReusable()) this.#pages.copies.giveBack(this.#leaf, this.#page)
  }

  /** Counts the entries within the bounds, leaf by leaf; the cursor stands nowhere afterwards. */
  count(): number {
    let count = 0
    this.#descend(this.#lower, 0, this.#lower?.length ?? 0, false)
    do count += Math.max(0, this.#end - this.#begin)
    while (this.#end === slotCount(this.#leaf, this.#page) && this.#moveLeaf(1))
    this.#valid = false
    return count
  }

  /** Stands on `slot` if it is within the bounds, else on the first entry of a leaf to the right, if any. */
  #settleForward(slot: number): boolean {
    let place = slot
    while (place >= this.#end) {
      // An end before the last slot is the upper bound.
      if (this.#end < slotCount(this.#leaf, this.#page) || !this.#moveLeaf(1)) return this.#stand(-1)
      place = this.#begin
    }
    return this.#stand(place)
  }

  #settleBackward(slot: number): boolean {
    let place = slot
    while (place < this.#begin || place >= this.#end) {
      if (this.#begin > 0 || !this.#moveLeaf(-1)) return this.#stand(-1)
      place = this.#end - 1
    }
    return this.#stand(place)
  }

  #stand(slot: number): boolean {
    this.#valid = slot >= 0
    this.#slot = slot
    return this.#valid
  }

  /** Goes down to the leaf of a key; without one, to the first or last leaf. */
  #descend(key: Uint8Array | undefined, start: number, end: number, rightmost: boolean): void {
    this.#assertOpen()
    const pages = this.#pages
    const { root } = this.#source
    let page = pages.reader.root(root)
    for (let level = root.level, depth = 0; level > 0; level -= 1, depth += 1) {
      const count = slotCount(pages.memory, page)
      const edge = rightmost ? count - 1 : 0
      const slot = key === undefined ? edge : searchBranch(pages.memory, page, key, start, end)
      this.#pathSlot[depth] = slot
      this.#pathCount[depth] = count
      page = pages.reader.child(page, slot, level - 1)
    }
    this.#enter(page)
  }

  /** Goes to the leaf right (1) or left (-1) of the present one. */
  #moveLeaf(direction: number): boolean {
    this.#assertOpen()
    const pages = this.#pages
    const { root } = this.#source
    let turn = root.level - 1
    for (; turn >= 0; turn -= 1) {
      const slot = (this.#pathSlot[turn] as number) + direction
      if (slot >= 0 && slot < (this.#pathCount[turn] as number)) break
    }
    if (turn < 0) return false
    let page = pages.reader.root(root)
    for (let depth = 0, level = root.level; level > 0; depth += 1, level -= 1) {
      if (depth === turn) this.#pathSlot[depth] = (this.#pathSlot[depth] as number) + direction
      else if (depth > turn) {
        const count = slotCount(pages.memory, page)
        this.#pathCount[depth] = count
        this.#pathSlot[depth] = direction > 0 ? 0 : count - 1
      }
      page = pages.reader.child(page, this.#pathSlot[depth] as number, level - 1)
    }
    this.#enter(page)
    return true
  }

  /** Goes to the leaf again, in the cache: the copy may have been written to by whom parts of it were given. */
  #original(): number {
    const pages = this.#pages
    const { root } = this.#source
    let page = pages.reader.root(root)
    for (let depth = 0, level = root.level; level > 0; depth += 1, level -= 1) {
      page = pages.reader.child(page, this.#pathSlot[depth] as number, level - 1)
    }
    return page
  }

  /** Copies a leaf and works out which of its slots lie within the bounds. */
  #enter(page: number): void {
    const { memory, copies } = this.#pages
    if (this.#isReusable()) {
      copyPage(memory, page, this.#leaf, this.#page)
    } else {
      this.#page = copies.copy(memory, page)
      this.#leaf = copies.memory
      this.#takenKeys.clear()
      this.#takenValues.clear()
    }
    this.#begin = this.#lower === undefined ? 0 : this.#slotOfBound(this.#lower)
    this.#end = this.#upper === undefined ? slotCount(this.#leaf, this.#page) : this.#slotOfBound(this.#upper)
  }

  /** First slot of the leaf whose key is not below a bound. */
  #slotOfBound(bound: Uint8Array): number {
    const leaf = this.#leaf
    const page = this.#page
    const count = slotCount(leaf, page)
    if (count === 0 || compareSlot(leaf, page, 0, bound, 0, bound.length, 0) <= 0) return 0
    const last = compareSlot(leaf, page, count - 1, bound, 0, bound.length, 0)
    if (last >= 0) return last === 0 ? count - 1 : count
    // Between two keys of the leaf, a bound has their prefix, so that the search by heads holds for it.
    const slot = searchLeaf(leaf, page, bound, 0, bound.length)
    return slot < 0 ? ~slot : slot
  }

  /** Reports whether there is a copy of which nothing was handed out for good. */
  #isReusable(): boolean {
    return this.#page >= 0 && this.#takenKeys.none && this.#takenValues.none
  }

  #assertValid(): void {
    this.#assertOpen()
    if (!this.#valid) throw invalidArgument('the cursor stands on no entry')
    assert(this.#slot < slotCount(this.#leaf, this.#page), 'a valid cursor stands in its leaf')
  }

  #assertOpen(): void {
    if (this.#closed || this.#source.released) {
      throw new LdbError('LDB_CLOSED', this.#closed ? 'the cursor is closed' : 'the snapshot was released')
    }
  }
}

/** A view of bytes in a copy, which fills its buffer from the beginning. */
function viewOf(memory: PageMemory, start: number, length: number): Uint8Array {
  return new Uint8Array(memory.buffer, start, length)
}
