import type { OrderedStore, StoreLog, StoreObserver } from '@ldb/base'
import type { PageCache } from '@ldb/cache'
import type { Vfs } from '@ldb/vfs'
import type { EngineName } from '../catalog/catalog.js'

/** The resources of an engine for the store of one keyspace. */
export interface StoreContext {
  readonly vfs: Vfs
  /** Directory of the keyspace. It exists. All file names in it belong to the engine. */
  readonly directory: string
  /** The page cache that all stores of the database share. */
  readonly cache: PageCache
  /**
   * The log of the database: synced before a checkpoint of the store becomes durable (C6), which then records its newest segment.
   * Not usable during replay.
   */
  readonly log: StoreLog
  /** Receives stalls, completed background work and requests for a checkpoint. */
  readonly observer: StoreObserver
}

/** A newly created store, and the bytes that its engine needs to open it. */
export interface CreatedStore {
  readonly store: OrderedStore
  /** The engine's section of the catalog record: at most 65,535 bytes, interpreted by the engine alone. */
  readonly section: Uint8Array
}

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
   * Creates the files of an empty store and opens it. The files are synced; the caller syncs the directory.
   *
   * @throws {@link LdbError} LDB_IO, LDB_NO_SPACE.
   */
  create(context: StoreContext): CreatedStore

  /**
   * Opens a store that the catalog names. Leaves the directory unchanged until the first write.
   *
   * @param section - the engine's section of the catalog record.
   * @throws {@link LdbError} LDB_NOT_FOUND when a file is missing; LDB_CORRUPTION when one is damaged, belongs to another store, or
   * the section is malformed; LDB_FORMAT, LDB_IO.
   */
  open(context: StoreContext, section: Uint8Array): OrderedStore

  /** Reports whether the engine uses a file name in the directory of a keyspace. Files with other names are never removed. */
  ownsFile(name: string): boolean
}
