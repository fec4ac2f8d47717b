import { ExpectedError } from '../commands/result.js'
import type { KeyTexts, ValueTexts } from '../commands/texts.js'
import type { SortedEntries } from './sorted-entries.js'

/** A keyspace as it should be. */
export interface ReferenceKeyspace {
  readonly id: number
  readonly name: string
  readonly keys: KeyTexts
  readonly values: ValueTexts
  readonly entries: SortedEntries
  dropped: boolean
}

/** All keyspaces as they were at one commit. */
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
