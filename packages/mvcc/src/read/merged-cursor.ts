import { copyBytes, invalidArgument, LdbError } from '@ldb/base'
import type { KeyBounds, StoreCursor } from '@ldb/base'
import {
  endPlace,
  findRecord,
  placeAfter,
  placeAtOrAfter,
  placeBefore,
  recordAt,
} from '../records/record-index.js'
import { findWrite, NOT_WRITTEN, rangeAround } from '../records/write-buffer.js'
import type { Writes } from '../records/write-buffer.js'

/**
 * A place in a view of a store with a transaction's own writes over it (M3).
 *
 * Both sides stand on their next candidate in the direction of the last move: the base on an entry that is not written
 * over, the writes on a key that is put. The cursor stands on the nearer one; they are never on the same key.
 */
export class MergedCursor implements StoreCursor {
  readonly #base: StoreCursor
  readonly #writes: Writes
  readonly #lower: Uint8Array | undefined
  readonly #upper: Uint8Array | undefined
  /** Record of the candidate among the writes, or -1. */
  #record = -1
  /** Place of that record. */
  #place = 0
  #isForward = true
  /** The cursor stands on its own write, not on the base. */
  #onWrite = false
  #valid = false
  #closed = false

  /** @param base - over the same bounds; closed with this. */
  constructor(base: StoreCursor, writes: Writes, bounds: KeyBounds) {
    this.#base = base
    this.#writes = writes
    this.#lower = bounds.lower
    this.#upper = bounds.upper
  }

  get valid(): boolean {
    return this.#valid
  }

  get key(): Uint8Array {
    this.#assertValid()
    if (!this.#onWrite) return this.#base.key
    const { arena } = this.#writes
    const start = arena.keyStart(this.#record)
    return arena.bytes.subarray(start, start + arena.keyBytes(this.#record))
  }

  get value(): Uint8Array {
    this.#assertValid()
    if (!this.#onWrite) return this.#base.value
    const { arena } = this.#writes
    const start = arena.valueStart(this.#record)
    return arena.bytes.subarray(start, start + arena.valueBytes(this.#record))
  }

  takeKey(): Uint8Array {
    return copyBytes(this.key)
  }

  takeValue(): Uint8Array {
    return this.#onWrite ? copyBytes(this.value) : this.#base.takeValue()
  }

  first(): boolean {
    const { points, arena } = this.#writes
    this.#assertOpen()
    this.#base.first()
    return this.#settle(placeAtOrAfter(points, arena, this.#lower), true)
  }

  last(): boolean {
    const { points, arena } = this.#writes
    this.#assertOpen()
    this.#base.last()
    const end = this.#upper === undefined ? endPlace(points) : placeAtOrAfter(points, arena, this.#upper)
    return this.#settle(placeBefore(points, end), false)
  }

  seek(key: Uint8Array, keyBytes: number = key.length): boolean {
    const { points, arena } = this.#writes
    this.#assertOpen()
    this.#base.seek(key, keyBytes)
    const place = placeAtOrAfter(points, arena, key, keyBytes)
    return this.#settle(Math.max(place, placeAtOrAfter(points, arena, this.#lower)), true)
  }

  seekBackward(key: Uint8Array, keyBytes: number = key.length): boolean {
    const { points, arena } = this.#writes
    this.#assertOpen()
    this.#base.seekBackward(key, keyBytes)
    const found = findRecord(points, arena, key, 0, keyBytes)
    const place = found >= 0 ? found : placeBefore(points, ~found)
    const end = this.#upper === undefined ? endPlace(points) : placeAtOrAfter(points, arena, this.#upper)
    return this.#settle(place < end ? place : placeBefore(points, end), false)
  }

  next(): boolean {
    if (!this.#valid) return this.first()
    this.#assertOpen()
    if (!this.#isForward) return this.#turn()
    const { points } = this.#writes
    if (this.#onWrite) return this.#settle(placeAfter(points, this.#place), true)
    this.#base.next()
    return this.#settle(this.#place, true)
  }

  previous(): boolean {
    if (!this.#valid) return this.last()
    this.#assertOpen()
    if (this.#isForward) return this.#turn()
    const { points } = this.#writes
    if (this.#onWrite) return this.#settle(placeBefore(points, this.#place), false)
    this.#base.previous()
    return this.#settle(this.#place, false)
  }

  close(): void {
    this.#closed = true
    this.#valid = false
    this.#base.close()
  }

  /** Moves on in the other direction: both sides go to beyond the present key. */
  #turn(): boolean {
    const { points, arena } = this.#writes
    const base = this.#base
    const key = copyBytes(this.key)
    const found = findRecord(points, arena, key, 0, key.length)
    const toForward = !this.#isForward
    if (toForward) {
      if (base.seek(key) && !this.#onWrite) base.next()
      const place = found >= 0 ? placeAfter(points, found) : placeAtOrAfter(points, arena, key)
      return this.#settle(place, true)
    }
    if (base.seekBackward(key) && !this.#onWrite) base.previous()
    return this.#settle(placeBefore(points, found >= 0 ? found : ~found), false)
  }

  /** Brings both sides to a candidate, the writes from a place on, and stands on the nearer one. */
  #settle(from: number, isForward: boolean): boolean {
    this.#isForward = isForward
    this.#settleWrites(from)
    this.#settleBase()
    const base = this.#base
    if (!base.valid || this.#record < 0) {
      this.#onWrite = this.#record >= 0
      this.#valid = base.valid || this.#onWrite
      return this.#valid
    }
    const { key } = base
    const order = this.#writes.arena.compareKey(this.#record, key, 0, key.length)
    this.#onWrite = isForward ? order < 0 : order > 0
    this.#valid = true
    return true
  }

  /** Moves the writes on to a key that is put and within the bounds. */
  #settleWrites(from: number): void {
    const { arena, points } = this.#writes
    let place = from
    let record = recordAt(points, place)
    while (record >= 0 && !arena.hasValue(record)) {
      place = this.#isForward ? placeAfter(points, place) : placeBefore(points, place)
      record = recordAt(points, place)
    }
    if (record >= 0 && !this.#isWithin(record)) record = -1
    this.#place = place
    this.#record = record
  }

  #isWithin(record: number): boolean {
    const { arena } = this.#writes
    if (this.#isForward) {
      const upper = this.#upper
      return upper === undefined || arena.compareKey(record, upper, 0, upper.length) < 0
    }
    const lower = this.#lower
    return lower === undefined || arena.compareKey(record, lower, 0, lower.length) >= 0
  }

  /** Moves the base on to an entry that is not written over; over a deleted range in one step. */
  #settleBase(): void {
    const base = this.#base
    const writes = this.#writes
    while (base.valid) {
      const { key } = base
      if (findWrite(writes, key, key.length) === NOT_WRITTEN) return
      const range = rangeAround(writes, key, key.length)
      if (range < 0) {
        if (this.#isForward) base.next()
        else base.previous()
      } else if (this.#isForward) {
        const upper = writes.arena.value(range)
        if (upper === undefined) {
          // Nothing lies behind: the last entry, which the range covers, leads nowhere.
          if (base.last()) base.next()
        } else base.seek(upper)
      } else {
        const lower = writes.arena.key(range)
        // The lower bound itself is deleted too.
        if (base.seekBackward(lower) && rangeAround(writes, base.key, base.key.length) === range)
          base.previous()
      }
    }
  }

  #assertValid(): void {
    this.#assertOpen()
    if (!this.#valid) throw invalidArgument('the cursor stands on no entry')
  }

  #assertOpen(): void {
    if (this.#closed) throw new LdbError('LDB_CLOSED', 'the cursor is closed')
  }
}
