import type { DataKeys } from '@ldb/integrity'
import type { Vfs } from '@ldb/vfs'
import type { Catalog, KeyspaceDescriptor, KeyspaceRecord } from '../catalog/catalog.js'
import { replaceCatalog } from '../catalog/file.js'
import { keyspaceChange } from '../catalog/keyspace-change.js'
import type { CommitLog } from '../log/commit-log.js'

/** The catalog of an open database. After an error of a write, the database must be poisoned. */
export class CatalogWriter {
  readonly #vfs: Vfs
  readonly #directory: string
  readonly #log: CommitLog
  readonly #keys: DataKeys | undefined
  #catalog: Catalog
  #isUnrecorded = false

  /**
   * @param catalog - the current catalog.
   * @param keys - of an encrypted database.
   */
  constructor(catalog: Catalog, vfs: Vfs, directory: string, log: CommitLog, keys: DataKeys | undefined) {
    this.#keys = keys
    this.#catalog = catalog
    this.#vfs = vfs
    this.#directory = directory
    this.#log = log
  }

  /** True when the catalog was replaced, and the log has no durable record of it: nothing may be logged before that record. */
  get isUnrecorded(): boolean {
    return this.#isUnrecorded
  }

  /** The current catalog. */
  get catalog(): Catalog {
    return this.#catalog
  }

  /**
   * Writes a catalog with a new keyspace. The record of the catalog in the log is flushed, and synced with the first commit to the
   * keyspace, or with whatever else is synced next: until then the catalog is as if the process had ended before it wrote the record.
   *
   * @param seq - number of the commit that creates it.
   */
  addKeyspace(seq: number, record: KeyspaceRecord): void {
    const keyspaces = [...this.#catalog.keyspaces, record]
    const change = keyspaceChange('createKeyspace', record.descriptor)
    this.#write({ ...this.#catalog, seq, nextKeyspaceId: record.descriptor.id + 1, keyspaces, change })
  }

  /**
   * Writes a catalog without a keyspace.
   *
   * @param seq - number of the commit that drops it.
   */
  removeKeyspace(seq: number, dropped: KeyspaceDescriptor): void {
    const keyspaces = this.#catalog.keyspaces.filter(({ descriptor }) => descriptor.id !== dropped.id)
    this.#write({ ...this.#catalog, seq, keyspaces, change: keyspaceChange('dropKeyspace', dropped) })
    this.#log.sync()
  }

  /** Writes a catalog with a changed keyspace record. */
  updateKeyspace({ id }: { readonly id: number }, change: (record: KeyspaceRecord) => KeyspaceRecord): void {
    const keyspaces = this.#catalog.keyspaces.map((record) =>
      record.descriptor.id === id ? change(record) : record,
    )
    this.#write({ ...this.#catalog, keyspaces, change: undefined })
    // An older catalog is then refused, even after a crash.
    this.#log.sync()
  }

  /** Writes the catalog again, as it is: it is encrypted with the present data key. */
  rewrite(): void {
    this.#write({ ...this.#catalog, change: undefined })
    this.#log.sync()
  }

  #write(changed: Catalog): void {
    // (K1) Earlier commits must not be lost while the catalog survives. (R9) The version of the catalog depends on the end of the log. (R1)
    // The first segment of the log follows the directory entries of the database.
    const end = this.#log.prepareCatalog()
    const next: Catalog = { ...changed, ...end, generation: changed.generation + 1 }
    replaceCatalog(this.#vfs, this.#directory, next, this.#keys)
    this.#catalog = next
    this.#isUnrecorded = true
    // (R8) The record follows the durable catalog, so the log never requires a catalog that may be missing.
    this.#log.appendCatalog(next)
    // The catalog contains its change, so that the next process that writes appends the record if a crash comes first.
    if (next.change !== undefined) this.#log.appendKeyspaceChange(next.change, next.seq)
    this.#log.flush()
    this.#isUnrecorded = false
  }
}
