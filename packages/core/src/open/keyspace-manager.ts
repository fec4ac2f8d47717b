import { invalidArgument, isLdbError, LdbError } from '@ldb/base'
import { isResourceShortage } from '@ldb/vfs'
import type { Catalog, KeyspaceDescriptor } from '../catalog/catalog.js'
import { keyspaceDescriptor } from '../catalog/descriptor.js'
import { DEFAULT_KEYSPACE_ID } from '../catalog/directory-layout.js'
import type { CommitSinks } from '../commit/commit-sinks.js'
import type { CommitPipeline } from '../commit/pipeline.js'
import type { DatabaseState } from '../commit/state.js'
import { storedCompression } from '../health/compression.js'
import type { ResolvedDatabaseOptions } from '../health/options.js'
import { checkAgainstStored, checkKeyspaceName } from '../keyspace/options.js'
import type { ResolvedKeyspaceOptions } from '../keyspace/options.js'
import { KeyspaceStore } from '../keyspace/store.js'
import { KeyspaceTransactionStore } from '../keyspace/transaction-store.js'
import type { CatalogWriter } from './catalog-writer.js'
import type { KeyspaceFiles } from './keyspace-files.js'
import { StoreOpening } from './store-opening.js'
import type { StoreOpenings } from './store-opening.js'

/** Creates, changes and drops keyspaces. */
export class KeyspaceManager {
  readonly #state: DatabaseState
  readonly #writer: CatalogWriter
  readonly #files: KeyspaceFiles
  readonly #openings: StoreOpenings
  readonly #pipeline: CommitPipeline
  readonly #sinks: CommitSinks
  readonly #background: { schedule(): void }
  readonly #options: ResolvedDatabaseOptions

  /** @param sinks - the checkpointer, the background sync and the transactions of the database are used. */
  constructor(
    state: DatabaseState,
    writer: CatalogWriter,
    files: KeyspaceFiles,
    openings: StoreOpenings,
    pipeline: CommitPipeline,
    sinks: CommitSinks,
    background: { schedule(): void },
    options: ResolvedDatabaseOptions,
  ) {
    this.#state = state
    this.#writer = writer
    this.#files = files
    this.#openings = openings
    this.#pipeline = pipeline
    this.#sinks = sinks
    this.#background = background
    this.#options = options
    for (const keyspace of state.keyspaces) this.#enableOnFirstUse(keyspace)
  }

  get catalog(): Catalog {
    return this.#writer.catalog
  }

  /** Returns the keyspace with a name, and creates it if it does not exist. */
  open<K, V>(name: string, options: ResolvedKeyspaceOptions<K, V>): KeyspaceStore {
    checkKeyspaceName(name)
    this.#state.health.assertReadable()
    const existing = this.#state.keyspaces.byName(name)
    if (existing === undefined) {
      if (options.createIfMissing === false) throw unknownKeyspace(name)
      return this.#create(name, options)
    }
    checkAgainstStored(existing.descriptor, options)
    this.#files.addCodec(options.compression)
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
    if (keyspace === undefined) throw unknownKeyspace(name)
    const { id } = keyspace.descriptor
    const seq = this.#pipeline.nextSeq
    if (id === DEFAULT_KEYSPACE_ID) throw invalidArgument('the keyspace default cannot be dropped')
    // A running checkpoint may still write to its file.
    this.#sinks.checkpointer.finish()
    this.#keepForSnapshots(keyspace)
    this.#orPoison(() => {
      this.#writer.removeKeyspace(seq, keyspace.descriptor)
    })
    keyspaces.remove(keyspace)
    // (K4) Open transactions keep a snapshot of it.
    this.#sinks.transactions.removeStore(id)
    keyspace.dropped = true
    this.#pipeline.publishKeyspaceChange(seq)
    if (keyspace.hasBlobs) this.#state.values?.blobs.liveness.noteDropped()
    keyspace.whenUnpinned(() => {
      this.#files.removeDropped(id, () => {
        keyspace.openedStore?.close()
      })
    })
  }

  /** Writes the catalog again, as it is: it is encrypted with the present data key. */
  rewriteCatalog(): void {
    this.#pipeline.assertWritable()
    this.#pipeline.drain()
    this.#state.health.assertWritable()
    this.#orPoison(() => {
      this.#writer.rewrite()
    })
  }

  /** Removes files of dropped keyspaces that a crash has left. Directories with unassigned numbers are left alone. */
  removeLeftovers(): void {
    const { keyspaces } = this.#state
    this.#files.removeLeftovers(this.catalog.nextKeyspaceId, (id) => keyspaces.byId(id) !== undefined)
  }

  /** (K4) Open snapshots keep the state of a dropped keyspace. One that cannot be read can be dropped nevertheless. */
  #keepForSnapshots(keyspace: KeyspaceStore): void {
    try {
      keyspace.pinForSnapshots()
    } catch (error) {
      if (!isLdbError(error, 'LDB_CORRUPTION')) throw error
    }
  }

  #create<K, V>(name: string, requested: ResolvedKeyspaceOptions<K, V>): KeyspaceStore {
    const { health, keyspaces } = this.#state
    this.#pipeline.assertWritable()
    this.#pipeline.drain()
    health.assertWritable()
    const descriptor = this.#describeNew(name, requested)
    if (descriptor.id >= 0xffff_ffff)
      throw new LdbError('LDB_TOO_LARGE', 'the numbers of keyspaces are used up')
    this.#files.addCodec(requested.compression)
    const keyspace = this.#orPoison(() =>
      this.#state.space.withoutReserve(() => this.#createRecord(descriptor)),
    )
    this.#enableOnFirstUse(keyspace)
    keyspaces.add(keyspace)
    this.#sinks.transactions.addStore(descriptor.id, new KeyspaceTransactionStore(keyspace))
    this.#pipeline.publishKeyspaceChange(descriptor.createdSeq)
    this.#background.schedule()
    return keyspace
  }

  #createRecord(descriptor: KeyspaceDescriptor): KeyspaceStore {
    const record = this.#files.describe(descriptor)
    this.#writer.addKeyspace(descriptor.createdSeq, record)
    // (R8) The record of the catalog is synced with the first commit, or a moment later.
    this.#sinks.backgroundSync.schedule()
    return new KeyspaceStore(
      descriptor,
      new StoreOpening(this.#openings, record),
      this.#files.clock,
      this.#state.values?.blobs,
    )
  }

  #describeNew<K, V>(name: string, requested: ResolvedKeyspaceOptions<K, V>): KeyspaceDescriptor {
    const { ttlMs, engine = this.#options.engine, compression = this.#options.compression } = requested
    const { dictionary = this.#options.dictionary && engine === 'btree' } = requested
    if (dictionary && engine !== 'btree')
      throw invalidArgument(`dictionary: the engine '${engine}' has none, only 'btree'`)
    return keyspaceDescriptor({
      id: this.catalog.nextKeyspaceId,
      name,
      engine,
      compression: storedCompression(compression),
      keys: requested.keys?.name ?? 'utf8',
      values: requested.values?.name ?? 'utf8',
      createdSeq: this.#pipeline.nextSeq,
      ...(dictionary ? { dictionary } : {}),
      ...(ttlMs === undefined || ttlMs === Infinity ? {} : { expires: true, ttlMs }),
    })
  }

  #enableOnFirstUse(keyspace: KeyspaceStore): void {
    keyspace.onFirstExpiring(() => {
      this.#setTtl(keyspace, Infinity)
    })
    keyspace.onFirstBlob(() => {
      this.#replace(keyspace, keyspaceDescriptor({ ...keyspace.descriptor, blobs: true }))
    })
  }

  /** (X4) Records in the catalog that entries of a keyspace may expire, and its default time to live. */
  #setTtl(keyspace: KeyspaceStore, ttlMs: number): void {
    const { ttlMs: _before, ...rest } = keyspace.descriptor
    const descriptor = keyspaceDescriptor({
      ...rest,
      expires: true,
      ...(ttlMs === Infinity ? {} : { ttlMs }),
    })
    this.#replace(keyspace, descriptor)
    this.#background.schedule()
  }

  /** Replaces the descriptor of a keyspace, in the catalog first. */
  #replace(keyspace: KeyspaceStore, descriptor: KeyspaceDescriptor): void {
    keyspace.assertLive()
    this.#state.health.assertWritable()
    this.#orPoison(() => {
      this.#state.space.withoutReserve(() => {
        this.#writer.updateKeyspace(descriptor, (record) => ({ ...record, descriptor }))
      })
    })
    keyspace.setDescriptor(descriptor)
    this.#background.schedule()
  }

  /** Changes the catalog. (C3) After a failed write it is unknown which one a crash would leave. */
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

function unknownKeyspace(name: string): LdbError {
  return new LdbError('LDB_NOT_FOUND', `there is no keyspace ${JSON.stringify(name)}`)
}
