import { Entry } from '../entry/entry.js'
import type { Memtable } from '../memtable/memtable.js'
import { MemtableCursor } from '../memtable/memtable-cursor.js'
import { MergingCursor } from '../read/merging-cursor.js'
import type { MergeSource } from './merge-source.js'

/** Returns the entries of a frozen memtable, whose keys are sorted. */
export function memtableSource(memtable: Memtable): MergeSource {
  const runs = memtable.keyRuns()
  const [only] = runs
  return only !== undefined && runs.length === 1
    ? new SortedRun(memtable, only)
    : new SeveralRuns(memtable, runs)
}

/** Keys by which a record is loaded before it is needed. */
const AHEAD = 8

/** All keys of a memtable in one run. */
class SortedRun implements MergeSource {
  readonly entry: Entry = new Entry()
  isNewKey = true
  readonly #memtable: Memtable
  readonly #keys: Int32Array
  #index = 0
  /** Position of the current version; 0 without a current entry. */
  #version = 0
  /** Depends on what was loaded ahead, so that the loads are not optimized away. */
  loadedAhead = 0

  constructor(memtable: Memtable, keys: Int32Array) {
    this.#memtable = memtable
    this.#keys = keys
    this.entry.keyBuffer = memtable.bytes
    this.entry.valueBuffer = memtable.bytes
  }

  get isValid(): boolean {
    return this.#version !== 0
  }

  first(): void {
    this.#index = -1
    this.#enterKey()
  }

  next(): void {
    const older = this.#memtable.olderThan(this.#version)
    if (older === 0) this.#enterKey()
    else {
      this.isNewKey = false
      this.#enterVersion(older)
    }
  }

  /** Enters the newest version of the next key. */
  #enterKey(): void {
    const keys = this.#keys
    const memtable = this.#memtable
    const index = ++this.#index
    if (index >= keys.length) {
      this.#version = 0
      return
    }
    // Records are in the order of their insertion: each is a cache miss, and those of the next keys go on meanwhile.
    const ahead = index + AHEAD
    if (ahead < keys.length) {
      this.loadedAhead ^= memtable.newestOf(keys[ahead]!) ^ memtable.loadKey(keys[ahead - AHEAD / 2]!)
    }
    const key = keys[index]!
    const { entry } = this
    entry.keyStart = memtable.keyStart(key)
    entry.keyEnd = memtable.keyEnd(key)
    this.isNewKey = true
    this.#enterVersion(memtable.newestOf(key))
  }

  #enterVersion(version: number): void {
    const memtable = this.#memtable
    const { entry } = this
    this.#version = version
    entry.valueStart = memtable.valueStart(version)
    entry.valueEnd = memtable.valueEnd(version)
    entry.stamp = memtable.stampOf(version)
    entry.kind = memtable.kindOf(version)
  }
}

/** Keys in several runs, each key in one of them. */
class SeveralRuns implements MergeSource {
  isNewKey = true
  readonly #cursor: MergingCursor

  constructor(memtable: Memtable, runs: readonly Int32Array[]) {
    this.#cursor = new MergingCursor(runs.map((keys) => new MemtableCursor(memtable, keys)))
  }

  get isValid(): boolean {
    return this.#cursor.isValid
  }

  get entry(): Entry {
    return this.#cursor.entry
  }

  first(): void {
    this.#cursor.first()
  }

  next(): void {
    const cursor = this.#cursor
    const { keyStart } = cursor.entry
    cursor.next()
    // All versions of a key have one record of it.
    this.isNewKey = cursor.entry.keyStart !== keyStart
  }
}
