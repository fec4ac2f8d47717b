import { assert, compareByteRanges, invalidArgument, LdbError, PREVENTS_TRANSFER } from '@ldb/base'
import type { KeyBounds, StoreCursor, ValuePredicate } from '@ldb/base'
import type { ValueSlab } from '../extents/value-slab.js'
import { VALUE_FIELD_BYTES } from '../format.js'
import { pageNumberOf, slotCount } from '../page/page.js'
import type { PageMemory } from '../page/memory.js'
import type { Pages } from '../pager/pages.js'
import type { CursorSource } from './cursor-source.js'
import { copyKey, recordOffset, slotKeyBytes, valueIsIndirect, valuePartBytes } from '../page/record.js'
import { searchBranch, searchLeaf } from '../page/search.js'
import { LeafCopy, mayEvictLeaf } from './leaf-copy.js'
import { copyIndirect, prefetchRecords, skipSlots, slotOfBound, valueOffset } from './leaf-slots.js'
import { leafOfPath } from './leaf-path.js'

/**
 * Keys and values that are read from the leaf in the arena, after each descent. Then the leaf is copied, and so are the next ones: more
 * reads of single entries would cost more than the copy.
 */
const DIRECT_READS = 32
/** Records whose cache lines are loaded together. */
const PREFETCHED = 10

/**
 * A position in a snapshot.
 *
 * @remarks It pins no frame between two moves: a leaked cursor costs heap memory, never frames of the cache. The first entries after a
 * descent are copied one by one out of the leaf in the arena, which is looked up before each read. Later ones are read from a private
 * copy of the leaf, which costs about 5 ns an entry in a scan. `takeKey` and `takeValue` return views of the copy, each at
 * most once; the next leaf is then copied to another buffer. The cursor stores slot and slot count of each branch of its path,
 * which do not change in a snapshot.
 * @internal
 */
export class TreeCursor implements StoreCursor {
  readonly #pages: Pages
  readonly #slab: ValueSlab
  readonly #source: CursorSource
  readonly #lower: Uint8Array | undefined
  readonly #upper: Uint8Array | undefined
  /** Memory of the leaf: its arena, or that of the private copy. */
  #memory: PageMemory
  /** Offset of the leaf in its memory. It may have moved to another frame and arena. */
  #page = 0
  /** Number of the leaf that is read from the arena; 0 when it is read from the copy. */
  #pageNumber = 0
  /** Reads left until the leaf is copied. */
  #directReads = DIRECT_READS
  /** `undefined` before the first copy. */
  #copy: LeafCopy | undefined = undefined
  /** Slots of the path, then their slot counts, root first. */
  readonly #path: Int32Array
  /** Slots of the leaf. */
  #count = 0
  /** First slot of the leaf within the bounds, and the slot after the last one. */
  #begin = 0
  #end = 0
  #slot = 0
  /** Slots below it were prefetched. */
  #prefetchedTo = 0
  /** Receives the prefetched words, so that the compiler does not remove the loads. */
  prefetchSink = 0
  #valid = false
  #closed = false

  /** @param slab - receives the entries that are copied one by one. */
  constructor(pages: Pages, slab: ValueSlab, source: CursorSource, bounds: KeyBounds) {
    this.#pages = pages
    this.#slab = slab
    this.#source = source
    this.#lower = bounds.lower
    this.#upper = bounds.upper
    this.#memory = pages.arenas.first
    // No longer than the path: V8 allocates arrays of up to 64 bytes in a tenth of the time of longer ones.
    this.#path = new Int32Array(2 * source.root.level)
  }

  get valid(): boolean {
    return this.#valid
  }

  get key(): Uint8Array {
    const page = this.#leaf()
    const memory = this.#memory
    const keyBytes = slotKeyBytes(memory, page, this.#slot)
    if (keyBytes > memory.keyPartMax) return copyKey(memory, page, this.#slot)
    return this.#bytesAt(recordOffset(memory, page, this.#slot) + VALUE_FIELD_BYTES, keyBytes)
  }

  get value(): Uint8Array {
    const page = this.#leaf()
    const memory = this.#memory
    const record = recordOffset(memory, page, this.#slot)
    const at = valueOffset(memory, page, this.#slot)
    if (valueIsIndirect(memory, record)) return copyIndirect(this.#pages, memory, this.#slab, record, at)
    return this.#bytesAt(at, valuePartBytes(memory, record))
  }

  takeKey(): Uint8Array {
    const { key } = this
    if (this.#pageNumber > 0) return key
    if (!PREVENTS_TRANSFER) return key.slice()
    if (this.#copy?.escapedKeys.note(this.#slot) === true) return key
    const page = this.#original()
    return copyKey(this.#pages.arenas.of(page), page, this.#slot)
  }

  takeValue(): Uint8Array {
    const { value } = this
    if (this.#pageNumber > 0) return value
    if (!PREVENTS_TRANSFER) return value.slice()
    if (this.#copy?.escapedValues.note(this.#slot) === true) return value
    const page = this.#original()
    const memory = this.#pages.arenas.of(page)
    const record = recordOffset(memory, page, this.#slot)
    const at = valueOffset(memory, page, this.#slot)
    return valueIsIndirect(memory, record) ? value : memory.bytes.slice(at, at + value.length)
  }

  first(): boolean {
    this.#descend(this.#lower, 0, this.#lower?.length ?? 0, false)
    return this.#moveForward(this.#begin)
  }

  last(): boolean {
    this.#descend(this.#upper, 0, this.#upper?.length ?? 0, true)
    return this.#moveBackward(this.#end - 1)
  }

  seek(key: Uint8Array, keyBytes: number = key.length): boolean {
    const lower = this.#lower
    if (lower !== undefined && compareByteRanges(key, 0, keyBytes, lower, 0, lower.length) <= 0)
      return this.first()
    this.#descend(key, 0, keyBytes, false)
    const slot = searchLeaf(this.#memory, this.#page, key, 0, keyBytes)
    return this.#moveForward(Math.max(this.#begin, slot < 0 ? ~slot : slot))
  }

  seekBackward(key: Uint8Array, keyBytes: number = key.length): boolean {
    const upper = this.#upper
    if (upper !== undefined && compareByteRanges(key, 0, keyBytes, upper, 0, upper.length) >= 0)
      return this.last()
    this.#descend(key, 0, keyBytes, false)
    const slot = searchLeaf(this.#memory, this.#page, key, 0, keyBytes)
    return this.#moveBackward(Math.min(this.#end - 1, slot < 0 ? ~slot - 1 : slot))
  }

  next(): boolean {
    if (!this.#valid) return this.first()
    if (this.#slot + 1 < this.#end) {
      this.#slot += 1
      if (this.#pageNumber > 0 && this.#slot >= this.#prefetchedTo) this.#prefetch()
      return true
    }
    return this.#moveForward(this.#slot + 1)
  }

  previous(): boolean {
    if (!this.#valid) return this.last()
    if (this.#slot > this.#begin) {
      this.#slot -= 1
      return true
    }
    return this.#moveBackward(this.#slot - 1)
  }

  skipWhile(direction: 1 | -1, isSkipped: ValuePredicate): number {
    const page = this.#leaf()
    const start = this.#slot
    const limit = direction > 0 ? this.#end : this.#begin - 1
    const pages = this.#pageNumber > 0 ? undefined : this.#pages
    let end = skipSlots(this.#memory, page, start, limit, pages, this.#slab, isSkipped)
    if (this.#pageNumber > 0 && end !== limit && mayEvictLeaf(this.#memory, page, end)) {
      this.#slot = end
      this.#copyLeaf(page)
      end = skipSlots(this.#memory, this.#page, end, limit, this.#pages, this.#slab, isSkipped)
    }
    const count = Math.abs(end - start)
    this.#slot = end === limit ? limit - direction : end
    return end === limit ? -count : count
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#valid = false
    this.#copy?.release()
  }

  /** Counts the entries within the bounds, leaf by leaf. The cursor is not valid afterwards. */
  count(): number {
    let count = 0
    this.#descend(this.#lower, 0, this.#lower?.length ?? 0, false)
    do count += Math.max(0, this.#end - this.#begin)
    while (this.#end === this.#count && this.#moveLeaf(1))
    this.#valid = false
    return count
  }

  /** Moves to `slot` if it is within the bounds, else to the first entry of a leaf to the right. Returns false without one. */
  #moveForward(slot: number): boolean {
    let target = slot
    while (target >= this.#end) {
      // An end before the last slot is the upper bound.
      if (this.#end < this.#count || !this.#moveLeaf(1)) return this.#moveTo(-1)
      target = this.#begin
    }
    return this.#moveTo(target)
  }

  #moveBackward(slot: number): boolean {
    let target = slot
    while (target < this.#begin || target >= this.#end) {
      if (this.#begin > 0 || !this.#moveLeaf(-1)) return this.#moveTo(-1)
      target = this.#end - 1
    }
    return this.#moveTo(target)
  }

  #moveTo(slot: number): boolean {
    this.#valid = slot >= 0
    this.#slot = slot
    return this.#valid
  }

  /** Descends to the leaf of a key; without a key, to the first or last leaf. */
  #descend(key: Uint8Array | undefined, start: number, end: number, rightmost: boolean): void {
    this.#assertOpen()
    const pages = this.#pages
    const { root } = this.#source
    const path = this.#path
    let page = pages.reader.root(root)
    for (let level = root.level, depth = 0; level > 0; level -= 1, depth += 1) {
      const memory = pages.arenas.of(page)
      const count = slotCount(memory, page)
      const edge = rightmost ? count - 1 : 0
      const slot = key === undefined ? edge : searchBranch(memory, page, key, start, end)
      path[depth] = slot
      path[root.level + depth] = count
      page = pages.reader.child(page, slot, level - 1)
    }
    this.#directReads = DIRECT_READS
    this.#enter(page)
    if (key !== undefined && key === this.#lower) {
      // The fences of the leaf contain the bound, so that it can be searched at once.
      const slot = searchLeaf(this.#memory, this.#page, key, start, end)
      this.#begin = slot < 0 ? ~slot : slot
    } else this.#begin = this.#lower === undefined ? 0 : this.#slotOfBound(this.#lower)
    this.#end = this.#upper === undefined ? this.#count : this.#slotOfBound(this.#upper)
  }

  /** Moves to the next leaf to the right (1) or left (-1). Returns false when there is none. */
  #moveLeaf(direction: number): boolean {
    this.#assertOpen()
    const pages = this.#pages
    const { root } = this.#source
    const path = this.#path
    // Depth of the lowest branch that has a child in this direction.
    let branching = root.level - 1
    for (; branching >= 0; branching -= 1) {
      const slot = (path[branching] as number) + direction
      if (slot >= 0 && slot < (path[root.level + branching] as number)) break
    }
    if (branching < 0) return false
    let page = pages.reader.root(root)
    for (let depth = 0, level = root.level; level > 0; depth += 1, level -= 1) {
      if (depth === branching) path[depth] = (path[depth] as number) + direction
      else if (depth > branching) {
        const count = slotCount(pages.arenas.of(page), page)
        path[root.level + depth] = count
        path[depth] = direction > 0 ? 0 : count - 1
      }
      page = pages.reader.child(page, path[depth] as number, level - 1)
    }
    this.#enter(page)
    // The bound that the cursor moves away from is in another leaf.
    this.#begin = direction > 0 || this.#lower === undefined ? 0 : this.#slotOfBound(this.#lower)
    this.#end = direction < 0 || this.#upper === undefined ? this.#count : this.#slotOfBound(this.#upper)
    return true
  }

  /** Descends again to the leaf in the cache. The owner of an escaped view may have overwritten the copy. */
  #original(): number {
    return leafOfPath(this.#pages, this.#source.root, this.#path)
  }

  /** Enters the leaf at an offset. */
  #enter(page: number): void {
    const memory = this.#pages.arenas.of(page)
    this.#count = slotCount(memory, page)
    if (this.#directReads === 0) {
      this.#copyLeaf(page)
      return
    }
    this.#memory = memory
    this.#page = page
    this.#pageNumber = pageNumberOf(memory, page)
    this.#prefetchedTo = 0
  }

  #copyLeaf(page: number): void {
    const { arenas, copies } = this.#pages
    const memory = arenas.of(page)
    if (this.#copy?.refill(memory, page) !== true) this.#copy = new LeafCopy(copies, memory, page)
    this.#memory = this.#copy.memory
    this.#page = this.#copy.page
    this.#pageNumber = 0
  }

  /** Returns the offset of the leaf in `#memory`, for the read of a key or a value. */
  #leaf(): number {
    this.#assertOpen()
    if (!this.#valid) throw invalidArgument('the cursor is not on an entry')
    if (this.#pageNumber > 0) this.#findLeaf()
    assert(this.#slot < this.#count, 'the slot of a valid cursor lies in its leaf')
    return this.#page
  }

  /** Finds the leaf in the arena again: it may have moved to another frame. Or copies it. */
  #findLeaf(): void {
    const { space, arenas } = this.#pages
    const frame = space.peek(this.#pageNumber)
    const page = frame < 0 ? this.#original() : arenas.pageOf(frame)
    if (this.#directReads > 0) {
      this.#directReads -= 1
      this.#page = page
      this.#memory = arenas.of(page)
    } else this.#copyLeaf(page)
  }

  /** Loads the cache lines of the next records. If the leaf was evicted, the loaded words are meaningless. */
  #prefetch(): void {
    this.#prefetchedTo = Math.min(this.#slot + PREFETCHED, this.#end)
    this.prefetchSink = prefetchRecords(this.#memory, this.#page, this.#slot, this.#prefetchedTo)
  }

  /** Returns a copy of bytes in the arena, or a view of bytes in the private copy. */
  #bytesAt(start: number, length: number): Uint8Array {
    if (this.#pageNumber > 0) return this.#slab.copy(this.#memory, start, length)
    // Memories of copies begin at offset 0 of their buffer.
    return new Uint8Array(this.#memory.buffer, start, length)
  }

  #slotOfBound(bound: Uint8Array): number {
    return slotOfBound(this.#memory, this.#page, this.#count, bound)
  }

  #assertOpen(): void {
    if (!this.#closed && !this.#source.released) return
    throw new LdbError('LDB_CLOSED', this.#closed ? 'the cursor is closed' : 'the snapshot was released')
  }
}
