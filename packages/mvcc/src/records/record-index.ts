import { assert } from '@ldb/base'
import type { RecordArena } from './record-arena.js'

/** Records in a block at most. */
const BLOCK_MAX = 256
/** A place is the number of its block times this, and its slot: more than `BLOCK_MAX`, so that it may be one behind. */
const PLACE_STEP = 512

/** Offsets of records, ordered by key. Changed only by an index of the same generation. */
interface Block {
  readonly offsets: number[]
  readonly generation: number
}

/** An index as it was at one moment. Costs nothing to make; what has not changed since is shared. */
export interface FrozenIndex {
  readonly blocks: readonly Block[]
  readonly recordCount: number
}

/** The index of nothing. */
export const EMPTY_INDEX: FrozenIndex = { blocks: [], recordCount: 0 }

/**
 * An order over records of an arena, by key, each key once: a sorted list in blocks.
 *
 * @remarks `freeze` gives the present state for good; from then on each block is copied before it first changes. A
 * place is a number, valid until the next change.
 */
export class RecordIndex implements FrozenIndex {
  blocks: Block[] = []
  recordCount = 0
  #generation = 0
  #isShared = false

  /** Returns the present state, which later changes do not touch. */
  freeze(): FrozenIndex {
    this.#generation++
    this.#isShared = true
    return { blocks: this.blocks, recordCount: this.recordCount }
  }

  /** Goes back to a state that `freeze` gave. */
  restore(state: FrozenIndex): void {
    this.#generation++
    this.#isShared = true
    this.blocks = state.blocks as Block[]
    this.recordCount = state.recordCount
  }

  /** Puts a record in place of that of the same key, which it gives, or adds it and gives -1. */
  set(arena: RecordArena, offset: number): number {
    const start = arena.keyStart(offset)
    const keyBytes = arena.keyBytes(offset)
    const place = findRecord(this, arena, arena.bytes, start, start + keyBytes)
    if (place >= 0) {
      const block = this.#ownBlock(blockOf(place))
      const before = block.offsets[slotOf(place)] as number
      block.offsets[slotOf(place)] = offset
      return before
    }
    this.insert(~place, offset)
    return -1
  }

  /** Takes out the records from one place up to, not including, another; `onRemoved` gets each. */
  removeSpan(from: number, to: number, onRemoved: (offset: number) => void): void {
    if (from >= to) return
    const first = blockOf(from)
    const last = blockOf(to)
    for (let index = last; index >= first; index--) {
      const count = this.blocks[index]?.offsets.length ?? 0
      const begin = index === first ? slotOf(from) : 0
      const end = index === last ? Math.min(slotOf(to), count) : count
      if (begin >= end) continue
      const block = this.#ownBlock(index)
      for (const offset of block.offsets.splice(begin, end - begin)) onRemoved(offset)
      this.recordCount -= end - begin
      if (block.offsets.length === 0) this.#ownBlocks().splice(index, 1)
    }
  }

  /** Adds a record at the place where `findRecord` has missed its key. */
  insert(place: number, offset: number): void {
    this.recordCount++
    const blocks = this.#ownBlocks()
    const index = blockOf(place)
    if (index === blocks.length) {
      // Behind the last block: ascending keys fill one after the other.
      blocks.push({ offsets: [offset], generation: this.#generation })
      return
    }
    const block = this.#ownBlock(index)
    block.offsets.splice(slotOf(place), 0, offset)
    if (block.offsets.length <= BLOCK_MAX) return
    const upper = block.offsets.splice(BLOCK_MAX >>> 1)
    blocks.splice(index + 1, 0, { offsets: upper, generation: this.#generation })
  }

  #ownBlocks(): Block[] {
    if (this.#isShared) {
      this.blocks = this.blocks.slice()
      this.#isShared = false
    }
    return this.blocks
  }

  #ownBlock(index: number): Block {
    const blocks = this.#ownBlocks()
    const block = blocks[index]
    assert(block !== undefined, 'a place lies within its index')
    if (block.generation === this.#generation) return block
    const own = { offsets: block.offsets.slice(), generation: this.#generation }
    blocks[index] = own
    return own
  }
}

/** Finds the place of the key `bytes[start, end)`; when it is not there, the complement of where it would be. */
export function findRecord(
  index: FrozenIndex,
  arena: RecordArena,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const { blocks } = index
  let low = 0
  let high = blocks.length
  // The last block whose first key is not above the key.
  while (low < high) {
    const middle = (low + high) >>> 1
    const order = arena.compareKey((blocks[middle] as Block).offsets[0] as number, bytes, start, end)
    if (order === 0) return middle * PLACE_STEP
    if (order < 0) low = middle + 1
    else high = middle
  }
  if (low === 0) return ~0
  const blockIndex = low - 1
  const { offsets } = blocks[blockIndex] as Block
  low = 1
  high = offsets.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const order = arena.compareKey(offsets[middle] as number, bytes, start, end)
    if (order === 0) return blockIndex * PLACE_STEP + middle
    if (order < 0) low = middle + 1
    else high = middle
  }
  // Behind a block that is full, the place is before the next one, so that a new last block begins there.
  if (low === offsets.length && low >= BLOCK_MAX) return ~((blockIndex + 1) * PLACE_STEP)
  return ~(blockIndex * PLACE_STEP + low)
}

/** Returns the place of the first record whose key is not below; it may be behind the last record. */
export function placeAtOrAfter(
  index: FrozenIndex,
  arena: RecordArena,
  key: Uint8Array | undefined,
  keyBytes: number = key?.length ?? 0,
): number {
  if (key === undefined) return 0
  const found = findRecord(index, arena, key, 0, keyBytes)
  return found >= 0 ? found : settled(index, ~found)
}

/** Returns the record at a place, or -1 when it is behind the last or before the first. */
export function recordAt(index: FrozenIndex, place: number): number {
  return place < 0 ? -1 : (index.blocks[blockOf(place)]?.offsets[slotOf(place)] ?? -1)
}

/** Returns the place behind the last record. */
export function endPlace(index: FrozenIndex): number {
  return index.blocks.length * PLACE_STEP
}

/** Returns the place after one that holds a record. */
export function placeAfter(index: FrozenIndex, place: number): number {
  return settled(index, place + 1)
}

/** Returns the place before one, or -1. */
export function placeBefore(index: FrozenIndex, place: number): number {
  if (slotOf(place) > 0) return place - 1
  const blockIndex = blockOf(place) - 1
  if (blockIndex < 0) return -1
  return blockIndex * PLACE_STEP + (index.blocks[blockIndex] as Block).offsets.length - 1
}

/** A place behind the records of its block is the beginning of the next. */
function settled(index: FrozenIndex, place: number): number {
  const blockIndex = blockOf(place)
  const count = index.blocks[blockIndex]?.offsets.length ?? 0
  return slotOf(place) < count
    ? place
    : blockIndex >= index.blocks.length
      ? place
      : (blockIndex + 1) * PLACE_STEP
}

function blockOf(place: number): number {
  return Math.floor(place / PLACE_STEP)
}

function slotOf(place: number): number {
  return place % PLACE_STEP
}
