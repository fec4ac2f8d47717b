import type { ResolvedRange, StoreCursor } from '@ldb/base'
import type { KeyspaceCodec } from '../keyspace/codec.js'
import type { OpenRead } from './open-reads.js'
import type { ReadPin, ReadSource } from './read-source.js'
import { SCAN_END } from './scan-source.js'
import type { ScanSource } from './scan-source.js'

/** The part of each entry that a scan returns. */
export type EntryPart = 'entry' | 'key' | 'value'

/**
 * The entries of a range in the state at construction (S1). Releases the pinned state after the last entry, on close,
 * and when the database closes (S2).
 */
export class EntrySource<K, V, T> implements ScanSource<T>, OpenRead {
  readonly openedAtMs: number
  readonly seq: number
  readonly #source: ReadSource
  readonly #pin: ReadPin
  readonly #codec: KeyspaceCodec<K, V>
  readonly #range: ResolvedRange
  readonly #part: EntryPart
  #cursor: StoreCursor | undefined = undefined
  /** Entries that are not returned yet. */
  #remaining: number
  #state: 'open' | 'ended' | 'released' = 'open'

  constructor(source: ReadSource, codec: KeyspaceCodec<K, V>, range: ResolvedRange, part: EntryPart) {
    this.#source = source
    this.#codec = codec
    this.#range = range
    this.#part = part
    this.#remaining = range.empty ? 0 : range.limit
    this.#pin = source.acquire()
    this.seq = this.#pin.view.seq
    this.openedAtMs = source.registerRead(this)
    if (this.#remaining === 0) this.#end('ended')
  }

  pull(): T | typeof SCAN_END {
    if (this.#state === 'ended') return SCAN_END
    this.#pin.assertPinned()
    const cursor = this.#cursor
    const found =
      cursor === undefined ? this.#start() : this.#range.reverse ? cursor.previous() : cursor.next()
    if (!found) {
      this.#end('ended')
      return SCAN_END
    }
    const result = this.#read()
    if (--this.#remaining === 0) this.#end('ended')
    return result
  }

  close(): void {
    this.#end('ended')
  }

  /** Called when the database closes. Later calls of `pull` throw `LDB_CLOSED` instead of returning `SCAN_END`. */
  release(): void {
    this.#end('released')
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

  #end(state: 'ended' | 'released'): void {
    if (this.#state !== 'open') return
    this.#state = state
    if (this.#cursor !== undefined) this.#pin.closeCursor(this.#cursor)
    this.#source.unregisterRead(this)
    this.#source.releasePin(this.#pin)
  }
}

/**
 * Returns its arguments as an array. V8 may pretenure an array literal by its allocation site: each pair is then
 * allocated in the old space and keeps its key and value alive, which makes a scan four times slower.
 */
function pairOf(...pair: [key: unknown, value: unknown]): unknown[] {
  return pair
}
