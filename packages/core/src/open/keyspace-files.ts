import { isLdbError } from '@ldb/base'
import type { Syncable } from '@ldb/base'
import type { Clock } from '@ldb/vfs'
import type { KeyspaceDescriptor, KeyspaceRecord } from '../catalog/catalog.js'
import { keyspaceIdOfName, keyspacesPath } from '../catalog/directory-layout.js'
import type { StoreFactory } from '../engine/store-factory.js'
import type { Compression } from '../health/compression.js'
import type { Logger } from '../health/logger.js'
import { removeKeyspaceFiles } from './removal.js'

/** Creates and removes the files of keyspaces. */
export class KeyspaceFiles {
  readonly #engines: StoreFactory
  readonly #directoryEntries: Syncable
  readonly #logger: Logger | undefined

  /** @param directoryEntries - syncs the directory entries of the database and its catalog. */
  constructor(engines: StoreFactory, directoryEntries: Syncable, logger: Logger | undefined) {
    this.#engines = engines
    this.#directoryEntries = directoryEntries
    this.#logger = logger
  }

  get clock(): Clock {
    return this.#engines.vfs.clock
  }

  /** Returns the catalog record of a new keyspace. (K2) Its files are created when its store is first written. */
  describe(descriptor: KeyspaceDescriptor): KeyspaceRecord {
    return { descriptor, section: this.#engines.newSection(descriptor) }
  }

  /**
   * Makes a codec of the application known to the stores; other compressions are.
   *
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT when another codec has its id.
   */
  addCodec(compression: Compression | undefined): void {
    if (typeof compression === 'object') this.#engines.codecs.add(compression)
  }

  /** Closes the store of a dropped keyspace, and removes its files. */
  removeDropped(id: number, close: () => void): void {
    this.#warnOnError(id, close)
    this.#remove(id)
  }

  /**
   * Removes files of dropped keyspaces that a crash has left.
   *
   * @param nextId - directories with this or a greater number are left alone.
   * @param isInUse - reports whether a keyspace with a number exists.
   */
  removeLeftovers(nextId: number, isInUse: (id: number) => boolean): void {
    const { vfs, directory } = this.#engines
    const path = keyspacesPath(directory)
    // A copy of the database may lack empty directories.
    if (vfs.status(path) === undefined) return
    for (const name of vfs.list(path)) {
      const id = keyspaceIdOfName(name)
      if (id !== undefined && id < nextId && !isInUse(id)) this.#remove(id)
    }
  }

  #remove(id: number): void {
    const { vfs, directory, engines } = this.#engines
    this.#warnOnError(id, () => {
      // (K3) The directory entry of the catalog that was found at open may not be durable yet.
      this.#directoryEntries.sync()
      removeKeyspaceFiles(vfs, directory, id, engines)
    })
  }

  /** Runs a cleanup step. The keyspace is dropped even if it fails: the next open removes the files. */
  #warnOnError(id: number, step: () => void): void {
    try {
      step()
    } catch (error) {
      if (!isLdbError(error)) throw error
      this.#logger?.warn(`keyspace ${id} was dropped, but its files could not be removed: ${error.message}`)
    }
  }
}
