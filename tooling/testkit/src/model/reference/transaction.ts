import { ExpectedError } from '../commands/result.js'
import type { BeginOptions } from '../commands/commands.js'
import type { ReadView } from './scan.js'
import type { ReferenceCommits } from './commits.js'
import type { ReferenceKeyspace } from './keyspace.js'
import { SortedEntries } from './sorted-entries.js'

/** One operation that a commit will do. Deleted ranges have all the keys that were in them. */
interface Operation {
  readonly keyspace: ReferenceKeyspace
  readonly keys: readonly string[]
  /** `undefined` when they are removed. */
  readonly value: string | undefined
  /** A range, of which there may have been more than its keys. */
  readonly isRange: boolean
}

/** What a savepoint remembers. */
interface SavedState {
  readonly operationCount: number
  readonly modified: ReadonlyMap<ReferenceKeyspace, SortedEntries>
}

/** What it has read of one keyspace. */
interface ReadSet {
  /** Keys of which a change is a conflict for certain. */
  readonly certain: Set<string>
  /** Keys of which a change may be one. */
  readonly possible: Set<string>
  /** Any change may be one: it was scanned, somehow. */
  isScanned: boolean
}

/** A transaction as it should be: a copy of everything at its beginning, and what it has made of it. */
export class ReferenceTransaction {
  readonly startSeq: number
  readonly isSerializable: boolean
  readonly readOnly: boolean
  isOpen = true
  savepoints: (SavedState | undefined)[] = []
  #operations: Operation[] = []
  readonly #snapshot: Map<ReferenceKeyspace, SortedEntries>
  #modified: Map<ReferenceKeyspace, SortedEntries> = new Map()
  readonly #readSets: Map<ReferenceKeyspace, ReadSet> = new Map()
  readonly #locks: Map<ReferenceKeyspace, Set<string>> = new Map()

  constructor(
    { isolation, readOnly }: BeginOptions,
    keyspaces: Iterable<ReferenceKeyspace>,
    startSeq: number,
  ) {
    this.isSerializable = isolation !== 'snapshot'
    this.readOnly = readOnly === true
    this.startSeq = startSeq
    this.#snapshot = new Map([...keyspaces].map((keyspace) => [keyspace, keyspace.entries.freeze()]))
  }

  /** True once it has ended: what reads through it says so too. */
  get released(): boolean {
    return !this.isOpen
  }

  /** Operations that its commit will have. */
  get operationCount(): number {
    return this.#operations.length
  }

  view(keyspace: ReferenceKeyspace): ReadView {
    this.assertOpen()
    this.assertVisible(keyspace)
    return { entries: this.#entriesOf(keyspace), keys: keyspace.keys, owner: this }
  }

  /** Where a read looks that is nowhere. */
  emptyView({ keys }: ReferenceKeyspace): ReadView {
    return { entries: new SortedEntries(), keys, owner: this }
  }

  assertOpen(): void {
    if (!this.isOpen) throw new ExpectedError('LDB_CLOSED')
  }

  /** What was dropped before it began it does not see. */
  assertVisible(keyspace: ReferenceKeyspace): void {
    if (keyspace.dropped && !this.#snapshot.has(keyspace)) throw new ExpectedError('LDB_NOT_FOUND')
  }

  /** A keyspace is dropped: it was there since the beginning, or is empty. */
  retainDropped(keyspace: ReferenceKeyspace): void {
    if (!this.#snapshot.has(keyspace)) this.#snapshot.set(keyspace, new SortedEntries())
  }

  /** It has read a key. */
  recordKeyRead(keyspace: ReferenceKeyspace, key: string): void {
    const seen = this.#readSetOf(keyspace)
    const isOwn = this.#operations.some(
      (operation) => operation.keyspace === keyspace && (operation.isRange || operation.keys.includes(key)),
    )
    // What it has written itself it has not read.
    if (isOwn) seen.possible.add(key)
    else seen.certain.add(key)
  }

  /** It has read some of a keyspace. */
  recordScan(keyspace: ReferenceKeyspace): void {
    this.#readSetOf(keyspace).isScanned = true
  }

  lock(keyspace: ReferenceKeyspace, key: string): void {
    const locks = this.#locks.get(keyspace) ?? new Set()
    this.#locks.set(keyspace, locks.add(key))
  }

  /** Writes keys; with `isRange`, those that are in a range. */
  write(
    keyspace: ReferenceKeyspace,
    keys: readonly string[],
    value: string | undefined,
    isRange = false,
  ): void {
    let own = this.#modified.get(keyspace)
    if (own === undefined) {
      const base = this.#entriesOf(keyspace)
      own = new SortedEntries([...base.keys], [...base.values])
      this.#modified.set(keyspace, own)
    }
    for (const key of keys) {
      if (value === undefined) own.delete(key)
      else own.put(key, value)
    }
    this.#operations.push({ keyspace, keys, value, isRange })
  }

  createSavepoint(): void {
    const modified = new Map([...this.#modified].map(([keyspace, entries]) => [keyspace, entries.freeze()]))
    this.savepoints.push({ operationCount: this.#operations.length, modified })
  }

  rollbackTo(index: number): void {
    const saved = this.savepoints[index % Math.max(1, this.savepoints.length)]
    if (saved === undefined) throw new ExpectedError('LDB_NOT_FOUND')
    this.#operations.length = saved.operationCount
    // It may be gone back to again.
    this.#modified = new Map(
      [...saved.modified].map(([keyspace, { keys, values }]) => [
        keyspace,
        new SortedEntries([...keys], [...values]),
      ]),
    )
    const at = this.savepoints.indexOf(saved)
    // Those that came later are gone.
    this.savepoints = this.savepoints.map((each, place) => (place > at ? undefined : each))
  }

  /** Reports whether it must lose to what was committed since, may, or must not. */
  conflictsWith({ writes }: ReferenceCommits): 'yes' | 'no' | 'perhaps' {
    if (this.#operations.length === 0 && this.#locks.size === 0) return 'no'
    let answer: 'no' | 'perhaps' = 'no'
    for (const { seq, entries, key } of writes) {
      if (seq <= this.startSeq) continue
      const verdict = this.#conflictWithWrite(entries, key)
      if (verdict === 'yes') return 'yes'
      if (verdict === 'perhaps') answer = 'perhaps'
    }
    return answer
  }

  /** Does to the present what it has done to its own. */
  apply(commits: ReferenceCommits): void {
    for (const { keyspace, keys, value, isRange } of this.#operations) {
      if (isRange) commits.recordWrite(keyspace.entries)
      for (const key of keys) {
        if (value === undefined) commits.delete(keyspace.entries, key)
        else commits.put(keyspace.entries, key, value)
      }
    }
    for (const [keyspace, keys] of this.#locks) {
      for (const key of keys) commits.recordWrite(keyspace.entries, key)
    }
  }

  /** Keyspaces that it writes to. */
  get targets(): readonly ReferenceKeyspace[] {
    return this.#operations.map(({ keyspace }) => keyspace)
  }

  #conflictWithWrite(entries: SortedEntries, key: string | undefined): 'yes' | 'no' | 'perhaps' {
    let answer: 'no' | 'perhaps' = 'no'
    for (const operation of this.#operations) {
      if (operation.keyspace.entries !== entries) continue
      if (key !== undefined && operation.keys.includes(key)) return 'yes'
      if (key === undefined || operation.isRange) answer = 'perhaps'
    }
    for (const [keyspace, locks] of this.#locks) {
      if (keyspace.entries !== entries) continue
      if (key !== undefined && locks.has(key)) return 'yes'
      if (key === undefined) answer = 'perhaps'
    }
    if (!this.isSerializable) return answer
    for (const [keyspace, { certain, possible, isScanned }] of this.#readSets) {
      if (keyspace.entries !== entries) continue
      if (key !== undefined && certain.has(key)) return 'yes'
      if (key === undefined || isScanned || possible.has(key)) answer = 'perhaps'
    }
    return answer
  }

  #entriesOf(keyspace: ReferenceKeyspace): SortedEntries {
    // What was made later is empty to it.
    return this.#modified.get(keyspace) ?? this.#snapshot.get(keyspace) ?? new SortedEntries()
  }

  #readSetOf(keyspace: ReferenceKeyspace): ReadSet {
    let seen = this.#readSets.get(keyspace)
    if (seen === undefined) {
      seen = { certain: new Set(), possible: new Set(), isScanned: false }
      this.#readSets.set(keyspace, seen)
    }
    return seen
  }
}
