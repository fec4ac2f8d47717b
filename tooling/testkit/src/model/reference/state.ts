import { KEY_BYTES_MAX } from '@ldb/base'
import { NoTarget, ExpectedError } from '../commands/result.js'
import { expand } from '../commands/commands.js'
import type { Durability, Text } from '../commands/commands.js'
import { ReferenceCommits } from './commits.js'
import type { ReferenceKeyspace, ReferenceSnapshot } from './keyspace.js'
import type { ReadView } from './scan.js'
import type { ReferenceTransaction } from './transaction.js'
import { KEYSPACE_NAMES } from '../commands/run-settings.js'
import { SortedEntries } from './sorted-entries.js'
import { keyConversion, valueConversion } from '../commands/conversions.js'
import type { KeyConversion, ValueConversion } from '../commands/conversions.js'

/** The state that the parts of the reference share. */
export class ReferenceState {
  readonly commits: ReferenceCommits = new ReferenceCommits()
  /** Keyspaces by name, in order of creation. */
  readonly live: Map<string, ReferenceKeyspace> = new Map()
  /** Handles of the run, by slot. The keyspace of a handle may have been dropped. */
  readonly slots: (ReferenceKeyspace | undefined)[] = []
  snapshots: ReferenceSnapshot[] = []
  transactions: ReferenceTransaction[] = []
  readOnly = false
  readonly #durability: Durability
  #nextId = 1

  constructor(durability: Durability) {
    this.#durability = durability
    this.slots[0] = this.create(
      'default',
      keyConversion('utf8') as KeyConversion,
      valueConversion('utf8') as ValueConversion,
    )
  }

  create(name: string, keys: KeyConversion, values: ValueConversion): ReferenceKeyspace {
    const created = { id: this.#nextId++, name, keys, values, entries: new SortedEntries(), dropped: false }
    this.live.set(name, created)
    return created
  }

  /** Returns the handle of a slot, or `undefined` when the slot is empty. */
  slotOf(ks: number): ReferenceKeyspace | undefined {
    return this.slots[ks]
  }

  slot(ks: number): ReferenceKeyspace {
    const keyspace = this.slots[ks]
    if (keyspace === undefined) throw new NoTarget()
    return keyspace
  }

  /** Returns the view of a read: the live state, an open snapshot or an open transaction. */
  view(ks: number, from: number | undefined, tx?: number): ReadView {
    const keyspace = this.slot(ks)
    if (tx !== undefined) {
      const transaction = this.transaction(tx)
      transaction.recordScan(keyspace)
      return transaction.view(keyspace)
    }
    if (from === undefined) {
      if (keyspace.dropped) throw new ExpectedError('LDB_NOT_FOUND')
      return { entries: keyspace.entries, keys: keyspace.keys, owner: undefined }
    }
    const snapshot = this.snapshots[from % Math.max(1, this.snapshots.length)]
    if (snapshot === undefined) throw new NoTarget()
    return { entries: snapshot.entriesOf(keyspace), keys: keyspace.keys, owner: snapshot }
  }

  /** Returns an open transaction, chosen modulo their number. */
  transaction(pick: number): ReferenceTransaction {
    const transaction = this.transactions[pick % Math.max(1, this.transactions.length)]
    if (transaction === undefined) throw new NoTarget()
    return transaction
  }

  assertWritable(keyspace?: ReferenceKeyspace): void {
    if (this.readOnly) throw new ExpectedError('LDB_READ_ONLY')
    if (keyspace?.dropped === true) throw new ExpectedError('LDB_NOT_FOUND')
  }

  /** Returns the value of a key. @throws ExpectedError when the key is too long. */
  get(keyspace: ReferenceKeyspace, key: Text): string | undefined {
    this.checkKey(keyspace, key)
    return keyspace.entries.get(expand(key))
  }

  checkKey({ keys }: ReferenceKeyspace, key: Text): void {
    if (keys.byteLength(expand(key)) > KEY_BYTES_MAX) throw new ExpectedError('LDB_TOO_LARGE')
  }

  /** Ends a commit. */
  commit(durability: Durability | undefined): void {
    this.commits.commit()
    if ((durability ?? this.#durability) !== 'none') this.commits.flush()
  }

  /** Returns the entry count of each keyspace. */
  sizes(): string {
    return [...this.live.values()].map(({ entries }) => entries.size).join()
  }

  reopen(seq: number): void {
    this.commits.rollBackTo(seq)
    this.commits.commitCount = 0
    this.snapshots = []
    this.transactions = []
    this.commits.recordsWrites = false
    this.commits.writes = []
    for (const [index, name] of KEYSPACE_NAMES.entries()) this.slots[index] = this.live.get(name)
  }
}
