import { join } from 'node:path'
import { loadPeer } from '../peers/packages.js'
import type { KeyShape } from '../data/keys.js'
import type { Store, StoreOptions } from '../model/store.js'
import { BYTE_KEYS, sqliteStore } from './sqlite.js'
import type { SqliteDatabase } from './sqlite.js'

/** See {@link StoreModule}. */
export const takesBuffers = true

/** See {@link StoreModule}. */
export const persistent = true

/** See {@link StoreModule}. */
export const keyShapes: readonly KeyShape[] = BYTE_KEYS

/** Opens a SQLite table through better-sqlite3. */
export async function open(options: StoreOptions): Promise<Store> {
  const Sqlite = loadPeer<new (path: string) => SqliteDatabase>('better-sqlite3')
  return sqliteStore(new Sqlite(join(options.dir, 'bench.db')), options)
}
