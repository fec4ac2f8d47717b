import type { Database, Keyspace } from '@ldb/core'
import { Violation } from '../../base/violation.js'
import { keyConversion, valueConversion } from '../commands/conversions.js'
import type { KeyConversion, ValueConversion } from '../commands/conversions.js'

/** A keyspace handle and the conversions between command strings and its keys and values. */
export interface Slot {
  readonly keyspace: Keyspace<unknown, unknown>
  readonly keys: KeyConversion
  readonly values: ValueConversion
}

/** Returns the slot of a keyspace that exists. @throws Violation when its encodings are unknown. */
export function slotOf(keyspace: Keyspace<unknown, unknown>, db: Database, name: string): Slot {
  const descriptor = db.keyspaces().find((each) => each.name === name)
  const keys = keyConversion(descriptor?.keys ?? '')
  const values = valueConversion(descriptor?.values ?? '')
  if (keys === undefined || values === undefined)
    throw new Violation(`keyspace ${name} has unknown encodings`)
  return { keyspace, keys, values }
}
