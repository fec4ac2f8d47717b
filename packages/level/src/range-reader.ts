import { encodeUtf8, isLdbError } from '@ldb/base'
import type { Cursor, RangeOptions, Snapshot } from '@ldb/core'
import type { FormatData, IteratedReads } from './encoded-views.js'
import { decodeLossy } from './lossy-utf8.js'
import { abortError, levelError, toLevelError } from './level-error.js'
import { isWithin, rangeOf } from './level-range.js'
import type { LevelRange } from './level-range.js'
import { isSliceOver, yieldThread } from './yield-node.js'

/** Options of an iterator, as abstract-level passes them. */
export interface IteratorOptions extends LevelRange {
  readonly keys?: boolean
  readonly values?: boolean
  readonly keyEncoding: string
  readonly valueEncoding?: string
  readonly signal?: AbortSignal | undefined
}

/** The state that an iterator reads. */
export interface IteratedState {
  readonly reads: IteratedReads
  /** Released with the iterator; `undefined` when the application owns the snapshot. */
  readonly snapshot: Snapshot | undefined
}

type EntryCursor = Cursor<FormatData, FormatData>

/** Returns what an iterator yields for the entry of a cursor. */
export type PickItem<T> = (cursor: EntryCursor) => T

/** Items between two looks at the clock. */
const ITEMS_A_LOOK = 128

/**
 * The position of an iterator: a cursor over its range, in the state at its creation, and the move that comes next.
 *
 * @remarks Moves are synchronous: a page that is not in the cache is read in the calling thread. The thread is yielded between time slices.
 */
export class RangeReader<T> {
  /** `undefined` over a snapshot that is closed: abstract-level refuses every read of it. */
  readonly #state: IteratedState | undefined
  readonly #range: RangeOptions<FormatData>
  readonly #isText: boolean
  readonly #signal: AbortSignal | undefined
  readonly #pick: PickItem<T>
  #cursor: EntryCursor | undefined = undefined
  #isEnded = false
  /** Key at which the next move arrives; `undefined` for the entry after the last one. */
  #target: FormatData | undefined = undefined
  /** Where the cursor started: at this key, or at the first entry, and how many entries it has moved on. */
  #origin: FormatData | undefined = undefined
  #moveCount = -1
  #sinceLook = 0

  constructor(state: IteratedState | undefined, options: IteratorOptions, pick: PickItem<T>) {
    this.#state = state
    this.#range = rangeOf(options)
    this.#isText = options.keyEncoding === 'utf8'
    this.#signal = options.signal
    this.#pick = pick
    if (state === undefined) return
    try {
      this.#cursor = state.reads.strict.cursor(this.#range)
    } catch (error) {
      state.snapshot?.release()
      throw toLevelError(error)
    }
  }

  /** Returns the next item, or `undefined` at the end. */
  async next(): Promise<T | undefined> {
    const [item] = await this.nextMany(1)
    return item
  }

  /** Returns up to `count` items; none at the end. */
  async nextMany(count: number): Promise<T[]> {
    const items: T[] = []
    try {
      const signal = this.#signal
      // A signal that is aborted after the call ends the read.
      if (signal !== undefined) await Promise.resolve()
      while (items.length < count && !this.#isEnded) {
        if (++this.#sinceLook >= ITEMS_A_LOOK) {
          this.#sinceLook = 0
          if (isSliceOver()) await yieldThread()
          if (signal?.aborted === true) break
        }
        if (this.#move()) items.push(this.#pickCurrent())
        else this.#isEnded = true
      }
      if (signal?.aborted === true) throw abortError()
      return items
    } catch (error) {
      throw toLevelError(error)
    }
  }

  /** Makes the first item at or after a key the next one; none if the key is not within the range. */
  seek(target: FormatData): void {
    this.#target = this.#isText
      ? typeof target === 'string'
        ? target
        : decodeLossy(target)
      : typeof target === 'string'
        ? encodeUtf8(target)
        : // The caller may write to its bytes before the next move.
          target.slice()
    this.#isEnded = !isWithin(target, this.#range)
  }

  /** Releases the state. */
  async close(): Promise<void> {
    try {
      this.#cursor?.close()
      this.#state?.snapshot?.release()
    } catch (error) {
      throw toLevelError(error)
    }
  }

  #move(): boolean {
    const cursor = this.#openCursor()
    const target = this.#target
    if (target !== undefined) {
      this.#target = undefined
      this.#origin = target
      this.#moveCount = 0
      return cursor.seek(target)
    }
    return ++this.#moveCount === 0 ? cursor.first() : cursor.next()
  }

  #pickCurrent(): T {
    try {
      return this.#pick(this.#openCursor())
    } catch (error) {
      if (!isLdbError(error, 'LDB_INVALID_ARGUMENT')) throw error
      this.#continueLossy()
      return this.#pick(this.#openCursor())
    }
  }

  /** Goes on with a cursor that replaces what is not UTF-8, from the entry that was not. Slower by a third. */
  #continueLossy(): void {
    const cursor = (this.#state as IteratedState).reads.lossy.cursor(this.#range)
    if (this.#origin === undefined) cursor.first()
    else cursor.seek(this.#origin)
    for (let i = 0; i < this.#moveCount; i++) cursor.next()
    this.#cursor?.close()
    this.#cursor = cursor
  }

  #openCursor(): EntryCursor {
    if (this.#cursor === undefined) throw levelError('LEVEL_SNAPSHOT_NOT_OPEN', 'Snapshot is not open')
    return this.#cursor
  }
}
