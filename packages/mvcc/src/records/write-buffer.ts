import { compareBytes } from '@ldb/base'
import type { WriteBatch } from '@ldb/base'
import type { RecordArena } from './record-arena.js'
import {
  endPlace,
  findRecord,
  placeAfter,
  placeAtOrAfter,
  placeBefore,
  recordAt,
  RecordIndex,
} from './record-index.js'
import type { FrozenIndex } from './record-index.js'

/** The key was not written. */
export const NOT_WRITTEN = -1
/** The key was deleted. */
export const DELETED = -2

/**
 * What was written to one keyspace, as it comes to in the end: deleted ranges, which lie apart, and over them single
 * keys, each put or deleted.
 */
export interface Writes {
  readonly arena: RecordArena
  /** Key and value; without value, the key was deleted. */
  readonly points: FrozenIndex
  /** Lower and upper bound; without value, no upper bound. */
  readonly ranges: FrozenIndex
}

/** The growing writes to one keyspace. */
export class WriteBuffer implements Writes {
  arena: RecordArena
  readonly points: RecordIndex = new RecordIndex()
  readonly ranges: RecordIndex = new RecordIndex()
  /** Bytes of the records that the indexes reach. */
  liveBytes = 0
  readonly #forget = (offset: number): void => {
    this.liveBytes -= this.arena.sizeOf(offset)
  }

  constructor(arena: RecordArena) {
    this.arena = arena
  }

  get isEmpty(): boolean {
    return this.points.recordCount === 0 && this.ranges.recordCount === 0
  }

  /** Writes a key; without a value, deletes it. */
  set(key: Uint8Array, keyBytes: number, value: Uint8Array | undefined, valueBytes: number): void {
    this.#put(this.points, this.arena.add(key, keyBytes, value, valueBytes))
  }

  /** Deletes a range that is not empty, and what was put in it. */
  deleteRange(lower: Uint8Array, upper: Uint8Array | undefined): void {
    const { arena, points, ranges } = this
    const end = (index: FrozenIndex, bound: Uint8Array | undefined): number =>
      bound === undefined ? endPlace(index) : placeAtOrAfter(index, arena, bound)

    // One range takes the place of all that it overlaps or touches.
    let first = findRecord(ranges, arena, lower, 0, lower.length)
    if (first < 0) {
      const before = placeBefore(ranges, ~first)
      first = reaches(arena, recordAt(ranges, before), lower) ? before : placeAtOrAfter(ranges, arena, lower)
    }
    let from = lower
    let to = upper
    let place = first
    for (let record = recordAt(ranges, place); record >= 0; record = recordAt(ranges, place)) {
      if (to !== undefined && arena.compareKey(record, to, 0, to.length) > 0) break
      if (place === first && arena.compareKey(record, from, 0, from.length) < 0) from = arena.key(record)
      const recordUpper = arena.value(record)
      if (to !== undefined && (recordUpper === undefined || compareBytes(recordUpper, to) > 0))
        to = recordUpper
      place = placeAfter(ranges, place)
    }
    // Nothing has changed until the record is there: this may throw.
    const record = arena.add(from, from.length, to, to?.length ?? 0)
    ranges.removeSpan(first, place, this.#forget)
    this.#put(ranges, record)
    points.removeSpan(placeAtOrAfter(points, arena, lower), end(points, upper), this.#forget)
  }

  /** Copies what the indexes reach into another arena. */
  moveTo(target: RecordArena): void {
    const source = this.arena
    for (const index of [this.points, this.ranges]) {
      const offsets: number[] = []
      for (let place = 0; recordAt(index, place) >= 0; place = placeAfter(index, place)) {
        offsets.push(target.addFrom(source, recordAt(index, place)))
      }
      index.removeSpan(0, endPlace(index), () => undefined)
      for (const offset of offsets) index.set(target, offset)
    }
    this.arena = target
  }

  /** Adds the writes to a batch: ranges first, because keys lie over them. */
  encodeInto(batch: WriteBatch, keyspaceId: number): void {
    const { arena, points, ranges } = this
    for (let place = 0, record = recordAt(ranges, 0); record >= 0; record = recordAt(ranges, place)) {
      batch.deleteRange(keyspaceId, arena.key(record), arena.value(record))
      place = placeAfter(ranges, place)
    }
    for (let place = 0, record = recordAt(points, 0); record >= 0; record = recordAt(points, place)) {
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
      place = placeAfter(points, place)
    }
  }

  #put(index: RecordIndex, offset: number): void {
    const before = index.set(this.arena, offset)
    this.liveBytes += this.arena.sizeOf(offset)
    if (before >= 0) this.#forget(before)
  }
}

/** Returns the record that puts a key, or says that it was deleted or not written. */
export function findWrite(writes: Writes, key: Uint8Array, keyBytes: number): number {
  const { arena, points, ranges } = writes
  const place = findRecord(points, arena, key, 0, keyBytes)
  if (place >= 0) {
    const record = recordAt(points, place)
    return arena.hasValue(record) ? record : DELETED
  }
  if (ranges.recordCount === 0) return NOT_WRITTEN
  return rangeAround(writes, key, keyBytes) >= 0 ? DELETED : NOT_WRITTEN
}

/** Returns the record of the deleted range that a key lies in, or -1. */
export function rangeAround(writes: Writes, key: Uint8Array, keyBytes: number): number {
  const { arena, ranges } = writes
  const found = findRecord(ranges, arena, key, 0, keyBytes)
  if (found >= 0) return recordAt(ranges, found)
  const record = recordAt(ranges, placeBefore(ranges, ~found))
  if (record < 0) return -1
  if (!arena.hasValue(record)) return record
  return arena.compareValue(record, key, 0, keyBytes) > 0 ? record : -1
}

/** Reports whether a range that begins below a bound ends at it or above. */
function reaches(arena: RecordArena, record: number, bound: Uint8Array): boolean {
  if (record < 0) return false
  if (!arena.hasValue(record)) return true
  return arena.compareValue(record, bound, 0, bound.length) >= 0
}
