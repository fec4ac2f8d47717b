import { equalBytes, isWithinBounds } from '@ldb/base'
import type { DriverKeyspace } from '../driver/driver-keyspace.js'
import type { DriverRange, DriverWrite } from '../driver/driver-transaction.js'
import { lowerBound } from './key-order.js'
import { RangeSet } from './range-set.js'
import type { Bounds } from './range-set.js'

/** What a buffer knows of a key: its value, `undefined` for a deleted key, `'unwritten'` when the engine decides. */
export type BufferedValue = Uint8Array | undefined | 'unwritten'

/** The writes of one keyspace in an instant, which later writes do not change. */
export interface WritesView {
  /** Ascending by key, each key once. */
  readonly writes: readonly DriverWrite[]
  readonly deleted: readonly Bounds[]
}

/** The uncommitted writes to one keyspace, in the order of keys: later ones replace earlier ones. */
export class WriteBuffer {
  readonly keyspace: DriverKeyspace
  #writes: DriverWrite[]
  readonly #deleted: RangeSet
  /** A view shares the list, which is copied before the next change. */
  #isShared = false

  constructor(keyspace: DriverKeyspace, view: WritesView = { writes: [], deleted: [] }) {
    this.keyspace = keyspace
    this.#writes = [...view.writes]
    this.#deleted = new RangeSet(view.deleted)
  }

  /** Puts a key, or deletes it when `value` is `undefined`. */
  set(key: Uint8Array, value: Uint8Array | undefined): void {
    const write = { keyspace: this.keyspace, key, value }
    const writes = this.#own()
    const last = writes.at(-1)
    const index = lowerBound(writes, key)
    if (last !== undefined && index < writes.length && equalBytes((writes[index] as DriverWrite).key, key))
      writes[index] = write
    else writes.splice(index, 0, write)
  }

  /** Deletes a range, which is not empty, and discards the writes in it. */
  deleteRange(range: Bounds): void {
    this.#writes = this.#writes.filter(({ key }) => !isWithinBounds(key, range))
    this.#isShared = false
    this.#deleted.add(range)
  }

  get(key: Uint8Array): BufferedValue {
    const write = this.#writes[lowerBound(this.#writes, key)]
    if (write !== undefined && equalBytes(write.key, key)) return write.value
    return this.#deleted.has(key) ? undefined : 'unwritten'
  }

  /** Returns the writes as they are now. */
  view(): WritesView {
    this.#isShared = true
    return { writes: this.#writes, deleted: this.#deleted.ranges }
  }

  /** Returns what is left to do: a deletion in a deleted range needs no write. */
  commit(): { readonly writes: DriverWrite[]; readonly deletedRanges: DriverRange[] } {
    return {
      writes: this.#writes.filter(({ key, value }) => value !== undefined || !this.#deleted.has(key)),
      deletedRanges: this.#deleted.ranges.map((range) => ({ keyspace: this.keyspace, ...range })),
    }
  }

  #own(): DriverWrite[] {
    if (this.#isShared) this.#writes = [...this.#writes]
    this.#isShared = false
    return this.#writes
  }
}
