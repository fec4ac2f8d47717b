import type { EntryCursor } from '../entry/entry-cursor.js'
import type { Entry } from '../entry/entry.js'
import type { Memtable } from '../memtable/memtable.js'
import { MemtableCursor } from '../memtable/memtable-cursor.js'
import { MergingCursor } from '../read/merging-cursor.js'
import type { MergeSource } from './merge-source.js'

/** The entries of a frozen memtable. */
export class MemtableSource implements MergeSource {
  isNewKey = true
  readonly #cursor: EntryCursor

  constructor(memtable: Memtable) {
    const cursors = memtable.keyRuns().map((keys) => new MemtableCursor(memtable, keys))
    const [only] = cursors
    this.#cursor = only !== undefined && cursors.length === 1 ? only : new MergingCursor(cursors)
  }

  get isValid(): boolean {
    return this.#cursor.isValid
  }

  get entry(): Entry {
    return this.#cursor.entry
  }

  /** Moves to the first entry. Nothing is overwritten in a memtable. */
  first(): void {
    this.#cursor.first()
    this.isNewKey = true
  }

  next(): void {
    const cursor = this.#cursor
    const { keyStart } = cursor.entry
    cursor.next()
    // All versions of a key have one record of it.
    this.isNewKey = cursor.entry.keyStart !== keyStart
  }
}
