import { ExpectedError } from '../commands/result.js'
import type { KeyConversion, ValueConversion } from '../commands/conversions.js'
import type { SortedEntries } from './sorted-entries.js'

/** A keyspace of the reference. */
export interface ReferenceKeyspace {
  readonly id: number
  readonly name: string
  readonly keys: KeyConversion
  readonly values: ValueConversion
  readonly entries: SortedEntries
  dropped: boolean
}

/** The content of all keyspaces at one commit. */
export class ReferenceSnapshot {
  released = false
  readonly #entries: ReadonlyMap<number, SortedEntries>

  constructor(keyspaces: Iterable<ReferenceKeyspace>) {
    this.#entries = new Map([...keyspaces].map(({ id, entries }) => [id, entries.freeze()]))
  }

  entriesOf(keyspace: ReferenceKeyspace): SortedEntries {
    const entries = this.#entries.get(keyspace.id)
    if (entries === undefined) throw new ExpectedError('LDB_NOT_FOUND')
    return entries
  }
}
