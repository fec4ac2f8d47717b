import { copyBytes, invalidArgument, LdbError } from '@ldb/base'
import type { KeyBounds, StoreCursor, ValuePredicate } from '@ldb/base'
import {
  endPosition,
  findRecord,
  positionAfter,
  positionAtOrAfter,
  positionBefore,
  recordAt,
} from '../records/record-index.js'
import { findWrite, NOT_WRITTEN, coveringRange } from '../records/write-buffer.js'
import type { Writes } from '../records/write-buffer.js'

/**
 * A merging cursor over a snapshot and the private writes of a transaction (M3).
 *
 * Both inputs are positioned on their next candidate in the direction of the last move: the base on an entry that is not
 * overwritten, the writes on a put. The cursor's entry is the nearer candidate. The candidates never have the same key.
 */
export class MergedCursor implements StoreCursor {
  readonly #base: StoreCursor
  readonly #writes: Writes
  readonly #lower: Uint8Array | undefined
  readonly #upper: Uint8Array | undefined
  /** Record of the candidate of the writes, or -1. */
  #record = -1
  /** Position of that record in the index. */
  #position = 0
  #isForward = true
  /** The current entry is a private write, not an entry of the base. */
  #onWrite = false
  #valid = false
  #closed = false

  /** @param base - a cursor with the same bounds; closed with this cursor. */
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
    return this.#select(positionAtOrAfter(points, arena, this.#lower), true)
  }

  last(): boolean {
    const { points, arena } = this.#writes
    this.#assertOpen()
    this.#base.last()
    const end =
      this.#upper === undefined ? endPosition(points) : positionAtOrAfter(points, arena, this.#upper)
    return this.#select(positionBefore(points, end), false)
  }

  seek(key: Uint8Array, keyBytes: number = key.length): boolean {
    const { points, arena } = this.#writes
    this.#assertOpen()
    this.#base.seek(key, keyBytes)
    const position = positionAtOrAfter(points, arena, key, keyBytes)
    return this.#select(Math.max(position, positionAtOrAfter(points, arena, this.#lower)), true)
  }

  seekBackward(key: Uint8Array, keyBytes: number = key.length): boolean {
    const { points, arena } = this.#writes
    this.#assertOpen()
    this.#base.seekBackward(key, keyBytes)
    const found = findRecord(points, arena, key, 0, keyBytes)
    const position = found >= 0 ? found : positionBefore(points, ~found)
    const end =
      this.#upper === undefined ? endPosition(points) : positionAtOrAfter(points, arena, this.#upper)
    return this.#select(position < end ? position : positionBefore(points, end), false)
  }

  next(): boolean {
    if (!this.#valid) return this.first()
    this.#assertOpen()
    if (!this.#isForward) return this.#reverse()
    const { points } = this.#writes
    if (this.#onWrite) return this.#select(positionAfter(points, this.#position), true)
    this.#base.next()
    return this.#select(this.#position, true)
  }

  previous(): boolean {
    if (!this.#valid) return this.last()
    this.#assertOpen()
    if (this.#isForward) return this.#reverse()
    const { points } = this.#writes
    if (this.#onWrite) return this.#select(positionBefore(points, this.#position), false)
    this.#base.previous()
    return this.#select(this.#position, false)
  }

  skipWhile(_direction: 1 | -1, isSkipped: ValuePredicate): number {
    const { value } = this
    return isSkipped(value, 0, value.length) ? ~0 : 0
  }

  close(): void {
    this.#closed = true
    this.#valid = false
    this.#base.close()
  }

  /** Moves in the opposite direction: repositions both inputs beyond the current key. */
  #reverse(): boolean {
    const { points, arena } = this.#writes
    const base = this.#base
    const key = copyBytes(this.key)
    const found = findRecord(points, arena, key, 0, key.length)
    const toForward = !this.#isForward
    if (toForward) {
      if (base.seek(key) && !this.#onWrite) base.next()
      const position = found >= 0 ? positionAfter(points, found) : positionAtOrAfter(points, arena, key)
      return this.#select(position, true)
    }
    if (base.seekBackward(key) && !this.#onWrite) base.previous()
    return this.#select(positionBefore(points, found >= 0 ? found : ~found), false)
  }

  /** Advances both inputs to their candidates, the writes from an index position, and selects the nearer one. */
  #select(from: number, isForward: boolean): boolean {
    this.#isForward = isForward
    this.#advanceWrites(from)
    this.#advanceBase()
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

  /** Advances the writes to the next put within the bounds. */
  #advanceWrites(from: number): void {
    const { arena, points } = this.#writes
    let position = from
    let record = recordAt(points, position)
    while (record >= 0 && !arena.hasValue(record)) {
      position = this.#isForward ? positionAfter(points, position) : positionBefore(points, position)
      record = recordAt(points, position)
    }
    if (record >= 0 && !this.#isWithin(record)) record = -1
    this.#position = position
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

  /** Advances the base to an entry that is not overwritten. Skips a deleted range with one seek. */
  #advanceBase(): void {
    const base = this.#base
    const writes = this.#writes
    while (base.valid) {
      const { key } = base
      if (findWrite(writes, key, key.length) === NOT_WRITTEN) return
      const range = coveringRange(writes, key, key.length)
      if (range < 0) {
        if (this.#isForward) base.next()
        else base.previous()
      } else if (this.#isForward) {
        const upper = writes.arena.value(range)
        if (upper === undefined) {
          // The range covers all remaining entries: move past the last one.
          if (base.last()) base.next()
        } else base.seek(upper)
      } else {
        const lower = writes.arena.key(range)
        // The lower bound is inclusive, so an entry at it is deleted, too.
        if (base.seekBackward(lower) && coveringRange(writes, base.key, base.key.length) === range)
          base.previous()
      }
    }
  }

  #assertValid(): void {
    this.#assertOpen()
    if (!this.#valid) throw invalidArgument('the cursor is not positioned on an entry')
  }

  #assertOpen(): void {
    if (this.#closed) throw new LdbError('LDB_CLOSED', 'the cursor is closed')
  }
}
