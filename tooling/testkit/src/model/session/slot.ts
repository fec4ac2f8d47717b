import type { Database, Keyspace } from '@ldb/core'
import { Violation } from '../../violation.js'
import { keyTexts, valueTexts } from '../commands/texts.js'
import type { KeyTexts, ValueTexts } from '../commands/texts.js'

/** A handle of a keyspace, and how texts become its keys and values. */
export interface Slot {
  readonly keyspace: Keyspace<unknown, unknown>
  readonly keys: KeyTexts
  readonly values: ValueTexts
}

/** Returns the slot of a keyspace that exists. @throws Violation when its encodings are unknown. */
export function slotOf(keyspace: Keyspace<unknown, unknown>, db: Database, name: string): Slot {
  const descriptor = db.keyspaces().find((each) => each.name === name)
  const keys = keyTexts(descriptor?.keys ?? '')
  const values = valueTexts(descriptor?.values ?? '')
  if (keys === undefined || values === undefined)
    throw new Violation(`keyspace ${name} has unknown encodings`)
  return { keyspace, keys, values }
}
