import { BatchReader, compareByteRanges, compareBytes, OperationKind, readU64, writeU64 } from '@ldb/base'
import type { KeyBounds, KeyspaceSection } from '@ldb/base'
import { RecordArena, recordBytes } from '../records/record-arena.js'
import {
  findRecord,
  positionAfter,
  positionAtOrAfter,
  recordAt,
  RecordIndex,
} from '../records/record-index.js'

const SEQ_BYTES = 8
/** Memory of a key besides its record. */
const INDEX_BYTES = 16
/** Memory of a range besides its bounds. */
const RANGE_BYTES = 200
/** Target size of a span: the limit divided by this, at least `SPAN_BYTES_MIN`. */
const SPAN_DIVISOR = 16
const SPAN_BYTES_MIN = 65_536

interface DeletedRange extends KeyBounds {
  seq: number
}

/** The writes of consecutive commits: each key and range with the newest commit that wrote it. */
interface WriteSpan {
  readonly arena: RecordArena
  readonly keys: Map<number, RecordIndex>
  readonly ranges: Map<number, DeletedRange[]>
  /** The newest commit in the span. */
  newestSeq: number
  bytes: number
}

/**
 * The writes of recent commits, retained for the conflict checks of open transactions (M26).
 *
 * They are grouped into spans of consecutive commits. The oldest writes are dropped by whole spans, so no key is ever removed
 * from an index.
 */
export class RecentWrites {
  /** Newest commit with dropped writes. Transactions that do not see it cannot be checked. */
  droppedSeq = 0
  bytes = 0
  /** Number of keys and ranges in all spans. */
  recordCount = 0
  readonly #bytesMax: number
  readonly #spanBytes: number
  readonly #reader: BatchReader = new BatchReader()
  readonly #seqBytes: Uint8Array = new Uint8Array(SEQ_BYTES)
  #spans: WriteSpan[] = []

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
    this.#spanBytes = Math.max(SPAN_BYTES_MIN, Math.floor(bytesMax / SPAN_DIVISOR))
  }

  /** Adds the writes of a commit. Commits must be added in ascending order of seq. */
  add(seq: number, sections: readonly KeyspaceSection[]): void {
    writeU64(this.#seqBytes, 0, seq)
    const reader = this.#reader
    for (const section of sections) {
      reader.reset(section)
      while (reader.next()) {
        // The commit itself exceeds the limit: transactions that do not see it cannot be checked.
        if (this.droppedSeq >= seq) return
        // (M31) The expired entry was already absent.
        if (reader.kind === OperationKind.Expire) continue
        const isRange = reader.kind === OperationKind.DeleteRange || reader.kind === OperationKind.DeleteFrom
        if (isRange) this.#addRange(section, seq)
        else this.#addKey(section, seq)
      }
    }
  }

  /**
   * Aborts the newest commit: its writes are attributed to the previous commit. Transactions that began before may fail
   * with a false conflict (M16); transactions that begin later do not.
   */
  abort(seq: number): void {
    if (this.droppedSeq === seq) this.droppedSeq = seq - 1
    for (const span of this.#spans) {
      if (span.newestSeq !== seq) continue
      const { arena } = span
      for (const keys of span.keys.values()) {
        for (let position = 0, record = recordAt(keys, 0); record >= 0; record = recordAt(keys, position)) {
          if (seqOf(span, record) === seq) writeU64(arena.bytes, arena.valueStart(record), seq - 1)
          position = positionAfter(keys, position)
        }
      }
      for (const ranges of span.ranges.values()) {
        for (const range of ranges) if (range.seq === seq) range.seq = seq - 1
      }
      span.newestSeq = seq - 1
    }
  }

  /** Drops the writes of commits up to `seq`, which all open transactions see. */
  trim(seq: number): void {
    while (this.#spans.length > 0 && (this.#spans[0] as WriteSpan).newestSeq <= seq) this.#dropOldest()
  }

  /** Reports whether a commit after `since` wrote the key `bytes[start, end)`. */
  hasKey(keyspaceId: number, bytes: Uint8Array, start: number, end: number, since: number): boolean {
    for (let index = this.#spans.length - 1; index >= 0; index--) {
      const span = this.#spans[index] as WriteSpan
      if (span.newestSeq <= since) return false
      const keys = span.keys.get(keyspaceId)
      if (keys !== undefined) {
        const position = findRecord(keys, span.arena, bytes, start, end)
        if (position >= 0 && seqOf(span, recordAt(keys, position)) > since) return true
      }
      const ranges = span.ranges.get(keyspaceId)
      if (ranges?.some((range) => range.seq > since && covers(range, bytes, start, end)) === true) return true
    }
    return false
  }

  /** Reports whether a commit after `since` wrote anything within the bounds. */
  hasRange(keyspaceId: number, bounds: KeyBounds, since: number): boolean {
    for (let index = this.#spans.length - 1; index >= 0; index--) {
      const span = this.#spans[index] as WriteSpan
      if (span.newestSeq <= since) return false
      if (hasKeyWithin(span, keyspaceId, bounds, since)) return true
      const ranges = span.ranges.get(keyspaceId)
      if (ranges?.some((range) => range.seq > since && overlaps(range, bounds)) === true) return true
    }
    return false
  }

  #addKey({ keyspaceId }: KeyspaceSection, seq: number): void {
    const { bytes, keyStart, keyEnd } = this.#reader
    const size = recordBytes(keyEnd - keyStart, SEQ_BYTES) + INDEX_BYTES
    const span = this.#spanFor(size, seq)
    if (span === undefined) return
    let keys = span.keys.get(keyspaceId)
    if (keys === undefined) {
      keys = new RecordIndex()
      span.keys.set(keyspaceId, keys)
    }
    const position = findRecord(keys, span.arena, bytes, keyStart, keyEnd)
    if (position >= 0) {
      writeU64(span.arena.bytes, span.arena.valueStart(recordAt(keys, position)), seq)
      return
    }
    const keyBytes = keyEnd - keyStart
    const key = bytes.subarray(keyStart, keyEnd)
    keys.insert(~position, span.arena.add(key, keyBytes, this.#seqBytes, SEQ_BYTES))
    this.#count(span, size)
  }

  #addRange({ keyspaceId }: KeyspaceSection, seq: number): void {
    const reader = this.#reader
    const lower = reader.key()
    const upper = reader.kind === OperationKind.DeleteRange ? reader.value() : undefined
    const size = RANGE_BYTES + lower.length + (upper?.length ?? 0)
    const span = this.#spanFor(size, seq)
    if (span === undefined) return
    const ranges = span.ranges.get(keyspaceId)
    if (ranges === undefined) span.ranges.set(keyspaceId, [{ lower, upper, seq }])
    else ranges.push({ lower, upper, seq })
    this.#count(span, size)
  }

  #count(span: WriteSpan, bytes: number): void {
    span.bytes += bytes
    this.bytes += bytes
    this.recordCount++
  }

  /** Returns the span for `size` more bytes; `undefined` when the commit itself exceeds the limit. Drops the oldest spans. */
  #spanFor(size: number, seq: number): WriteSpan | undefined {
    while (this.bytes + size > this.#bytesMax && this.#spans.length > 0) {
      this.droppedSeq = (this.#spans[0] as WriteSpan).newestSeq
      this.#dropOldest()
    }
    if (this.droppedSeq >= seq || size > this.#bytesMax) {
      this.droppedSeq = seq
      return undefined
    }
    let span = this.#spans.at(-1)
    // All writes of a commit are in one span. Splitting them would only retain the first span for longer.
    if (span === undefined || (span.bytes > this.#spanBytes && span.newestSeq !== seq)) {
      span = {
        arena: new RecordArena(this.#bytesMax),
        keys: new Map(),
        ranges: new Map(),
        newestSeq: seq,
        bytes: 0,
      }
      this.#spans.push(span)
    }
    span.newestSeq = seq
    return span
  }

  #dropOldest(): void {
    const span = this.#spans.shift()
    if (span === undefined) return
    this.bytes -= span.bytes
    for (const keys of span.keys.values()) this.recordCount -= keys.recordCount
    for (const ranges of span.ranges.values()) this.recordCount -= ranges.length
  }
}

function hasKeyWithin(
  span: WriteSpan,
  keyspaceId: number,
  { lower, upper }: KeyBounds,
  since: number,
): boolean {
  const keys = span.keys.get(keyspaceId)
  if (keys === undefined) return false
  const { arena } = span
  let position = positionAtOrAfter(keys, arena, lower)
  for (let record = recordAt(keys, position); record >= 0; record = recordAt(keys, position)) {
    if (upper !== undefined && arena.compareKey(record, upper, 0, upper.length) >= 0) return false
    if (seqOf(span, record) > since) return true
    position = positionAfter(keys, position)
  }
  return false
}

function seqOf({ arena }: WriteSpan, record: number): number {
  return readU64(arena.bytes, arena.valueStart(record))
}

function covers({ lower, upper }: KeyBounds, bytes: Uint8Array, start: number, end: number): boolean {
  return (
    (lower === undefined || compareByteRanges(bytes, start, end, lower, 0, lower.length) >= 0) &&
    (upper === undefined || compareByteRanges(bytes, start, end, upper, 0, upper.length) < 0)
  )
}

function overlaps(a: KeyBounds, b: KeyBounds): boolean {
  return (
    (a.upper === undefined || b.lower === undefined || compareBytes(b.lower, a.upper) < 0) &&
    (b.upper === undefined || a.lower === undefined || compareBytes(a.lower, b.upper) < 0)
  )
}
