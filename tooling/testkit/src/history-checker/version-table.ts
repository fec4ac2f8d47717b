import { assertGuarantee } from '../base/violation.js'
import type { RecordedHistory, RecordedTransaction } from './recorded-history.js'

/** A value of a key, or its absence, since a commit. */
export interface Version {
  readonly commit: number
  readonly value: string | undefined
}

/** Every version of every key in commit order. */
export class VersionTable {
  /** By `keyspace/key`, oldest first. The first version of each key is its absence at commit 0. */
  readonly versions: Map<string, Version[]> = new Map()
  /** Names of each keyspace in key order. */
  readonly #names: Map<string, string[]> = new Map()
  readonly #writers: Map<string, RecordedTransaction> = new Map()
  readonly #finals: Set<string> = new Set()

  constructor(history: RecordedHistory) {
    for (const transaction of history.transactions) {
      for (const event of transaction.events) {
        if ('name' in event) this.#register(event.name)
        if (event.do === 'put') this.#writers.set(event.value, transaction)
      }
    }
    for (const names of this.#names.values()) names.sort()
    for (const transaction of history.commits) this.#apply(transaction)
  }

  /** Returns the names of a keyspace that the history uses, in key order. */
  namesOf(keyspace: string): readonly string[] {
    return this.#names.get(keyspace) ?? []
  }

  /** Returns the index of the version that a snapshot at `commit` contains. */
  indexAt(name: string, commit: number): number {
    const versions = this.#versionsOf(name)
    let low = 0
    let high = versions.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (versions[middle]!.commit <= commit) low = middle
      else high = middle - 1
    }
    return low
  }

  versionAt(name: string, commit: number): Version {
    return this.#versionsOf(name)[this.indexAt(name, commit)]!
  }

  /**
   * Returns the index of the version that a read observed. For a value, the version with that value. For an
   * absence, the newest absence not after commit `start`, or -1 when there is none.
   *
   * @throws Violation when the value was written by an uncommitted transaction, or overwritten before its commit.
   */
  observed(name: string, value: string | undefined, start: number): number {
    const versions = this.#versionsOf(name)
    if (value === undefined) {
      let index = this.indexAt(name, start)
      while (index >= 0 && versions[index]!.value !== undefined) index--
      return index
    }
    const writer = this.#writers.get(value)
    assertGuarantee(writer !== undefined, () => `${name}: ${value} was never written`)
    assertGuarantee(
      writer.outcome === 'committed',
      () => `${name}: ${value} was written by a transaction that did not commit (G1a)`,
    )
    assertGuarantee(
      this.#finals.has(`${name}=${value}`),
      () => `${name}: ${value} was overwritten before the commit (G1b)`,
    )
    return versions.findIndex((version) => version.value === value)
  }

  #apply({ commit, events }: RecordedTransaction): void {
    const values = new Map<string, string | undefined>()
    for (const event of events) {
      if (event.do === 'put') values.set(event.name, event.value)
      else if (event.do === 'delete') values.set(event.name, undefined)
      else if (event.do === 'deleteRange') {
        for (const name of this.namesOf(event.keyspace)) {
          const key = name.slice(event.keyspace.length + 1)
          if (key >= event.gte && key < event.lt) values.set(name, undefined)
        }
      }
    }
    for (const [name, value] of values) {
      this.#versionsOf(name).push({ commit: commit ?? 0, value })
      if (value !== undefined) this.#finals.add(`${name}=${value}`)
    }
  }

  #register(name: string): void {
    if (this.versions.has(name)) return
    this.versions.set(name, [{ commit: 0, value: undefined }])
    const keyspace = name.slice(0, name.indexOf('/'))
    const names = this.#names.get(keyspace)
    if (names === undefined) this.#names.set(keyspace, [name])
    else names.push(name)
  }

  #versionsOf(name: string): Version[] {
    return this.versions.get(name) ?? [{ commit: 0, value: undefined }]
  }
}
