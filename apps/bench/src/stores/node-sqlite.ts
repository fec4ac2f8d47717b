import { join } from 'node:path'
import type { KeyShape } from '../data/keys.js'
import type { Store, StoreOptions } from '../model/store.js'
import { BYTE_KEYS, sqliteStore } from './sqlite.js'
import type { SqliteDatabase } from './sqlite.js'

/** See {@link StoreModule}. */
export const takesBuffers = false

/** See {@link StoreModule}. */
export const persistent = true

/** See {@link StoreModule}. */
export const keyShapes: readonly KeyShape[] = BYTE_KEYS

/** Opens a SQLite table through node:sqlite, which needs Node 22.13 without a flag. */
export async function open(options: StoreOptions): Promise<Store> {
  const name = 'node:sqlite'
  const { DatabaseSync } = (await import(name)) as { DatabaseSync: new (path: string) => SqliteDatabase }
  return sqliteStore(new DatabaseSync(join(options.dir, 'bench.db')), options)
}
