import { assert } from '@ldb/base'
import type { RecordArena } from './record-arena.js'

/** Maximum number of records in a block. */
const BLOCK_MAX = 256
/** A position is its block number times this, plus its slot. Greater than `BLOCK_MAX`, so that a slot may be one past the end. */
const POSITION_STEP = 512

/** Arena offsets of records, ordered by key. A block is mutable only in the generation of the index that created it. */
interface Block {
  readonly offsets: number[]
  readonly generation: number
}

/** An immutable state of an index. Its blocks are shared with the index until the index copies them on write. */
export interface FrozenIndex {
  readonly blocks: readonly Block[]
  readonly recordCount: number
}

/** The empty index. */
export const EMPTY_INDEX: FrozenIndex = { blocks: [], recordCount: 0 }

/**
 * An ordered index of the records of an arena by key, each key once: a sorted list of blocks with copy-on-write.
 *
 * @remarks After `freeze`, each block is copied before its first change. A position is a number, valid until the next change
 * of the index.
 */
export class RecordIndex implements FrozenIndex {
  blocks: Block[] = []
  recordCount = 0
  #generation = 0
  #isShared = false

  /** Returns the current state, unaffected by later changes. */
  freeze(): FrozenIndex {
    this.#generation++
    this.#isShared = true
    return { blocks: this.blocks, recordCount: this.recordCount }
  }

  /** Restores a state that `freeze` returned. */
  restore(state: FrozenIndex): void {
    this.#generation++
    this.#isShared = true
    this.blocks = state.blocks as Block[]
    this.recordCount = state.recordCount
  }

  /** Replaces the record with the same key and returns the old record, or inserts the record and returns -1. */
  set(arena: RecordArena, offset: number): number {
    const start = arena.keyStart(offset)
    const keyBytes = arena.keyBytes(offset)
    const position = findRecord(this, arena, arena.bytes, start, start + keyBytes)
    if (position >= 0) {
      const block = this.#ownBlock(blockOf(position))
      const before = block.offsets[slotOf(position)] as number
      block.offsets[slotOf(position)] = offset
      return before
    }
    this.insert(~position, offset)
    return -1
  }

  /** Removes the records from one position (inclusive) to another (exclusive), and passes each to `onRemoved`. */
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

  /** Inserts a record at the position that `findRecord` returned for its absent key. */
  insert(position: number, offset: number): void {
    this.recordCount++
    const blocks = this.#ownBlocks()
    const index = blockOf(position)
    if (index === blocks.length) {
      // After the last block: ascending keys fill one block after another.
      blocks.push({ offsets: [offset], generation: this.#generation })
      return
    }
    const block = this.#ownBlock(index)
    block.offsets.splice(slotOf(position), 0, offset)
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
    assert(block !== undefined, 'a position is within its index')
    if (block.generation === this.#generation) return block
    const own = { offsets: block.offsets.slice(), generation: this.#generation }
    blocks[index] = own
    return own
  }
}

/** Returns the position of the key `bytes[start, end)`; when it is absent, the complement (`~`) of its insert position. */
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
  // Find the last block whose first key is not above the key.
  while (low < high) {
    const middle = (low + high) >>> 1
    const order = arena.compareKey((blocks[middle] as Block).offsets[0] as number, bytes, start, end)
    if (order === 0) return middle * POSITION_STEP
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
    if (order === 0) return blockIndex * POSITION_STEP + middle
    if (order < 0) low = middle + 1
    else high = middle
  }
  // After the last record of a full block, insert before the next block, so that ascending keys start a new block.
  if (low === offsets.length && low >= BLOCK_MAX) return ~((blockIndex + 1) * POSITION_STEP)
  return ~(blockIndex * POSITION_STEP + low)
}

/** Returns the position of the first record whose key is not below `key`, or the end position. */
export function positionAtOrAfter(
  index: FrozenIndex,
  arena: RecordArena,
  key: Uint8Array | undefined,
  keyBytes: number = key?.length ?? 0,
): number {
  if (key === undefined) return 0
  const found = findRecord(index, arena, key, 0, keyBytes)
  return found >= 0 ? found : normalized(index, ~found)
}

/** Returns the record at a position, or -1 when the position is past the last record or -1. */
export function recordAt(index: FrozenIndex, position: number): number {
  return position < 0 ? -1 : (index.blocks[blockOf(position)]?.offsets[slotOf(position)] ?? -1)
}

/** Returns the position after the last record. */
export function endPosition(index: FrozenIndex): number {
  return index.blocks.length * POSITION_STEP
}

/** Returns the position after that of a record. */
export function positionAfter(index: FrozenIndex, position: number): number {
  return normalized(index, position + 1)
}

/** Returns the position before another, or -1. */
export function positionBefore(index: FrozenIndex, position: number): number {
  if (slotOf(position) > 0) return position - 1
  const blockIndex = blockOf(position) - 1
  if (blockIndex < 0) return -1
  return blockIndex * POSITION_STEP + (index.blocks[blockIndex] as Block).offsets.length - 1
}

/** Replaces a position past the end of its block by the start of the next block. */
function normalized(index: FrozenIndex, position: number): number {
  const blockIndex = blockOf(position)
  const count = index.blocks[blockIndex]?.offsets.length ?? 0
  return slotOf(position) < count
    ? position
    : blockIndex >= index.blocks.length
      ? position
      : (blockIndex + 1) * POSITION_STEP
}

function blockOf(position: number): number {
  return Math.floor(position / POSITION_STEP)
}

function slotOf(position: number): number {
  return position % POSITION_STEP
}
