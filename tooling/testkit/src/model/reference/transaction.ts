import { Refusal } from '../commands/answer.js'
import type { BeginOptions } from '../commands/commands.js'
import type { FrozenView } from './scan.js'
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
interface Saved {
  readonly operationCount: number
  readonly own: ReadonlyMap<ReferenceKeyspace, SortedEntries>
}

/** What it has read of one keyspace. */
interface Seen {
  /** Keys of which a change is a conflict for certain. */
  readonly sure: Set<string>
  /** Keys of which a change may be one. */
  readonly perhaps: Set<string>
  /** Any change may be one: it was scanned, somehow. */
  all: boolean
}

/** A transaction as it should be: a copy of everything at its beginning, and what it has made of it. */
export class ReferenceTransaction {
  readonly startSeq: number
  readonly isSerializable: boolean
  readonly readOnly: boolean
  isOpen = true
  savepoints: (Saved | undefined)[] = []
  #operations: Operation[] = []
  readonly #base: Map<ReferenceKeyspace, SortedEntries>
  #own: Map<ReferenceKeyspace, SortedEntries> = new Map()
  readonly #seen: Map<ReferenceKeyspace, Seen> = new Map()
  readonly #locks: Map<ReferenceKeyspace, Set<string>> = new Map()

  constructor(
    { isolation, readOnly }: BeginOptions,
    keyspaces: Iterable<ReferenceKeyspace>,
    startSeq: number,
  ) {
    this.isSerializable = isolation !== 'snapshot'
    this.readOnly = readOnly === true
    this.startSeq = startSeq
    this.#base = new Map([...keyspaces].map((keyspace) => [keyspace, keyspace.entries.freeze()]))
  }

  /** True once it has ended: what reads through it says so too. */
  get released(): boolean {
    return !this.isOpen
  }

  /** Operations that its commit will have. */
  get operationCount(): number {
    return this.#operations.length
  }

  view(keyspace: ReferenceKeyspace): FrozenView {
    this.assertOpen()
    this.assertKnown(keyspace)
    return { entries: this.#entriesOf(keyspace), keys: keyspace.keys, holder: this }
  }

  /** Where a read looks that is nowhere. */
  emptyView({ keys }: ReferenceKeyspace): FrozenView {
    return { entries: new SortedEntries(), keys, holder: this }
  }

  assertOpen(): void {
    if (!this.isOpen) throw new Refusal('LDB_CLOSED')
  }

  /** What was dropped before it began it does not see. */
  assertKnown(keyspace: ReferenceKeyspace): void {
    if (keyspace.dropped && !this.#base.has(keyspace)) throw new Refusal('LDB_NOT_FOUND')
  }

  /** A keyspace is dropped: it was there since the beginning, or is empty. */
  keeps(keyspace: ReferenceKeyspace): void {
    if (!this.#base.has(keyspace)) this.#base.set(keyspace, new SortedEntries())
  }

  /** It has read a key. */
  notesKey(keyspace: ReferenceKeyspace, key: string): void {
    const seen = this.#seenOf(keyspace)
    const isOwn = this.#operations.some(
      (operation) => operation.keyspace === keyspace && (operation.isRange || operation.keys.includes(key)),
    )
    // What it has written itself it has not read.
    if (isOwn) seen.perhaps.add(key)
    else seen.sure.add(key)
  }

  /** It has read some of a keyspace. */
  notesAll(keyspace: ReferenceKeyspace): void {
    this.#seenOf(keyspace).all = true
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
    let own = this.#own.get(keyspace)
    if (own === undefined) {
      const base = this.#entriesOf(keyspace)
      own = new SortedEntries([...base.keys], [...base.values])
      this.#own.set(keyspace, own)
    }
    for (const key of keys) {
      if (value === undefined) own.delete(key)
      else own.put(key, value)
    }
    this.#operations.push({ keyspace, keys, value, isRange })
  }

  save(): void {
    const own = new Map([...this.#own].map(([keyspace, entries]) => [keyspace, entries.freeze()]))
    this.savepoints.push({ operationCount: this.#operations.length, own })
  }

  rollBackTo(index: number): void {
    const saved = this.savepoints[index % Math.max(1, this.savepoints.length)]
    if (saved === undefined) throw new Refusal('LDB_NOT_FOUND')
    this.#operations.length = saved.operationCount
    // It may be gone back to again.
    this.#own = new Map(
      [...saved.own].map(([keyspace, { keys, values }]) => [
        keyspace,
        new SortedEntries([...keys], [...values]),
      ]),
    )
    const at = this.savepoints.indexOf(saved)
    // Those that came later are gone.
    this.savepoints = this.savepoints.map((each, place) => (place > at ? undefined : each))
  }

  /** Reports whether it must lose to what was committed since, may, or must not. */
  loses({ written }: ReferenceCommits): 'yes' | 'no' | 'perhaps' {
    if (this.#operations.length === 0 && this.#locks.size === 0) return 'no'
    let answer: 'no' | 'perhaps' = 'no'
    for (const { seq, entries, key } of written) {
      if (seq <= this.startSeq) continue
      const verdict = this.#verdict(entries, key)
      if (verdict === 'yes') return 'yes'
      if (verdict === 'perhaps') answer = 'perhaps'
    }
    return answer
  }

  /** Does to the present what it has done to its own. */
  apply(commits: ReferenceCommits): void {
    for (const { keyspace, keys, value, isRange } of this.#operations) {
      if (isRange) commits.noteWritten(keyspace.entries)
      for (const key of keys) {
        if (value === undefined) commits.delete(keyspace.entries, key)
        else commits.put(keyspace.entries, key, value)
      }
    }
    for (const [keyspace, keys] of this.#locks) {
      for (const key of keys) commits.noteWritten(keyspace.entries, key)
    }
  }

  /** Keyspaces that it writes to. */
  get targets(): readonly ReferenceKeyspace[] {
    return this.#operations.map(({ keyspace }) => keyspace)
  }

  #verdict(entries: SortedEntries, key: string | undefined): 'yes' | 'no' | 'perhaps' {
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
    for (const [keyspace, { sure, perhaps, all }] of this.#seen) {
      if (keyspace.entries !== entries) continue
      if (key !== undefined && sure.has(key)) return 'yes'
      if (key === undefined || all || perhaps.has(key)) answer = 'perhaps'
    }
    return answer
  }

  #entriesOf(keyspace: ReferenceKeyspace): SortedEntries {
    // What was made later is empty to it.
    return this.#own.get(keyspace) ?? this.#base.get(keyspace) ?? new SortedEntries()
  }

  #seenOf(keyspace: ReferenceKeyspace): Seen {
    let seen = this.#seen.get(keyspace)
    if (seen === undefined) {
      seen = { sure: new Set(), perhaps: new Set(), all: false }
      this.#seen.set(keyspace, seen)
    }
    return seen
  }
}
