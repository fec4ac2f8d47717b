import type { Syncable } from '@ldb/base'
import type { BlockCache } from '@ldb/cache'
import type { CodecTable, DataKeys } from '@ldb/integrity'
import type { Vfs } from '@ldb/vfs'
import type { Block } from '../block/block.js'
import { TableReader } from '../table/table-reader.js'
import type { TableMeta } from '../table/table-meta.js'

/** Syncs the file of a new table. */
export interface UnsyncedSync extends Syncable {
  /** Closes the file. */
  close(): void
}

/**
 * A table of an open store: its description, its reader, and the number of versions that contain it.
 *
 * @remarks The file may be deleted once no version contains the table and the durable manifest does not name it (L2).
 */
export class Table {
  readonly meta: TableMeta
  readonly reader: TableReader
  /** Syncs the file, until it is known to be on the device; `undefined` from then on. */
  unsynced: UnsyncedSync | undefined
  /** Versions that contain the table. */
  #referenceCount = 0
  readonly #onUnreferenced: (table: Table) => void

  /**
   * @param onUnreferenced - called when the last version that contains the table is released.
   * @param keys - the data keys of an encrypted store.
   */
  constructor(
    vfs: Vfs,
    directory: string,
    meta: TableMeta,
    cache: BlockCache<Block>,
    codecs: CodecTable,
    unsynced: UnsyncedSync | undefined,
    onUnreferenced: (table: Table) => void,
    keys?: DataKeys,
  ) {
    this.meta = meta
    this.reader = new TableReader(vfs, directory, meta, cache.attach(), codecs, keys)
    this.unsynced = unsynced
    this.#onUnreferenced = onUnreferenced
  }

  get isReferenced(): boolean {
    return this.#referenceCount > 0
  }

  addReference(): void {
    this.#referenceCount++
  }

  removeReference(): void {
    this.#referenceCount--
    if (this.#referenceCount === 0) this.#onUnreferenced(this)
  }
}
