import type { DriverKeyspace } from '../driver/driver-keyspace.js'
import type { DriverKey, DriverRange } from '../driver/driver-transaction.js'
import { compareBytes } from '@ldb/base'
import { nameOfKey } from './key-name.js'
import { RangeSet } from './range-set.js'
import type { Bounds } from './range-set.js'

interface KeyspaceReads {
  readonly keyspace: DriverKeyspace
  readonly keys: Map<string, DriverKey>
  readonly ranges: RangeSet
}

/** The keys and ranges that a transaction has read. */
export class ReadSet {
  readonly #keyspaces: Map<string, KeyspaceReads> = new Map()
  /** Number of keys and pages that were read. */
  count = 0

  addKey(keyspace: DriverKeyspace, key: Uint8Array): void {
    this.#of(keyspace).keys.set(nameOfKey(key), { keyspace, key })
    this.count++
  }

  addRange(keyspace: DriverKeyspace, range: Bounds): void {
    this.#of(keyspace).ranges.add(range)
    this.count++
  }

  /** Reports whether a key was read, alone or in a range. */
  has(keyspace: DriverKeyspace, key: Uint8Array): boolean {
    const reads = this.#keyspaces.get(keyspace.id)
    return reads !== undefined && (reads.keys.has(nameOfKey(key)) || reads.ranges.has(key))
  }

  keys(): DriverKey[] {
    return this.#sorted().flatMap(({ keys }) => [...keys.values()].sort((a, b) => compareBytes(a.key, b.key)))
  }

  ranges(): DriverRange[] {
    return this.#sorted().flatMap(({ keyspace, ranges }) =>
      ranges.ranges.map((range) => ({ keyspace, ...range })),
    )
  }

  #sorted(): KeyspaceReads[] {
    return [...this.#keyspaces.values()].sort((a, b) => (a.keyspace.id < b.keyspace.id ? -1 : 1))
  }

  #of(keyspace: DriverKeyspace): KeyspaceReads {
    let reads = this.#keyspaces.get(keyspace.id)
    if (reads === undefined) {
      reads = { keyspace, keys: new Map(), ranges: new RangeSet() }
      this.#keyspaces.set(keyspace.id, reads)
    }
    return reads
  }
}
