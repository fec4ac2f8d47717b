import type {
  AsyncOptions,
  KeyEncodingOption,
  KeysOf,
  RangeOptions,
  ValueEncodingOption,
  ValuesOf,
} from '@ldb/base'
import type { ClusterKeyspaceOptionsWith, TypedClusterKeyspaceOptions } from './keyspace/keyspace-options.js'
import type { ClusterRetryOptions, ClusterTransactionOptions } from './transaction/transaction-options.js'
import type { ClusterPutOptions, ClusterWriteOptions, TtlOption } from './write/write-options.js'

/** A scan of the asynchronous API: an async iterator with the standard helpers. @category Portable programs */
export interface KeyValueScan<T> extends AsyncIterable<T> {
  next(): Promise<IteratorResult<T, undefined>>
  return(): Promise<IteratorResult<T, undefined>>
  map<U>(transform: (value: T, index: number) => U | PromiseLike<U>): KeyValueScan<U>
  filter(predicate: (value: T, index: number) => unknown): KeyValueScan<T>
  take(count: number): KeyValueScan<T>
  drop(count: number): KeyValueScan<T>
  forEach(visit: (value: T, index: number) => unknown): Promise<void>
  reduce<U>(fold: (accumulator: U, value: T, index: number) => U | PromiseLike<U>, initial: U): Promise<U>
  some(predicate: (value: T, index: number) => unknown): Promise<boolean>
  every(predicate: (value: T, index: number) => unknown): Promise<boolean>
  find(predicate: (value: T, index: number) => unknown): Promise<T | undefined>
  toArray(): Promise<T[]>
}

/** Reads of a keyspace, of a snapshot or of a transaction. @category Portable programs */
export interface KeyValueReads<K, V> {
  get(key: K, options?: AsyncOptions): Promise<V | undefined>
  getMany(keys: Iterable<K>, options?: AsyncOptions): Promise<(V | undefined)[]>
  has(key: K, options?: AsyncOptions): Promise<boolean>
  hasMany(keys: Iterable<K>, options?: AsyncOptions): Promise<boolean[]>
  expiresAt(key: K, options?: AsyncOptions): Promise<number | undefined>
  entries(range?: RangeOptions<K> & AsyncOptions): KeyValueScan<[K, V]>
  keys(range?: RangeOptions<K> & AsyncOptions): KeyValueScan<K>
  values(range?: RangeOptions<K> & AsyncOptions): KeyValueScan<V>
  count(range?: RangeOptions<K> & AsyncOptions): Promise<number>
}

/** The type of a handle of a keyspace, as `in` takes it. @category Portable programs */
export interface KeyspaceHandle<K, V> {
  put(key: K, value: V): unknown
}

/** A keyspace. @category Portable programs */
export interface KeyValueKeyspace<K, V> extends KeyValueReads<K, V> {
  put(key: K, value: V, options?: ClusterPutOptions): Promise<void>
  delete(key: K, options?: ClusterWriteOptions): Promise<void>
  deleteRange(range: RangeOptions<K>, options?: ClusterWriteOptions): Promise<void>
  clear(options?: ClusterWriteOptions): Promise<void>
  putIfAbsent(key: K, value: V, options?: ClusterPutOptions): Promise<boolean>
  compareAndSwap(
    key: K,
    expected: V | undefined,
    next: V | undefined,
    options?: ClusterPutOptions,
  ): Promise<boolean>
  update(
    key: K,
    change: (value: V | undefined) => V | undefined,
    options?: ClusterPutOptions,
  ): Promise<V | undefined>
  take(key: K, options?: ClusterWriteOptions): Promise<V | undefined>
}

/** A keyspace in a transaction. @category Portable programs */
export interface KeyValueTransactionKeyspace<K, V> extends KeyValueReads<K, V> {
  getForUpdate(key: K, options?: AsyncOptions): Promise<V | undefined>
  put(key: K, value: V, options?: TtlOption): Promise<void>
  delete(key: K): Promise<void>
  deleteRange(range: RangeOptions<K>, options?: AsyncOptions): Promise<void>
  clear(): Promise<void>
  putIfAbsent(key: K, value: V, options?: TtlOption): Promise<boolean>
  compareAndSwap(key: K, expected: V | undefined, next: V | undefined, options?: TtlOption): Promise<boolean>
  update(key: K, change: (value: V | undefined) => V | undefined, options?: TtlOption): Promise<V | undefined>
  take(key: K): Promise<V | undefined>
}

/** A transaction; its own methods act on the keyspace `default`. @category Portable programs */
export interface KeyValueTransaction extends KeyValueTransactionKeyspace<string, string> {
  readonly isOpen: boolean
  in<K, V>(keyspace: KeyspaceHandle<K, V>): KeyValueTransactionKeyspace<K, V>
  commit(options?: ClusterWriteOptions): Promise<void>
  rollback(): Promise<void>
}

/** A batch. @category Portable programs */
export interface KeyValueBatch<K, V> {
  readonly operationCount: number
  in<K2, V2>(keyspace: KeyspaceHandle<K2, V2>): KeyValueBatch<K2, V2>
  put(key: K, value: V, options?: TtlOption): this
  delete(key: K): this
  deleteRange(range: RangeOptions<K>): this
  commit(options?: ClusterWriteOptions): Promise<void>
}

/** A snapshot; its own methods read the keyspace `default`. @category Portable programs */
export interface KeyValueSnapshot extends KeyValueReads<string, string> {
  in<K, V>(keyspace: KeyspaceHandle<K, V>): KeyValueReads<K, V>
  release(): Promise<void>
}

/**
 * What an embedded database (`AsyncDatabase` of `@ldb/core`) and a cluster (`ClusterDatabase`) have in common. A program that takes it runs on both: one line,
 * which opens the database, changes.
 *
 * @category Portable programs
 */
export interface KeyValueDatabase extends KeyValueKeyspace<string, string> {
  readonly isOpen: boolean
  keyspace<
    Keys extends KeyEncodingOption<unknown> | undefined = 'utf8',
    Values extends ValueEncodingOption<unknown> | undefined = 'utf8',
  >(
    name: string,
    options?: ClusterKeyspaceOptionsWith<Keys, Values>,
  ): Promise<KeyValueKeyspace<KeysOf<Keys>, ValuesOf<Values>>>
  keyspace<K, V>(name: string, ...options: TypedClusterKeyspaceOptions<K, V>): Promise<KeyValueKeyspace<K, V>>
  keyspaces(): Promise<readonly { readonly name: string; readonly keys: string; readonly values: string }[]>
  dropKeyspace(name: string): Promise<void>
  batch(): KeyValueBatch<string, string>
  snapshot(): KeyValueSnapshot
  begin(options?: ClusterTransactionOptions): KeyValueTransaction
  transaction<T>(
    run: (transaction: KeyValueTransaction, attempt: number) => T | PromiseLike<T>,
    options?: ClusterRetryOptions,
  ): Promise<T>
  close(): Promise<void>
}
