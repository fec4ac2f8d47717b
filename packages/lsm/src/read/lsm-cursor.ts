import {
  compareByteRanges,
  compareBytes,
  copyBytesInto,
  invalidArgument,
  LdbError,
  ownBounds,
} from '@ldb/base'
import type { KeyBounds, StoreCursor, ValuePredicate } from '@ldb/base'
import { DeletedRun } from '../empty/deleted-run.js'
import type { EmptyRanges } from '../empty/empty-ranges.js'
import { compareKey, STAMP_MAX } from '../entry/entry.js'
import type { Entry } from '../entry/entry.js'
import type { Tombstones } from '../entry/tombstones.js'
import { EntryKind } from '../format.js'
import { boundAfter, isBelow } from '../table/table-meta.js'
import { MergingCursor } from './merging-cursor.js'
import type { ReadState } from './read-state.js'
import type { ValueSlab } from './value-slab.js'

const NO_BYTES = new Uint8Array(0)

/**
 * A position in a snapshot: of all versions of a key the newest up to the stamp of the snapshot, unless it is a delete or covered by a
 * range tombstone.
 *
 * @remarks In a forward walk the merging cursor is at the current entry, in a backward walk before all versions of the current key.
 */
export class LsmCursor implements StoreCursor {
  readonly #merged: MergingCursor
  readonly #tombstones: readonly Tombstones[]
  readonly #stamp: number
  readonly #deleted: DeletedRun
  readonly #lower: Uint8Array
  readonly #upper: Uint8Array | undefined
  readonly #slab: ValueSlab
  readonly #onClose: (cursor: LsmCursor) => void
  #state: 'none' | 'forward' | 'backward' = 'none'
  #isClosed = false
  /** Copy of the current key, or of the last key that was walked over. */
  #key: Uint8Array = new Uint8Array(64)
  #keyBytes = 0
  #valueBuffer: Uint8Array = NO_BYTES
  /** Values of a backward walk. */
  #ownValue: Uint8Array = NO_BYTES
  #valueStart = 0
  #valueEnd = 0

  /**
   * @param stamp - versions with a greater stamp are ignored.
   * @param emptyRanges - ranges of the store in which cursors have found nothing.
   * @param slab - for the keys and values that are taken.
   * @param onClose - called once, when the cursor is closed.
   */
  constructor(
    state: ReadState,
    stamp: number,
    bounds: KeyBounds | undefined,
    emptyRanges: EmptyRanges,
    slab: ValueSlab,
    onClose: (cursor: LsmCursor) => void,
  ) {
    const { lower, upper } = bounds === undefined ? {} : ownBounds(bounds)
    this.#lower = lower === undefined ? NO_BYTES : lower.slice()
    this.#upper = upper?.slice()
    const range = { lower: this.#lower, upper: this.#upper }
    this.#tombstones = state.tombstones(range)
    this.#merged = new MergingCursor(state.cursors(range))
    this.#stamp = stamp
    this.#deleted = new DeletedRun(emptyRanges, stamp)
    this.#slab = slab
    this.#onClose = onClose
  }

  get valid(): boolean {
    return this.#state !== 'none'
  }

  get key(): Uint8Array {
    this.#assertEntry()
    return this.#key.subarray(0, this.#keyBytes)
  }

  get value(): Uint8Array {
    this.#assertEntry()
    return this.#valueBuffer.subarray(this.#valueStart, this.#valueEnd)
  }

  takeKey(): Uint8Array {
    this.#assertEntry()
    return this.#slab.copy(this.#key, 0, this.#keyBytes)
  }

  takeValue(): Uint8Array {
    this.#assertEntry()
    return this.#slab.copy(this.#valueBuffer, this.#valueStart, this.#valueEnd)
  }

  first(): boolean {
    return this.seek(this.#lower)
  }

  last(): boolean {
    this.#begin()
    if (this.#upper === undefined) this.#merged.last()
    else this.#merged.seekBackward(this.#upper, this.#upper.length, STAMP_MAX)
    return this.#findBackward()
  }

  seek(key: Uint8Array, keyBytes: number = key.length): boolean {
    this.#begin()
    const isBelow = compareByteRanges(key, 0, keyBytes, this.#lower, 0, this.#lower.length) < 0
    if (isBelow) this.#merged.seek(this.#lower, this.#lower.length, STAMP_MAX)
    else this.#merged.seek(key, keyBytes, STAMP_MAX)
    return this.#findForward(false)
  }

  seekBackward(key: Uint8Array, keyBytes: number = key.length): boolean {
    const upper = this.#upper
    if (upper !== undefined && compareByteRanges(key, 0, keyBytes, upper, 0, upper.length) >= 0)
      return this.last()
    this.#begin()
    this.#merged.seekBackward(key, keyBytes, 0)
    return this.#findBackward()
  }

  next(): boolean {
    const state = this.#state
    if (state === 'none') return this.first()
    this.#begin()
    if (state === 'forward') {
      this.#merged.next()
      return this.#findForward(true)
    }
    this.#merged.seek(this.#key, this.#keyBytes, 0)
    return this.#findForward(false)
  }

  previous(): boolean {
    const state = this.#state
    if (state === 'none') return this.last()
    this.#begin()
    if (state === 'forward') this.#merged.seekBackward(this.#key, this.#keyBytes, STAMP_MAX)
    return this.#findBackward()
  }

  /** Looks at the current entry only: to skip entries without I/O, the sources would have to be merged twice. */
  skipWhile(_direction: 1 | -1, isSkipped: ValuePredicate): number {
    this.#assertEntry()
    return isSkipped(this.#valueBuffer, this.#valueStart, this.#valueEnd) ? ~0 : 0
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#state = 'none'
    this.#merged.release()
    this.#onClose(this)
  }

  /** Moves forward from the merged entry to the next visible one. @param isKeyDone - the versions of `#key` are skipped. */
  #findForward(isKeyDone: boolean): boolean {
    const merged = this.#merged
    for (; merged.isValid; merged.next()) {
      const { entry } = merged
      if (entry.stamp > this.#stamp) continue
      if (isKeyDone && compareKey(entry, this.#key, this.#keyBytes) === 0) continue
      if (this.#isAboveBounds(entry)) return false
      this.#copyKey(entry)
      if (entry.kind === EntryKind.Delete || this.#isCovered(entry.stamp)) return this.#findBehindDeleted()
      this.#takeValue(entry)
      this.#state = 'forward'
      return true
    }
    return false
  }

  /**
   * Moves forward from the merged entry, which deletes `#key`, to the next visible one. Apart from `#findForward`, which is small enough for
   * the compiler to inline what it calls.
   */
  #findBehindDeleted(): boolean {
    const merged = this.#merged
    const deleted = this.#deleted
    deleted.begin()
    for (;;) {
      const empty = deleted.note(this.#key, this.#keyBytes)
      if (empty === undefined) merged.next()
      else if (empty.upper !== undefined && isBelow(empty.upper, this.#upper)) {
        merged.seek(empty.upper, empty.upper.length, STAMP_MAX)
      } else break
      while (merged.isValid && this.#isPassed(merged.entry)) merged.next()
      if (!merged.isValid || this.#isAboveBounds(merged.entry)) break
      const { entry } = merged
      this.#copyKey(entry)
      if (entry.kind !== EntryKind.Delete && !this.#isCovered(entry.stamp)) {
        if (deleted.isLong) deleted.endForward(this.#key.slice(0, this.#keyBytes))
        this.#takeValue(entry)
        this.#state = 'forward'
        return true
      }
    }
    if (deleted.isLong) deleted.endForward(this.#upper)
    return false
  }

  /** Reports whether an entry is newer than the snapshot, or a version of the key that was walked over. */
  #isPassed(entry: Entry): boolean {
    return entry.stamp > this.#stamp || compareKey(entry, this.#key, this.#keyBytes) === 0
  }

  /** Moves backward from the merged entry to the previous visible one. */
  #findBackward(): boolean {
    const merged = this.#merged
    const deleted = this.#deleted
    deleted.begin()
    while (merged.isValid) {
      if (this.#isBelowBounds(merged.entry)) break
      this.#copyKey(merged.entry)
      // The versions come from the oldest to the newest.
      let stamp = 0
      let kind: EntryKind = EntryKind.Delete
      for (; merged.isValid && compareKey(merged.entry, this.#key, this.#keyBytes) === 0; merged.previous()) {
        const { entry } = merged
        if (entry.stamp > this.#stamp) continue
        ;({ stamp, kind } = entry)
        this.#copyValue(entry)
      }
      if (kind !== EntryKind.Delete && !this.#isCovered(stamp)) {
        if (deleted.isLong) deleted.endBackward(boundAfter(this.#key.subarray(0, this.#keyBytes)))
        this.#state = 'backward'
        return true
      }
      const empty = deleted.note(this.#key, this.#keyBytes)
      if (empty === undefined) continue
      if (compareBytes(empty.lower, this.#lower) <= 0) break
      merged.seekBackward(empty.lower, empty.lower.length, STAMP_MAX)
    }
    if (deleted.isLong) deleted.endBackward(this.#lower)
    return false
  }

  /** Reports whether a range tombstone deletes the version of `#key` with a stamp. */
  #isCovered(stamp: number): boolean {
    for (const tombstones of this.#tombstones) {
      if (tombstones.coverOf(this.#key, 0, this.#keyBytes, this.#stamp) > stamp) return true
    }
    return false
  }

  #isAboveBounds({ keyBuffer, keyStart, keyEnd }: Entry): boolean {
    const upper = this.#upper
    return upper !== undefined && compareByteRanges(keyBuffer, keyStart, keyEnd, upper, 0, upper.length) >= 0
  }

  #isBelowBounds({ keyBuffer, keyStart, keyEnd }: Entry): boolean {
    return compareByteRanges(keyBuffer, keyStart, keyEnd, this.#lower, 0, this.#lower.length) < 0
  }

  #takeValue({ valueBuffer, valueStart, valueEnd }: Entry): void {
    this.#valueBuffer = valueBuffer
    this.#valueStart = valueStart
    this.#valueEnd = valueEnd
  }

  /** Copies the value, for a walk that leaves the block which contains it. */
  #copyValue({ valueBuffer, valueStart, valueEnd }: Entry): void {
    const byteCount = valueEnd - valueStart
    if (byteCount > this.#ownValue.length) this.#ownValue = new Uint8Array(2 * byteCount)
    copyBytesInto(this.#ownValue, 0, valueBuffer, valueStart, valueEnd)
    this.#valueBuffer = this.#ownValue
    this.#valueStart = 0
    this.#valueEnd = byteCount
  }

  #copyKey({ keyBuffer, keyStart, keyEnd }: Entry): void {
    const keyBytes = keyEnd - keyStart
    // A key that was handed out stays as it is only until the next move: the buffer is used again.
    if (keyBytes > this.#key.length) this.#key = new Uint8Array(2 * keyBytes)
    copyBytesInto(this.#key, 0, keyBuffer, keyStart, keyEnd)
    this.#keyBytes = keyBytes
  }

  /** Begins a move: there is no current entry until it has succeeded. */
  #begin(): void {
    if (this.#isClosed) throw new LdbError('LDB_CLOSED', 'the cursor is closed')
    this.#state = 'none'
  }

  #assertEntry(): void {
    if (this.#isClosed) throw new LdbError('LDB_CLOSED', 'the cursor is closed')
    if (this.#state === 'none') throw invalidArgument('the cursor has no current entry')
  }
}
