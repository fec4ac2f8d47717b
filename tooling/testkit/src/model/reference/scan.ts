import { ExpectedError, formatItem } from '../commands/result.js'
import { flatMapped, lengthOf, partOf } from '../commands/scan-item.js'
import type { Item } from '../commands/scan-item.js'
import type { Move, ScanPart, Stage, TextRange } from '../commands/commands.js'
import { entriesOf, spanOf } from './sorted-entries.js'
import type { SortedEntries } from './sorted-entries.js'
import type { KeyConversion } from '../commands/conversions.js'

/** A snapshot or transaction. Reads through it fail after its release. */
export interface ViewOwner {
  readonly released: boolean
}

/** A view for a read: immutable entries and the owner whose release ends the view. */
export interface ReadView {
  readonly entries: SortedEntries
  readonly keys: KeyConversion
  /** Undefined for the live state. */
  readonly owner: ViewOwner | undefined
}

/** An open scan of the reference. */
export class ReferenceScan {
  readonly owner: ViewOwner | undefined
  readonly #pull: () => Item | undefined
  readonly #entries: readonly (readonly [string, string])[]
  readonly #part: ScanPart
  /** The scan closes itself after this many entries. */
  readonly #limit: number
  #at = 0
  #ended = false

  constructor(view: ReadView, part: ScanPart, range: TextRange, stages: readonly Stage[]) {
    const span = spanOf(view.entries, range, view.keys)
    this.owner = view.owner
    this.#entries = entriesOf(view.entries, range, span)
    this.#part = part
    this.#limit = range.limit ?? Infinity
    if (span.isEmpty) this.#ended = true
    let pull = (): Item | undefined => this.#source()
    for (const stage of stages) pull = this.#staged(stage, pull)
    this.#pull = pull
  }

  /** True when the scan pins no snapshot any more. */
  get ended(): boolean {
    return this.#ended
  }

  /** Returns the next item, or `undefined` at the end. */
  next(): Item | undefined {
    try {
      return this.#pull()
    } catch (error) {
      this.end()
      throw error
    }
  }

  end(): void {
    this.#ended = true
  }

  #source(): Item | undefined {
    if (this.#ended) return undefined
    if (this.owner?.released === true) throw new ExpectedError('LDB_CLOSED')
    const entry = this.#entries[this.#at]
    if (entry === undefined) {
      this.#ended = true
      return undefined
    }
    this.#at++
    if (this.#at === this.#limit) this.#ended = true
    return partOf(entry, this.#part)
  }

  #staged(stage: Stage, pull: () => Item | undefined): () => Item | undefined {
    const [name, count = 0] = stage
    let left = count
    if (name === 'map') {
      return () => {
        const item = pull()
        return item === undefined ? undefined : formatItem(item)
      }
    }
    if (name === 'filter') {
      return () => {
        let item = pull()
        while (item !== undefined && lengthOf(item) % 2 === 1) item = pull()
        return item
      }
    }
    if (name === 'flatMap') return flatMapStage(pull)
    if (name === 'drop') {
      return () => {
        for (; left > 0; left--) if (pull() === undefined) return undefined
        return pull()
      }
    }
    if (left === 0) this.#ended = true
    return () => {
      if (left === 0) return undefined
      const item = pull()
      if (--left === 0) this.#ended = true
      return item
    }
  }
}

/** Applies `flatMapped` to each item. */
function flatMapStage(pull: () => Item | undefined): () => Item | undefined {
  let waiting: Item[] = []
  return () => {
    for (;;) {
      const item = waiting.shift()
      if (item !== undefined) return item
      const next = pull()
      if (next === undefined) return undefined
      waiting = flatMapped(next)
    }
  }
}

/** A cursor of the reference: an index into a list, −1 when unpositioned. */
export class ReferenceCursor {
  readonly owner: ViewOwner | undefined
  readonly #entries: readonly (readonly [string, string])[]
  readonly #reverse: boolean
  #at = -1

  constructor(view: ReadView, range: TextRange) {
    this.owner = view.owner
    const span = spanOf(view.entries, range, view.keys)
    this.#entries = entriesOf(view.entries, range, span)
    this.#reverse = range.reverse === true
  }

  /** Moves the cursor and returns the entry at its new position. */
  move(move: Move, seekKey: string): readonly [string, string] | undefined {
    const last = this.#entries.length - 1
    if (typeof move === 'object') this.#at = this.#seek(seekKey)
    else if (move === 'first') this.#at = 0
    else if (move === 'last') this.#at = last
    else if (move === 'next') this.#at += 1
    else this.#at = this.#at === -1 ? last : this.#at - 1
    if (this.#at < 0 || this.#at > last) this.#at = -1
    return this.#entries[this.#at]
  }

  #seek(key: string): number {
    let low = 0
    let high = this.#entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const other = (this.#entries[middle] as readonly [string, string])[0]
      if (this.#reverse ? other > key : other < key) low = middle + 1
      else high = middle
    }
    return low
  }
}
