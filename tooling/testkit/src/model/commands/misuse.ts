import type { LdbErrorCode } from '@ldb/base'
import type { AsyncDatabaseHandle, Database, KeyspaceOptions } from '@ldb/core'
import type { Misuse } from './commands.js'

/** Returns the error code that an invalid call must return. */
export function expectedOfMisuse(what: Misuse): LdbErrorCode {
  if (what === 'drop unknown') return 'LDB_NOT_FOUND'
  if (what === 'batch used twice') return 'LDB_CLOSED'
  return what.includes('65,536') ? 'LDB_TOO_LARGE' : 'LDB_INVALID_ARGUMENT'
}

/** The call of each kind of misuse. */
const CALLS: Readonly<Record<Misuse, (db: Database) => unknown>> = {
  'undefined key': (db) => db.get(undefined as unknown as string),
  'null value': (db) => db.put('misused', null as unknown as string),
  'wrong type of key': (db) => db.delete(7 as unknown as string),
  'lone surrogate': (db) => db.put('misused', '\ud800'),
  'unknown range option': (db) => db.count({ above: 'a' } as object),
  'negative limit': (db) => db.entries({ limit: -1 }),
  'fractional offset': (db) => db.deleteRange({ offset: 0.5 }),
  'unknown write option': (db) => db.clear({ durably: true } as object),
  'bad durability': (db) => db.put('misused', 'x', { durability: 'maybe' as 'full' }),
  'async update': (db) => db.update('misused', (() => Promise.resolve('x')) as unknown as () => string),
  'empty keyspace name': (db) => db.keyspace(''),
  'bad encoding': (db) => db.keyspace('misused', { keys: 'latin1' } as unknown as KeyspaceOptions),
  'drop default': (db) => db.dropKeyspace('default'),
  'drop unknown': (db) => db.dropKeyspace('misused'),
  'cursor with a limit': (db) => db.cursor({ limit: 3 }),
  'batch range with a limit': (db) => db.batch().put('misused', 'x').deleteRange({ limit: 3 }),
  'batch used twice': (db) => {
    const batch = db.batch()
    batch.commit()
    batch.put('misused', 'x')
  },
  'compact bad range': (db) => db.compact({ limit: Number.NaN }),
  'unknown event': (db) => db.on('surprise' as 'error', () => undefined),
  'key of 65,536 bytes': (db) => db.put('k'.repeat(65_536), 'x'),
  'bound of 65,536 bytes': (db) => db.count({ gte: 'k'.repeat(65_536) }),
}

/** Makes an invalid call. Returns only when the database accepts the call. */
export function misuse(db: Database, what: Misuse): string {
  const result = CALLS[what](db)
  return `${what} returned ${String(result)}`
}

/** Makes an invalid call through the async API, whose methods have the same names. */
export async function misuseAsync(db: AsyncDatabaseHandle, what: Misuse): Promise<string> {
  const result: unknown = await CALLS[what](db as unknown as Database)
  return `${what} returned ${String(result)}`
}
