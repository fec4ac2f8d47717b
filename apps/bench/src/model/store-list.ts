/** A store that can be measured. */
export interface StoreEntry {
  /** Name on the command line, and of the file in `stores`. */
  readonly id: string
  /** Name in reports. */
  readonly title: string
  /** Package to install; absent when none is needed. */
  readonly packageName?: string
  /** First version of Node that has it. */
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
