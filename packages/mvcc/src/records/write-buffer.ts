import { compareBytes } from '@ldb/base'
import type { WriteBatch } from '@ldb/base'
import type { RecordArena } from './record-arena.js'
import {
  endPosition,
  findRecord,
  positionAfter,
  positionAtOrAfter,
  positionBefore,
  recordAt,
  RecordIndex,
} from './record-index.js'
import type { FrozenIndex } from './record-index.js'

/** Result of `findWrite`: the key was not written. */
export const NOT_WRITTEN = -1
/** Result of `findWrite`: the key was deleted. */
export const DELETED = -2

/**
 * The net writes to one keyspace: disjoint deleted ranges, and single keys, put or deleted, that take precedence over the
 * ranges.
 */
export interface Writes {
  readonly arena: RecordArena
  /** Records of keys with their values; a record without a value is a deletion. */
  readonly points: FrozenIndex
  /** Records of deleted ranges: the key is the lower bound, the value the upper bound; without a value there is none. */
  readonly ranges: FrozenIndex
}

/** The mutable writes to one keyspace. */
export class WriteBuffer implements Writes {
  arena: RecordArena
  readonly points: RecordIndex = new RecordIndex()
  readonly ranges: RecordIndex = new RecordIndex()
  /** Size of the records that the indexes reference, in bytes. */
  liveBytes = 0
  readonly #discard = (offset: number): void => {
    this.liveBytes -= this.arena.sizeOf(offset)
  }

  constructor(arena: RecordArena) {
    this.arena = arena
  }

  get isEmpty(): boolean {
    return this.points.recordCount === 0 && this.ranges.recordCount === 0
  }

  /** Puts a key, or deletes it when `value` is `undefined`. */
  set(key: Uint8Array, keyBytes: number, value: Uint8Array | undefined, valueBytes: number): void {
    this.#put(this.points, this.arena.add(key, keyBytes, value, valueBytes))
  }

  /** Deletes a range that is not empty, including the puts in it. */
  deleteRange(lower: Uint8Array, upper: Uint8Array | undefined): void {
    const { arena, points, ranges } = this
    const end = (index: FrozenIndex, bound: Uint8Array | undefined): number =>
      bound === undefined ? endPosition(index) : positionAtOrAfter(index, arena, bound)

    // The new range is merged with all ranges that it overlaps or is adjacent to.
    let first = findRecord(ranges, arena, lower, 0, lower.length)
    if (first < 0) {
      const before = positionBefore(ranges, ~first)
      first = reaches(arena, recordAt(ranges, before), lower)
        ? before
        : positionAtOrAfter(ranges, arena, lower)
    }
    let from = lower
    let to = upper
    let position = first
    for (let record = recordAt(ranges, position); record >= 0; record = recordAt(ranges, position)) {
      if (to !== undefined && arena.compareKey(record, to, 0, to.length) > 0) break
      if (position === first && arena.compareKey(record, from, 0, from.length) < 0) from = arena.key(record)
      const recordUpper = arena.value(record)
      if (to !== undefined && (recordUpper === undefined || compareBytes(recordUpper, to) > 0))
        to = recordUpper
      position = positionAfter(ranges, position)
    }
    // This may throw, so nothing changes before it.
    const record = arena.add(from, from.length, to, to?.length ?? 0)
    ranges.removeSpan(first, position, this.#discard)
    this.#put(ranges, record)
    points.removeSpan(positionAtOrAfter(points, arena, lower), end(points, upper), this.#discard)
  }

  /** Copies the referenced records to another arena. */
  moveTo(target: RecordArena): void {
    const source = this.arena
    for (const index of [this.points, this.ranges]) {
      const offsets: number[] = []
      for (let position = 0; recordAt(index, position) >= 0; position = positionAfter(index, position)) {
        offsets.push(target.addFrom(source, recordAt(index, position)))
      }
      index.removeSpan(0, endPosition(index), () => undefined)
      for (const offset of offsets) index.set(target, offset)
    }
    this.arena = target
  }

  /** Appends the writes to a batch: ranges first, because keys take precedence over them. */
  encodeInto(batch: WriteBatch, keyspaceId: number): void {
    const { arena, points, ranges } = this
    for (let position = 0, record = recordAt(ranges, 0); record >= 0; record = recordAt(ranges, position)) {
      batch.deleteRange(keyspaceId, arena.key(record), arena.value(record))
      position = positionAfter(ranges, position)
    }
    for (let position = 0, record = recordAt(points, 0); record >= 0; record = recordAt(points, position)) {
      const keyStart = arena.keyStart(record)
      const keyBytes = arena.keyBytes(record)
      const key = arena.bytes.subarray(keyStart, keyStart + keyBytes)
      if (arena.hasValue(record)) {
        const valueBytes = arena.valueBytes(record)
        const value = arena.bytes.subarray(keyStart + keyBytes, keyStart + keyBytes + valueBytes)
        batch.put(keyspaceId, key, value, keyBytes, valueBytes)
      } else {
        batch.delete(keyspaceId, key, keyBytes)
      }
      position = positionAfter(points, position)
    }
  }

  #put(index: RecordIndex, offset: number): void {
    const before = index.set(this.arena, offset)
    this.liveBytes += this.arena.sizeOf(offset)
    if (before >= 0) this.#discard(before)
  }
}

/** Returns the record of the put of a key, {@link DELETED} or {@link NOT_WRITTEN}. */
export function findWrite(writes: Writes, key: Uint8Array, keyBytes: number): number {
  const { arena, points, ranges } = writes
  const position = findRecord(points, arena, key, 0, keyBytes)
  if (position >= 0) {
    const record = recordAt(points, position)
    return arena.hasValue(record) ? record : DELETED
  }
  if (ranges.recordCount === 0) return NOT_WRITTEN
  return coveringRange(writes, key, keyBytes) >= 0 ? DELETED : NOT_WRITTEN
}

/** Returns the record of the deleted range that contains a key, or -1. */
export function coveringRange(writes: Writes, key: Uint8Array, keyBytes: number): number {
  const { arena, ranges } = writes
  const found = findRecord(ranges, arena, key, 0, keyBytes)
  if (found >= 0) return recordAt(ranges, found)
  const record = recordAt(ranges, positionBefore(ranges, ~found))
  if (record < 0) return -1
  if (!arena.hasValue(record)) return record
  return arena.compareValue(record, key, 0, keyBytes) > 0 ? record : -1
}

/** Reports whether a range that begins below a bound ends at or above it. */
function reaches(arena: RecordArena, record: number, bound: Uint8Array): boolean {
  if (record < 0) return false
  if (!arena.hasValue(record)) return true
  return arena.compareValue(record, bound, 0, bound.length) >= 0
}
