import { ExpectedError } from '../commands/result.js'
import type { BeginOptions } from '../commands/commands.js'
import type { ReadView } from './scan.js'
import type { ReferenceCommits } from './commits.js'
import type { ReferenceKeyspace } from './keyspace.js'
import { SortedEntries } from './sorted-entries.js'

/** One operation of the commit. A range delete lists the keys that were in the range. */
interface Operation {
  readonly keyspace: ReferenceKeyspace
  readonly keys: readonly string[]
  /** The written value, or `undefined` for a delete. */
  readonly value: string | undefined
  /** True for a range, which conflicts also with keys that are not in `keys`. */
  readonly isRange: boolean
}

/** The state that a rollback to a savepoint restores. */
interface SavedState {
  readonly operationCount: number
  readonly modified: ReadonlyMap<ReferenceKeyspace, SortedEntries>
}

/** The reads of one keyspace. */
interface ReadSet {
  /** Keys whose change is a conflict for certain. */
  readonly certain: Set<string>
  /** Keys whose change may be a conflict. */
  readonly possible: Set<string>
  /** True after a scan: any change may be a conflict. */
  isScanned: boolean
}

/** A transaction of the reference: a snapshot of all keyspaces at its begin, and its own writes. */
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

  /** True after the transaction has ended; reads through it then fail. */
  get released(): boolean {
    return !this.isOpen
  }

  /** Number of operations of the commit. */
  get operationCount(): number {
    return this.#operations.length
  }

  view(keyspace: ReferenceKeyspace): ReadView {
    this.assertOpen()
    this.assertVisible(keyspace)
    return { entries: this.#entriesOf(keyspace), keys: keyspace.keys, owner: this }
  }

  /** Returns a view without entries. */
  emptyView({ keys }: ReferenceKeyspace): ReadView {
    return { entries: new SortedEntries(), keys, owner: this }
  }

  assertOpen(): void {
    if (!this.isOpen) throw new ExpectedError('LDB_CLOSED')
  }

  /** Checks that a keyspace was not dropped before the transaction began. @throws ExpectedError LDB_NOT_FOUND */
  assertVisible(keyspace: ReferenceKeyspace): void {
    if (keyspace.dropped && !this.#snapshot.has(keyspace)) throw new ExpectedError('LDB_NOT_FOUND')
  }

  /** Keeps a dropped keyspace visible: with the content of the snapshot, or empty when it was created later. */
  retainDropped(keyspace: ReferenceKeyspace): void {
    if (!this.#snapshot.has(keyspace)) this.#snapshot.set(keyspace, new SortedEntries())
  }

  /** Records a read of a key. */
  recordKeyRead(keyspace: ReferenceKeyspace, key: string): void {
    const reads = this.#readSetOf(keyspace)
    const isOwn = this.#operations.some(
      (operation) => operation.keyspace === keyspace && (operation.isRange || operation.keys.includes(key)),
    )
    // A read of an own write does not read the snapshot.
    if (isOwn) reads.possible.add(key)
    else reads.certain.add(key)
  }

  /** Records a scan of a keyspace. */
  recordScan(keyspace: ReferenceKeyspace): void {
    this.#readSetOf(keyspace).isScanned = true
  }

  lock(keyspace: ReferenceKeyspace, key: string): void {
    const locks = this.#locks.get(keyspace) ?? new Set()
    this.#locks.set(keyspace, locks.add(key))
  }

  /** Writes keys. `isRange` marks a write of a whole range. */
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
    // The copy allows another rollback to the same savepoint.
    this.#modified = new Map(
      [...saved.modified].map(([keyspace, { keys, values }]) => [
        keyspace,
        new SortedEntries([...keys], [...values]),
      ]),
    )
    const at = this.savepoints.indexOf(saved)
    // A rollback removes later savepoints.
    this.savepoints = this.savepoints.map((each, index) => (index > at ? undefined : each))
  }

  /** Reports whether the commit must fail with a conflict: `perhaps` allows both results. */
  conflictsWith({ writes }: ReferenceCommits): 'yes' | 'no' | 'perhaps' {
    if (this.#operations.length === 0 && this.#locks.size === 0) return 'no'
    let verdict: 'no' | 'perhaps' = 'no'
    for (const { seq, entries, key } of writes) {
      if (seq <= this.startSeq) continue
      const conflict = this.#conflictWithWrite(entries, key)
      if (conflict === 'yes') return 'yes'
      if (conflict === 'perhaps') verdict = 'perhaps'
    }
    return verdict
  }

  /** Applies the operations to the live state. */
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

  /** Keyspaces that the transaction writes to. */
  get targets(): readonly ReferenceKeyspace[] {
    return this.#operations.map(({ keyspace }) => keyspace)
  }

  #conflictWithWrite(entries: SortedEntries, key: string | undefined): 'yes' | 'no' | 'perhaps' {
    let verdict: 'no' | 'perhaps' = 'no'
    for (const operation of this.#operations) {
      if (operation.keyspace.entries !== entries) continue
      if (key !== undefined && operation.keys.includes(key)) return 'yes'
      if (key === undefined || operation.isRange) verdict = 'perhaps'
    }
    for (const [keyspace, locks] of this.#locks) {
      if (keyspace.entries !== entries) continue
      if (key !== undefined && locks.has(key)) return 'yes'
      if (key === undefined) verdict = 'perhaps'
    }
    if (!this.isSerializable) return verdict
    for (const [keyspace, { certain, possible, isScanned }] of this.#readSets) {
      if (keyspace.entries !== entries) continue
      if (key !== undefined && certain.has(key)) return 'yes'
      if (key === undefined || isScanned || possible.has(key)) verdict = 'perhaps'
    }
    return verdict
  }

  #entriesOf(keyspace: ReferenceKeyspace): SortedEntries {
    // A keyspace that was created after the snapshot is empty.
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
