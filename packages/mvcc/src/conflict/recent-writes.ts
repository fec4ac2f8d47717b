import { BatchReader, compareByteRanges, compareBytes, OperationKind, readU64, writeU64 } from '@ldb/base'
import type { KeyBounds, KeyspaceSection } from '@ldb/base'
import { RecordArena, recordBytes } from '../records/record-arena.js'
import { findRecord, placeAfter, placeAtOrAfter, recordAt, RecordIndex } from '../records/record-index.js'

const SEQ_BYTES = 8
/** What a key costs beside its record. */
const INDEX_BYTES = 16
/** What a range costs beside its bounds. */
const RANGE_BYTES = 200
/** A span of commits may take this share of the limit, and no less than `SPAN_BYTES_MIN`. */
const SPAN_SHARE = 16
const SPAN_BYTES_MIN = 65_536

interface DeletedRange extends KeyBounds {
  seq: number
}

/** What a few commits in a row have written: each key with the newest of them that wrote it. */
interface Span {
  readonly arena: RecordArena
  readonly keys: Map<number, RecordIndex>
  readonly ranges: Map<number, DeletedRange[]>
  /** The newest commit in it. */
  newestSeq: number
  bytes: number
}

/**
 * What was written by the commits that an open transaction does not see (M26).
 *
 * Kept in spans of commits, so that forgetting the oldest is dropping a span: no key is ever taken out of an index.
 */
export class RecentWrites {
  /** Transactions that see less than this commit cannot be checked any more. */
  forgottenSeq = 0
  bytes = 0
  /** Keys and ranges noted, in all spans. */
  noteCount = 0
  readonly #bytesMax: number
  readonly #spanBytes: number
  readonly #reader: BatchReader = new BatchReader()
  readonly #seqBytes: Uint8Array = new Uint8Array(SEQ_BYTES)
  #spans: Span[] = []

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
    this.#spanBytes = Math.max(SPAN_BYTES_MIN, Math.floor(bytesMax / SPAN_SHARE))
  }

  /** Notes all that a commit writes; commits come by rising seq. */
  add(seq: number, sections: readonly KeyspaceSection[]): void {
    writeU64(this.#seqBytes, 0, seq)
    const reader = this.#reader
    for (const section of sections) {
      reader.reset(section)
      while (reader.next()) {
        // Its own commit is larger than the limit: nobody who does not see it can be checked.
        if (this.forgottenSeq >= seq) return
        // (M31) It was absent before.
        if (reader.kind === OperationKind.Expire) continue
        const isRange = reader.kind === OperationKind.DeleteRange || reader.kind === OperationKind.DeleteFrom
        if (isRange) this.#addRange(section, seq)
        else this.#addKey(section, seq)
      }
    }
  }

  /**
   * The newest commit did not happen: what it wrote counts as written by the one before. Who began before that may fail
   * for nothing (M16), and who begins now does not.
   */
  abort(seq: number): void {
    if (this.forgottenSeq === seq) this.forgottenSeq = seq - 1
    for (const span of this.#spans) {
      if (span.newestSeq !== seq) continue
      const { arena } = span
      for (const keys of span.keys.values()) {
        for (let place = 0, record = recordAt(keys, 0); record >= 0; record = recordAt(keys, place)) {
          if (seqOf(span, record) === seq) writeU64(arena.bytes, arena.valueStart(record), seq - 1)
          place = placeAfter(keys, place)
        }
      }
      for (const ranges of span.ranges.values()) {
        for (const range of ranges) if (range.seq === seq) range.seq = seq - 1
      }
      span.newestSeq = seq - 1
    }
  }

  /** Forgets commits that everybody sees: up to this one. */
  trim(seq: number): void {
    while (this.#spans.length > 0 && (this.#spans[0] as Span).newestSeq <= seq) this.#dropOldest()
  }

  /** Reports whether a commit after `since` wrote the key `bytes[start, end)`. */
  hasKey(keyspaceId: number, bytes: Uint8Array, start: number, end: number, since: number): boolean {
    for (let index = this.#spans.length - 1; index >= 0; index--) {
      const span = this.#spans[index] as Span
      if (span.newestSeq <= since) return false
      const keys = span.keys.get(keyspaceId)
      if (keys !== undefined) {
        const place = findRecord(keys, span.arena, bytes, start, end)
        if (place >= 0 && seqOf(span, recordAt(keys, place)) > since) return true
      }
      const ranges = span.ranges.get(keyspaceId)
      if (ranges?.some((range) => range.seq > since && holds(range, bytes, start, end)) === true) return true
    }
    return false
  }

  /** Reports whether a commit after `since` wrote anything within the bounds. */
  hasRange(keyspaceId: number, bounds: KeyBounds, since: number): boolean {
    for (let index = this.#spans.length - 1; index >= 0; index--) {
      const span = this.#spans[index] as Span
      if (span.newestSeq <= since) return false
      if (hasKeyWithin(span, keyspaceId, bounds, since)) return true
      const ranges = span.ranges.get(keyspaceId)
      if (ranges?.some((range) => range.seq > since && overlap(range, bounds)) === true) return true
    }
    return false
  }

  #addKey({ keyspaceId }: KeyspaceSection, seq: number): void {
    const { bytes, keyStart, keyEnd } = this.#reader
    const room = recordBytes(keyEnd - keyStart, SEQ_BYTES) + INDEX_BYTES
    const span = this.#spanFor(room, seq)
    if (span === undefined) return
    let keys = span.keys.get(keyspaceId)
    if (keys === undefined) {
      keys = new RecordIndex()
      span.keys.set(keyspaceId, keys)
    }
    const place = findRecord(keys, span.arena, bytes, keyStart, keyEnd)
    if (place >= 0) {
      writeU64(span.arena.bytes, span.arena.valueStart(recordAt(keys, place)), seq)
      return
    }
    const keyBytes = keyEnd - keyStart
    const key = bytes.subarray(keyStart, keyEnd)
    keys.insert(~place, span.arena.add(key, keyBytes, this.#seqBytes, SEQ_BYTES))
    this.#count(span, room)
  }

  #addRange({ keyspaceId }: KeyspaceSection, seq: number): void {
    const reader = this.#reader
    const lower = reader.key()
    const upper = reader.kind === OperationKind.DeleteRange ? reader.value() : undefined
    const room = RANGE_BYTES + lower.length + (upper?.length ?? 0)
    const span = this.#spanFor(room, seq)
    if (span === undefined) return
    const ranges = span.ranges.get(keyspaceId)
    if (ranges === undefined) span.ranges.set(keyspaceId, [{ lower, upper, seq }])
    else ranges.push({ lower, upper, seq })
    this.#count(span, room)
  }

  #count(span: Span, bytes: number): void {
    span.bytes += bytes
    this.bytes += bytes
    this.noteCount++
  }

  /** Returns the span to write to; `undefined` when the commit itself is over the limit. */
  #spanFor(room: number, seq: number): Span | undefined {
    while (this.bytes + room > this.#bytesMax && this.#spans.length > 0) {
      this.forgottenSeq = (this.#spans[0] as Span).newestSeq
      this.#dropOldest()
    }
    if (this.forgottenSeq >= seq || room > this.#bytesMax) {
      this.forgottenSeq = seq
      return undefined
    }
    let span = this.#spans.at(-1)
    // A commit is not cut in two: its span would be kept for nothing, and the limit is checked as it grows.
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
    for (const keys of span.keys.values()) this.noteCount -= keys.recordCount
    for (const ranges of span.ranges.values()) this.noteCount -= ranges.length
  }
}

function hasKeyWithin(span: Span, keyspaceId: number, { lower, upper }: KeyBounds, since: number): boolean {
  const keys = span.keys.get(keyspaceId)
  if (keys === undefined) return false
  const { arena } = span
  let place = placeAtOrAfter(keys, arena, lower)
  for (let record = recordAt(keys, place); record >= 0; record = recordAt(keys, place)) {
    if (upper !== undefined && arena.compareKey(record, upper, 0, upper.length) >= 0) return false
    if (seqOf(span, record) > since) return true
    place = placeAfter(keys, place)
  }
  return false
}

function seqOf({ arena }: Span, record: number): number {
  return readU64(arena.bytes, arena.valueStart(record))
}

function holds({ lower, upper }: KeyBounds, bytes: Uint8Array, start: number, end: number): boolean {
  return (
    (lower === undefined || compareByteRanges(bytes, start, end, lower, 0, lower.length) >= 0) &&
    (upper === undefined || compareByteRanges(bytes, start, end, upper, 0, upper.length) < 0)
  )
}

function overlap(a: KeyBounds, b: KeyBounds): boolean {
  return (
    (a.upper === undefined || b.lower === undefined || compareBytes(b.lower, a.upper) < 0) &&
    (b.upper === undefined || a.lower === undefined || compareBytes(a.lower, b.upper) < 0)
  )
}
