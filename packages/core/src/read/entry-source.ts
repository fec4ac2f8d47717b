import type { ResolvedRange, StoreCursor } from '@ldb/base'
import type { KeyspaceCodec } from '../keyspace/codec.js'
import type { LastEnded } from './last-ended.js'
import type { ReadLease } from './open-reads.js'
import type { ReadPin, ReadSource } from './read-source.js'
import { SCAN_END } from './scan-source.js'
import type { ScanSource } from './scan-source.js'

/** The part of each entry that a scan returns. */
export type EntryPart = 'entry' | 'key' | 'value'

/**
 * The entries of a range in the state at construction (S1). Releases the pinned state after the last entry, on close,
 * and when the database closes (S2).
 */
export class EntrySource<K, V, T> implements ScanSource<T> {
  /** The scan of this source, retained at its end. */
  scan: unknown = undefined
  readonly #lastEnded: LastEnded
  readonly #source: ReadSource
  readonly #pin: ReadPin
  readonly #lease: ReadLease | undefined
  readonly #codec: KeyspaceCodec<K, V>
  readonly #range: ResolvedRange
  readonly #part: EntryPart
  #cursor: StoreCursor | undefined = undefined
  /** Entries that are not returned yet. */
  #remaining: number
  #isEnded = false

  constructor(
    source: ReadSource,
    codec: KeyspaceCodec<K, V>,
    range: ResolvedRange,
    part: EntryPart,
    lastEnded: LastEnded,
  ) {
    this.#lastEnded = lastEnded
    this.#source = source
    this.#codec = codec
    this.#range = range
    this.#part = part
    this.#remaining = range.empty ? 0 : range.limit
    this.#pin = source.acquire()
    this.#lease = source.registerRead('scan', this.#pin, this)
    if (this.#remaining === 0) this.#end()
  }

  pull(): T | typeof SCAN_END {
    if (this.#isEnded) return SCAN_END
    // The close of the database releases the pin: later calls throw LDB_CLOSED.
    this.#pin.assertPinned()
    const cursor = this.#cursor
    const found =
      cursor === undefined ? this.#start() : this.#range.reverse ? cursor.previous() : cursor.next()
    if (!found) {
      this.#end()
      return SCAN_END
    }
    const result = this.#read()
    if (--this.#remaining === 0) this.#end()
    return result
  }

  close(): void {
    this.#end()
  }

  /** Moves to the first entry after the offset. */
  #start(): boolean {
    const { offset, reverse } = this.#range
    const cursor = this.#pin.openCursor(this.#range)
    this.#cursor = cursor
    let found = reverse ? cursor.last() : cursor.first()
    for (let left = offset; found && left > 0; left--) found = reverse ? cursor.previous() : cursor.next()
    return found
  }

  #read(): T {
    const cursor = this.#cursor as StoreCursor
    const codec = this.#codec
    if (this.#part === 'key') return codec.keyAt(cursor) as unknown as T
    if (this.#part === 'value') return codec.valueAt(cursor) as unknown as T
    const key = codec.keyAt(cursor)
    return pairOf(key, codec.valueAt(cursor)) as unknown as T
  }

  #end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    if (this.#cursor !== undefined) this.#pin.closeCursor(this.#cursor)
    this.#source.closeRead(this.#lease)
    if (this.scan !== undefined) this.#lastEnded.scan = this.scan
  }
}

/**
 * Returns its arguments as an array. V8 may pretenure an array literal by its allocation site: each pair is then
 * allocated in the old space and keeps its key and value alive, which makes a scan four times slower.
 */
function pairOf(...pair: [key: unknown, value: unknown]): unknown[] {
  return pair
}
