import { compareByteRanges } from '@ldb/base'
import type { EntryCursor } from '../entry/entry-cursor.js'
import { Entry } from '../entry/entry.js'
import type { Memtable } from './memtable.js'

/** A position in one run of keys of a memtable. */
export class MemtableCursor implements EntryCursor {
  readonly entry: Entry = new Entry()
  readonly #memtable: Memtable
  readonly #keys: Int32Array
  #index: number
  /** Position of the current version; 0 without a current entry. */
  #version: number

  constructor(memtable: Memtable, keys: Int32Array) {
    this.#memtable = memtable
    this.#keys = keys
    this.#index = 0
    this.#version = 0
  }

  get isValid(): boolean {
    return this.#version !== 0
  }

  first(): void {
    this.#enterNewest(0)
  }

  last(): void {
    this.#enterOldest(this.#keys.length - 1)
  }

  seek(key: Uint8Array, keyBytes: number, stamp: number): void {
    const index = this.#search(key, keyBytes)
    if (!this.#isAt(index, key, keyBytes)) {
      this.#enterNewest(index)
      return
    }
    const version = this.#memtable.versionUpTo(this.#memtable.newestOf(this.#keys[index]!), stamp)
    if (version === 0) this.#enterNewest(index + 1)
    else this.#enter(index, version)
  }

  seekBackward(key: Uint8Array, keyBytes: number, stamp: number): void {
    const index = this.#search(key, keyBytes)
    if (!this.#isAt(index, key, keyBytes)) {
      this.#enterOldest(index - 1)
      return
    }
    // The oldest version that is at least as new as the stamp.
    let found = 0
    let version = this.#memtable.newestOf(this.#keys[index]!)
    while (version !== 0 && this.#memtable.stampOf(version) >= stamp) {
      found = version
      version = this.#memtable.olderThan(version)
    }
    if (found === 0) this.#enterOldest(index - 1)
    else this.#enter(index, found)
  }

  next(): void {
    const older = this.#memtable.olderThan(this.#version)
    if (older === 0) this.#enterNewest(this.#index + 1)
    else this.#enter(this.#index, older)
  }

  previous(): void {
    const memtable = this.#memtable
    let version = memtable.newestOf(this.#keys[this.#index]!)
    if (version === this.#version) {
      this.#enterOldest(this.#index - 1)
      return
    }
    while (memtable.olderThan(version) !== this.#version) version = memtable.olderThan(version)
    this.#enter(this.#index, version)
  }

  release(): void {
    this.#version = 0
  }

  #enterNewest(index: number): void {
    if (index < this.#keys.length) this.#enter(index, this.#memtable.newestOf(this.#keys[index]!))
    else this.#version = 0
  }

  #enterOldest(index: number): void {
    if (index < 0) {
      this.#version = 0
      return
    }
    let version = this.#memtable.newestOf(this.#keys[index]!)
    for (let older = version; older !== 0; older = this.#memtable.olderThan(older)) version = older
    this.#enter(index, version)
  }

  #enter(index: number, version: number): void {
    const memtable = this.#memtable
    const { entry } = this
    const key = this.#keys[index]!
    this.#index = index
    this.#version = version
    entry.keyBuffer = memtable.bytes
    entry.keyStart = memtable.keyStart(key)
    entry.keyEnd = memtable.keyEnd(key)
    entry.valueBuffer = memtable.bytes
    entry.valueStart = memtable.valueStart(version)
    entry.valueEnd = memtable.valueEnd(version)
    entry.stamp = memtable.stampOf(version)
    entry.kind = memtable.kindOf(version)
  }

  #search(key: Uint8Array, keyBytes: number): number {
    return searchKeys(this.#memtable, this.#keys, key, keyBytes)
  }

  #isAt(index: number, key: Uint8Array, keyBytes: number): boolean {
    return index < this.#keys.length && this.#compareAt(index, key, keyBytes) === 0
  }

  #compareAt(index: number, key: Uint8Array, keyBytes: number): number {
    return compareTo(this.#memtable, this.#keys[index]!, key, keyBytes)
  }
}

/** Returns the index of the first key of a run that is not less than a key. */
export function searchKeys(memtable: Memtable, keys: Int32Array, key: Uint8Array, keyBytes: number): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareTo(memtable, keys[middle]!, key, keyBytes) < 0) low = middle + 1
    else high = middle
  }
  return low
}

function compareTo(memtable: Memtable, record: number, key: Uint8Array, keyBytes: number): number {
  const start = memtable.keyStart(record)
  return compareByteRanges(memtable.bytes, start, memtable.keyEnd(record), key, 0, keyBytes)
}
