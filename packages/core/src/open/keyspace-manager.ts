import { invalidArgument, isLdbError, LdbError } from '@ldb/base'
import { isResourceShortage } from '@ldb/vfs'
import type { Catalog, KeyspaceDescriptor } from '../catalog/catalog.js'
import { keyspaceDescriptor } from '../catalog/descriptor.js'
import { DEFAULT_KEYSPACE_ID } from '../catalog/directory-layout.js'
import type { CommitSinks } from '../commit/commit-sinks.js'
import type { CommitPipeline } from '../commit/pipeline.js'
import type { DatabaseState } from '../commit/state.js'
import type { ResolvedDatabaseOptions } from '../health/options.js'
import { checkAgainstStored, checkKeyspaceName } from '../keyspace/options.js'
import type { ResolvedKeyspaceOptions } from '../keyspace/options.js'
import { KeyspaceStore } from '../keyspace/store.js'
import { KeyspaceTransactionStore } from '../keyspace/transaction-store.js'
import type { CatalogWriter } from './catalog-writer.js'
import type { ExpirySweep } from './expiry-sweep.js'
import type { KeyspaceFiles } from './keyspace-files.js'

/** Creates, changes and drops keyspaces. */
export class KeyspaceManager {
  readonly #state: DatabaseState
  readonly #writer: CatalogWriter
  readonly #files: KeyspaceFiles
  readonly #pipeline: CommitPipeline
  readonly #sinks: CommitSinks
  readonly #sweep: ExpirySweep
  readonly #options: ResolvedDatabaseOptions

  /** @param sinks - the checkpointer and the transactions of the database are used. */
  constructor(
    state: DatabaseState,
    writer: CatalogWriter,
    files: KeyspaceFiles,
    pipeline: CommitPipeline,
    sinks: CommitSinks,
    sweep: ExpirySweep,
    options: ResolvedDatabaseOptions,
  ) {
    this.#state = state
    this.#writer = writer
    this.#files = files
    this.#pipeline = pipeline
    this.#sinks = sinks
    this.#sweep = sweep
    this.#options = options
    for (const keyspace of state.keyspaces) this.#enableExpiryOnFirstUse(keyspace)
  }

  get catalog(): Catalog {
    return this.#writer.catalog
  }

  /** Returns the keyspace with a name, and creates it if it does not exist. */
  open<K, V>(name: string, options: ResolvedKeyspaceOptions<K, V>): KeyspaceStore {
    checkKeyspaceName(name)
    this.#state.health.assertReadable()
    const existing = this.#state.keyspaces.byName(name)
    if (existing === undefined) return this.#create(name, options)
    checkAgainstStored(existing.descriptor, options)
    const { ttlMs } = options
    const isChanged = ttlMs !== undefined && ttlMs !== (existing.descriptor.ttlMs ?? Infinity)
    if (isChanged && !this.#options.readOnly) {
      this.#pipeline.assertWritable()
      this.#setTtl(existing, ttlMs)
    }
    return existing
  }

  /** Drops a keyspace (K1, K3, K4). */
  drop(name: string): void {
    const { health, keyspaces } = this.#state
    checkKeyspaceName(name)
    this.#pipeline.assertWritable()
    this.#pipeline.drain()
    health.assertWritable()
    const keyspace = keyspaces.byName(name)
    if (keyspace === undefined)
      throw new LdbError('LDB_NOT_FOUND', `there is no keyspace ${JSON.stringify(name)}`)
    const { id } = keyspace.descriptor
    if (id === DEFAULT_KEYSPACE_ID) throw invalidArgument('the keyspace default cannot be dropped')
    // A running checkpoint may still write to its file.
    this.#sinks.checkpointer.finish()
    this.#orPoison(() => {
      const { keyspaces: records, nextKeyspaceId } = this.catalog
      const remaining = records.filter(({ descriptor }) => descriptor.id !== id)
      this.#writer.replaceKeyspaces(this.#pipeline.seq, remaining, nextKeyspaceId)
    })
    keyspaces.remove(keyspace)
    // (K4) Open transactions keep a snapshot of it.
    this.#sinks.transactions.removeStore(id)
    keyspace.dropped = true
    keyspace.whenUnpinned(() => {
      this.#files.removeDropped(id, () => {
        keyspace.store.close()
      })
    })
  }

  /** Removes files of dropped keyspaces that a crash has left. Directories with unassigned numbers are left alone. */
  removeLeftovers(): void {
    const { keyspaces } = this.#state
    this.#files.removeLeftovers(this.catalog.nextKeyspaceId, (id) => keyspaces.byId(id) !== undefined)
  }

  #create<K, V>(name: string, requested: ResolvedKeyspaceOptions<K, V>): KeyspaceStore {
    const { health, keyspaces } = this.#state
    this.#pipeline.assertWritable()
    this.#pipeline.drain()
    health.assertWritable()
    const descriptor = this.#describeNew(name, requested)
    if (descriptor.id >= 0xffff_ffff)
      throw new LdbError('LDB_TOO_LARGE', 'the numbers of keyspaces are used up')
    const keyspace = this.#orPoison(() =>
      this.#state.space.withoutReserve(() => this.#createFiles(descriptor)),
    )
    this.#enableExpiryOnFirstUse(keyspace)
    keyspaces.add(keyspace)
    this.#sinks.transactions.addStore(descriptor.id, new KeyspaceTransactionStore(keyspace))
    this.#sweep.schedule()
    return keyspace
  }

  #createFiles(descriptor: KeyspaceDescriptor): KeyspaceStore {
    const { store, section } = this.#files.create(descriptor)
    try {
      const records = [...this.catalog.keyspaces, { descriptor, section }]
      this.#writer.replaceKeyspaces(this.#pipeline.seq, records, descriptor.id + 1)
    } catch (error) {
      store.close()
      throw error
    }
    return new KeyspaceStore(descriptor, store, this.#files.clock)
  }

  #describeNew<K, V>(name: string, requested: ResolvedKeyspaceOptions<K, V>): KeyspaceDescriptor {
    const { ttlMs } = requested
    return keyspaceDescriptor({
      id: this.catalog.nextKeyspaceId,
      name,
      engine: requested.engine ?? this.#options.engine,
      compression: requested.compression ?? this.#options.compression,
      keys: requested.keys?.name ?? 'utf8',
      values: requested.values?.name ?? 'utf8',
      createdSeq: this.#pipeline.seq,
      ...(ttlMs === undefined || ttlMs === Infinity ? {} : { expires: true, ttlMs }),
    })
  }

  #enableExpiryOnFirstUse(keyspace: KeyspaceStore): void {
    keyspace.onFirstExpiring(() => {
      this.#setTtl(keyspace, Infinity)
    })
  }

  /** (X4) Records in the catalog that entries of a keyspace may expire, and its default time to live. */
  #setTtl(keyspace: KeyspaceStore, ttlMs: number): void {
    keyspace.assertLive()
    this.#state.health.assertWritable()
    const { ttlMs: _before, ...rest } = keyspace.descriptor
    const descriptor = keyspaceDescriptor({
      ...rest,
      expires: true,
      ...(ttlMs === Infinity ? {} : { ttlMs }),
    })
    this.#orPoison(() => {
      this.#state.space.withoutReserve(() => {
        this.#writer.updateKeyspace(descriptor, (record) => ({ ...record, descriptor }))
      })
    })
    keyspace.setDescriptor(descriptor)
    this.#sweep.schedule()
  }

  /** (C3) After a failed write it is unknown which catalog a crash would leave. */
  #orPoison<T>(change: () => T): T {
    const { health, log } = this.#state
    try {
      return change()
    } catch (error) {
      const isHarmless = !log.isPoisoned && !this.#writer.isUnrecorded && isBeforeRename(error)
      if (!isLdbError(error, 'LDB_TOO_LARGE') && !isHarmless) health.fail(error, false)
      throw error
    }
  }
}

/**
 * Reports whether a change of the catalog failed for lack of space or descriptors before the catalog was replaced: what it has written so
 * far is replaced by the next change.
 */
function isBeforeRename(error: unknown): boolean {
  if (!isLdbError(error, 'LDB_NO_SPACE') && !isResourceShortage(error)) return false
  const operation = isLdbError(error) ? error.details.operation : undefined
  return (
    operation === 'open' || operation === 'write' || operation === 'truncate' || operation === 'makeDirectory'
  )
}
