import { compareBytes, LdbError } from '@ldb/base'
import type { KeyBounds, StoreCursor, ValuePredicate } from '@ldb/base'
import { indexesWithin, lowerBound } from './sorted-array.js'
import type { ArrayEntry, SortedEntries } from './sorted-array.js'

/** A cursor over an immutable sorted array. Every move may be interrupted, before it changes anything. */
export class SortedArrayCursor implements StoreCursor {
  readonly #entries: SortedEntries
  readonly #start: number
  readonly #end: number
  readonly #interrupt: () => void
  /** Index of the current entry; -1 without one. */
  #index = -1
  #isClosed = false

  constructor(entries: SortedEntries, bounds: KeyBounds, interrupt: () => void) {
    this.#entries = entries
    const { start, end } = indexesWithin(entries, bounds)
    this.#start = start
    this.#end = end
    this.#interrupt = interrupt
  }

  get valid(): boolean {
    return this.#index >= 0
  }

  get key(): Uint8Array {
    return this.#current().key.slice()
  }

  get value(): Uint8Array {
    return this.#current().value.slice()
  }

  takeKey(): Uint8Array {
    return this.key
  }

  takeValue(): Uint8Array {
    return this.value
  }

  first(): boolean {
    return this.#moveTo(this.#start)
  }

  last(): boolean {
    return this.#moveTo(this.#end - 1)
  }

  seek(key: Uint8Array, keyBytes: number = key.length): boolean {
    return this.#moveTo(Math.max(this.#start, lowerBound(this.#entries, key.slice(0, keyBytes))))
  }

  seekBackward(key: Uint8Array, keyBytes: number = key.length): boolean {
    const sought = key.slice(0, keyBytes)
    const index = lowerBound(this.#entries, sought)
    const found = this.#entries[index]
    const isPresent = found !== undefined && compareBytes(found.key, sought) === 0
    return this.#moveTo(Math.min(this.#end - 1, isPresent ? index : index - 1))
  }

  next(): boolean {
    return this.valid ? this.#moveTo(this.#index + 1) : this.first()
  }

  previous(): boolean {
    return this.valid ? this.#moveTo(this.#index - 1) : this.last()
  }

  skipWhile(_direction: 1 | -1, isSkipped: ValuePredicate): number {
    const { value } = this
    return isSkipped(value, 0, value.length) ? ~0 : 0
  }

  close(): void {
    this.#isClosed = true
  }

  #moveTo(index: number): boolean {
    if (this.#isClosed) throw new LdbError('LDB_CLOSED', 'the cursor is closed')
    this.#interrupt()
    this.#index = index >= this.#start && index < this.#end ? index : -1
    return this.valid
  }

  #current(): ArrayEntry {
    const entry = this.#entries[this.#index]
    if (entry === undefined) throw new LdbError('LDB_INVALID_ARGUMENT', 'the cursor has no current entry')
    return entry
  }
}
