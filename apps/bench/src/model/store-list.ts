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
  /** Whether it takes part only in rows that name it. */
  readonly isSpecial?: true
}

/** Every store, LDB first. */
export const STORES: readonly StoreEntry[] = [
  { id: 'ldb', title: 'LDB B+tree' },
  { id: 'ldb-btree', title: 'LDB B+tree beside LSM', isSpecial: true },
  { id: 'lmdb', title: 'lmdb-js', packageName: 'lmdb' },
  { id: 'classic-level', title: 'classic-level', packageName: 'classic-level' },
  { id: 'rocksdb', title: 'RocksDB', packageName: '@nxtedition/rocksdb' },
  { id: 'rocksdb-6', title: 'RocksDB 6', packageName: 'rocksdb', isSpecial: true },
  { id: 'better-sqlite3', title: 'better-sqlite3', packageName: 'better-sqlite3' },
  { id: 'node-sqlite', title: 'node:sqlite', since: [22, 13] },
  { id: 'memory-level', title: 'memory-level', packageName: 'memory-level' },
  { id: 'map', title: 'Map' },
  { id: 'bare-file', title: 'bare file' },
]
