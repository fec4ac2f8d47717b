import { isLdbError, LdbError } from '@ldb/base'
import type { OrderedStore, StoreObserver } from '@ldb/base'
import type { BlockCache, CacheBudget, PageCache } from '@ldb/cache'
import type { CodecTable } from '@ldb/integrity'
import type { Vfs } from '@ldb/vfs'
import type { EngineName, KeyspaceDescriptor, KeyspaceRecord } from '../catalog/catalog.js'
import { keyspacePath } from '../catalog/directory-layout.js'
import { engineOf } from './engine-registry.js'
import type { EngineTable } from './engine-registry.js'
import type { CompactionThreads } from './compaction-threads.js'
import type { Engine, RecordedState, StoreContext } from './engine.js'
import type { DatabaseKeys } from '../encryption/database-keys.js'
import type { LogLink } from './log-link.js'

/** The resources that all stores of one database share. */
export interface StoreResources {
  readonly vfs: Vfs
  /** Directory of the database. */
  readonly directory: string
  /** The budget of both caches. */
  readonly cacheBudget: CacheBudget
  readonly cache: PageCache
  readonly blocks: BlockCache
  readonly memtableBytes: number
  /** Threads that compact tables. */
  readonly threads: CompactionThreads
  /** Compression codecs; those of the application are added to it. */
  readonly codecs: CodecTable
  readonly log: LogLink
  /** Keys of an encrypted database. */
  readonly keys: DatabaseKeys | undefined
}

/** Creates and opens the stores of one database, each with the engine of its keyspace. */
export class StoreFactory {
  readonly vfs: Vfs
  /** Directory of the database. */
  readonly directory: string
  readonly cacheBudget: CacheBudget
  readonly cache: PageCache
  readonly blocks: BlockCache
  /** Engines of this build. */
  readonly engines: EngineTable
  readonly codecs: CodecTable
  /** Keys of an encrypted database. */
  readonly keys: DatabaseKeys | undefined
  readonly #memtableBytes: number
  readonly #threads: CompactionThreads
  readonly #log: LogLink
  readonly #observerOf: (keyspace: string) => StoreObserver

  /** @param observerOf - returns the observer of the store of a keyspace, by its name. */
  constructor(
    engines: EngineTable,
    { vfs, directory, cacheBudget, cache, blocks, memtableBytes, threads, codecs, log, keys }: StoreResources,
    observerOf: (keyspace: string) => StoreObserver,
  ) {
    this.engines = engines
    this.vfs = vfs
    this.directory = directory
    this.cacheBudget = cacheBudget
    this.cache = cache
    this.codecs = codecs
    this.blocks = blocks
    this.#memtableBytes = memtableBytes
    this.#threads = threads
    this.#log = log
    this.keys = keys
    this.#observerOf = observerOf
  }

  /**
   * Opens the store of a keyspace that the catalog names. A missing file is corruption, unless the log contains every commit of the store.
   *
   * @throws {@link LdbError} LDB_CORRUPTION, LDB_FORMAT, LDB_UNSUPPORTED, LDB_IO.
   */
  open({ descriptor, section }: KeyspaceRecord, state: RecordedState): OrderedStore {
    const engine = this.#engineOf(descriptor.engine)
    try {
      return engine.open(this.#contextOf(descriptor), section, state)
    } catch (error) {
      if (!isLdbError(error, 'LDB_NOT_FOUND')) throw error
      throw new LdbError(
        'LDB_CORRUPTION',
        `a file of keyspace ${descriptor.id} is missing: ${error.message}`,
        {
          cause: error,
          details: { ...error.details, offset: 0 },
        },
      )
    }
  }

  /** Returns the path of the file that contains the newest checkpoint of a keyspace, for errors. */
  checkpointFileOf({ id, engine }: KeyspaceDescriptor): string {
    return `${keyspacePath(this.directory, id)}/${this.#engineOf(engine).checkpointFileName}`
  }

  /** Returns the engine's section of the catalog record of a new keyspace. */
  newSection({ engine }: KeyspaceDescriptor): Uint8Array {
    return this.#engineOf(engine).newSection(this.vfs.random, this.cache.pageBytes)
  }

  /** Ends the threads of the stores, which are closed. */
  closeThreads(): void {
    this.#threads.close()
  }

  #engineOf(name: EngineName): Engine {
    return engineOf(this.engines, name)
  }

  #contextOf({ id, name, compression, dictionary }: KeyspaceDescriptor): StoreContext {
    return {
      vfs: this.vfs,
      directory: keyspacePath(this.directory, id),
      cache: this.cache,
      blocks: this.blocks,
      memtableBytes: this.#memtableBytes,
      threadOf: () => this.#threads.of(id),
      compression,
      dictionary: dictionary === true,
      codecs: this.codecs,
      log: this.#log,
      keys: this.keys?.data,
      observer: this.#observerOf(name),
    }
  }
}
