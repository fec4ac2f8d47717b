/** A store that can be measured. */
export interface StoreEntry {
  /** Its name on the command line, and of its file in `stores`. */
  readonly id: string
  /** Its name in reports. */
  readonly title: string
  /** The package that it comes in; none for what is always there. */
  readonly packageName?: string
  /** The version of Node that has it, where not all do. */
  readonly since?: readonly [major: number, minor: number]
}

/** Every store, LDB first. */
export const STORES: readonly StoreEntry[] = [
  { id: 'ldb', title: 'LDB B+tree' },
  { id: 'lmdb', title: 'lmdb-js', packageName: 'lmdb' },
  { id: 'classic-level', title: 'classic-level', packageName: 'classic-level' },
  { id: 'rocksdb', title: 'RocksDB', packageName: '@nxtedition/rocksdb' },
  { id: 'better-sqlite3', title: 'better-sqlite3', packageName: 'better-sqlite3' },
  { id: 'node-sqlite', title: 'node:sqlite', since: [22, 13] },
  { id: 'memory-level', title: 'memory-level', packageName: 'memory-level' },
  { id: 'map', title: 'Map' },
  { id: 'bare-file', title: 'bare file' },
]
