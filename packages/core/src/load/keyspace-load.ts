import { assertIterable, invalidArgument, kindOf } from '@ldb/base'
import type { ResumableTask, Syncable } from '@ldb/base'
import type { CommitPipeline } from '../commit/pipeline.js'
import type { KeyspaceCodec } from '../keyspace/codec.js'
import type { KeyspaceStore } from '../keyspace/store.js'
import { LoadBatch } from './load-batch.js'
import { LoadFiles } from './load-files.js'
import type { LoadTarget } from './load-target.js'

/** The parts of a keyspace that a load uses. */
export interface LoadParts<K, V> {
  readonly store: KeyspaceStore
  readonly codec: KeyspaceCodec<K, V>
  readonly pipeline: CommitPipeline
}

const NO_SLICE: Syncable = Object.freeze({ sync: () => undefined, syncAsync: () => Promise.resolve() })

/** A bulk load into a keyspace: encodes and checks its entries. Both APIs run it. */
export class KeyspaceLoad<K, V> {
  /** Entries added so far. */
  count = 0
  readonly #parts: LoadParts<K, V>
  readonly #ttlMs: number | undefined
  readonly #target: LoadTarget

  /** @throws {@link LdbError} as a put. */
  constructor(parts: LoadParts<K, V>, ttlMs: number | undefined) {
    this.#parts = parts
    this.#ttlMs = ttlMs
    const { store, pipeline } = parts
    const load = store.rawStore.beginLoad()
    this.#target = load === undefined ? new LoadBatch(store, pipeline) : new LoadFiles(load, store, pipeline)
  }

  get isPersistDue(): boolean {
    return this.#target.isPersistDue
  }

  /** Throws unless the keyspace accepts commits. Call it whenever other code may have run. */
  assertWritable(): void {
    const { pipeline, store } = this.#parts
    pipeline.assertWritable()
    if (store.dropped) store.assertLive()
  }

  /** Adds an entry: a pair of key and value. @throws {@link LdbError} as a put; LDB_INVALID_ARGUMENT unless the keys ascend. */
  add(entry: readonly [K, V]): void {
    this.assertWritable()
    if (!Array.isArray(entry) || entry.length !== 2) {
      throw invalidArgument(`an entry of a load must be an array of key and value, got ${kindOf(entry)}`)
    }
    const { store, codec } = this.#parts
    const value = store.encodeExpiry(codec.encodeValue(entry[1]), this.#ttlMs)
    const keyBytes = codec.encodeScratchKey(entry[0])
    this.#target.add(codec.scratch, keyBytes, value)
    this.count++
  }

  persist(): ResumableTask {
    return this.#target.persist()
  }

  complete(timeSlice: Syncable): ResumableTask {
    return this.#target.complete(timeSlice)
  }

  /** Commits the load. Returns the number of its entries. */
  commit(): number {
    this.assertWritable()
    this.#target.commit()
    return this.count
  }

  abort(): void {
    this.#target.abort()
  }
}

/** Loads entries; documented where it is exported, as `KeyspaceWrites.load`. */
export function loadEntries<K, V>(
  parts: LoadParts<K, V>,
  entries: Iterable<readonly [K, V]>,
  ttlMs: number | undefined,
): number {
  assertIterable('the entries of a load', entries)
  const load = new KeyspaceLoad(parts, ttlMs)
  try {
    for (const entry of entries) {
      load.add(entry)
      if (load.isPersistDue) load.persist().sync()
    }
    load.assertWritable()
    if (load.count > 0) load.complete(NO_SLICE).sync()
    return load.commit()
  } catch (error) {
    load.abort()
    throw error
  }
}
