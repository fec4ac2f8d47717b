import type { OrderedStore, StoreLog, StoreObserver, VerifySink } from '@ldb/base'
import type { BlockCache, PageCache } from '@ldb/cache'
import type { CompactionThread } from '@ldb/lsm'
import type { CodecTable, DataKeys } from '@ldb/integrity'
import type { RandomSource, Vfs } from '@ldb/vfs'
import type { EngineName, StoredCompression } from '../catalog/catalog.js'

/** The resources of an engine for the store of one keyspace. */
export interface StoreContext {
  readonly vfs: Vfs
  /** Directory of the keyspace, absent until a new store is written to. All file names in it belong to the engine. */
  readonly directory: string
  /** The page cache that all stores of the database share. */
  readonly cache: PageCache
  /** The block cache that all stores of the database share. */
  readonly blocks: BlockCache
  /** Bytes of operations that a store may hold in memory before it writes them. */
  readonly memtableBytes: number
  /** Returns another thread for compactions; `undefined` when there is none for this file system. */
  readonly threadOf: () => CompactionThread | undefined
  /** Compression of the keyspace. */
  readonly compression: StoredCompression
  /** Values in pages are encoded with dictionaries; in an LSM tree, that means nothing. */
  readonly dictionary: boolean
  /** Compression codecs that the database knows; a keyspace that is opened later may add one of the application. */
  readonly codecs: CodecTable
  /**
   * The log of the database: synced before a checkpoint of the store becomes durable (C6), which then records its newest segment.
   * Not usable during replay.
   */
  readonly log: StoreLog
  /** Receives stalls, completed background work and requests for a checkpoint. */
  readonly observer: StoreObserver
  /** Data keys of an encrypted database, with which everything that the store writes is encrypted. */
  readonly keys: DataKeys | undefined
}

/**
 * What the log says of the newest checkpoint of a store.
 *
 * - `recorded`: it is durable, and the log names it.
 * - `unrecorded`: it exists, and may be newer than the log says: the engine persists it before it writes anything else.
 * - `none`: the log contains every commit of the store since its creation. Files that are absent or incomplete are those of an empty store;
 *   a complete checkpoint of a commit counts as `unrecorded`. The first checkpoint makes the files and their directory entries durable,
 *   that of the directory of the keyspace included.
 */
export type RecordedState = 'recorded' | 'unrecorded' | 'none'

/**
 * A storage engine: creates, opens and names the files of stores.
 *
 * @remarks The rest of core uses engines through this interface only. The contract of a store is `OrderedStore`.
 */
export interface Engine {
  readonly name: EngineName
  /** Number of the engine in the catalog. */
  readonly number: number
  /** Name of the file of a store that contains its newest checkpoint, for errors. */
  readonly checkpointFileName: string

  /**
   * Returns the section of the catalog record of a new store: at most 65,535 bytes, interpreted by the engine alone. Creates no file.
   *
   * @param pageBytes - page size of the database.
   */
  newSection(random: RandomSource, pageBytes: number): Uint8Array

  /**
   * Opens a store that the catalog names. Leaves the directory unchanged until the first write.
   *
   * @param section - the engine's section of the catalog record.
   * @param state - what the log says of the checkpoint of the store.
   * @throws {@link LdbError} LDB_NOT_FOUND when a file is missing; LDB_CORRUPTION when one is damaged, belongs to another store, or
   * the section is malformed; LDB_FORMAT, LDB_IO.
   */
  open(context: StoreContext, section: Uint8Array, state: RecordedState): OrderedStore

  /** Returns the name of a file of a held checkpoint. @param number - that of the held file. */
  fileName(number: number): string

  /**
   * Opens the store in a directory, whose catalog record is lost, to read it. Leaves the directory unchanged.
   *
   * @throws {@link LdbError} as `open`.
   */
  openFound(context: StoreContext): OrderedStore

  /** Verifies the files of a store that cannot be opened, as far as they can be read without what is damaged. */
  verifyFiles(context: StoreContext, sink: VerifySink): void

  /** Reports whether the engine uses a file name in the directory of a keyspace. Files with other names are never removed. */
  ownsFile(name: string): boolean
}
