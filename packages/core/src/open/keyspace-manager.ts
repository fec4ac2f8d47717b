import { assert, invalidArgument, isLdbError, LdbError } from '@ldb/base'
import type { TransactionManager } from '@ldb/mvcc'
import type { Catalog, KeyspaceDescriptor } from '../catalog/catalog.js'
import type { BackgroundSync } from '../log/background-sync.js'
import { replaceCatalog } from '../catalog/file.js'
import type { Checkpointer } from '../commit/checkpointer.js'
import type { CommitLog } from '../log/commit-log.js'
import type { CommitPipeline } from '../commit/pipeline.js'
import type { ResolvedDatabaseOptions } from '../health/options.js'
import { removeKeyspaceFiles } from './removal.js'
import {
  DEFAULT_KEYSPACE_ID,
  keyspaceIdOfName,
  keyspacePath,
  keyspacesPath,
} from '../catalog/directory-layout.js'
import type { CreatedStore } from '../engine/engine.js'
import type { StoreFactory } from '../engine/store-factory.js'
import type { EventHub } from '../health/events.js'
import type { DirectoryEntrySync } from './directory-entry-sync.js'
import type { Health } from '../health/health.js'
import { checkAgainstStored, checkKeyspaceName } from '../keyspace/options.js'
import type { ResolvedKeyspaceOptions } from '../keyspace/options.js'
import { KeyspaceStore } from '../keyspace/store.js'
import type { KeyspaceTable } from '../keyspace/table.js'
import { KeyspaceTransactionStore } from '../keyspace/transaction-store.js'
import type { ExpirySweep } from './expiry-sweep.js'

/** What making and dropping keyspaces works with. */
export interface KeyspaceManagerParts {
  readonly backgroundSync: BackgroundSync
  readonly checkpointer: Checkpointer
  readonly health: Health
  readonly log: CommitLog
  readonly pipeline: CommitPipeline
  readonly keyspaces: KeyspaceTable
  readonly engines: StoreFactory
  readonly events: EventHub
  readonly options: ResolvedDatabaseOptions
  readonly transactions: TransactionManager
  readonly sweep: ExpirySweep
  readonly foundNames: DirectoryEntrySync
}

/** Makes and drops keyspaces, and keeps the catalog. */
export class KeyspaceManager {
  readonly #parts: KeyspaceManagerParts
  #catalog: Catalog

  constructor(parts: KeyspaceManagerParts, catalog: Catalog) {
    this.#parts = parts
    this.#catalog = catalog
    for (const keyspace of parts.keyspaces) this.#adopt(keyspace)
  }

  get catalog(): Catalog {
    return this.#catalog
  }

  /** Returns the keyspace of a name, made when it is not there. */
  open<K, V>(name: string, options: ResolvedKeyspaceOptions<K, V>): KeyspaceStore {
    checkKeyspaceName(name)
    this.#parts.health.assertReadable()
    const present = this.#parts.keyspaces.byName(name)
    if (present !== undefined) checkAgainstStored(present.descriptor, options)
    if (present === undefined) return this.#create(name, options)
    const { ttlMs } = options
    const isOther = ttlMs !== undefined && ttlMs !== (present.descriptor.ttlMs ?? Infinity)
    if (isOther && !this.#parts.options.readOnly) this.#setTtl(present, ttlMs)
    return present
  }

  /** (X4) Lets entries of a keyspace expire, after this time when nothing is said, and remembers that. */
  #setTtl(keyspace: KeyspaceStore, ttlMs: number): void {
    keyspace.assertLive()
    this.#parts.health.assertWritable()
    const { ttlMs: _before, ...rest } = keyspace.descriptor
    const descriptor: KeyspaceDescriptor = {
      ...rest,
      expires: true,
      ...(ttlMs === Infinity ? {} : { ttlMs }),
    }
    const keyspaces = this.#catalog.keyspaces.map((record) =>
      record.descriptor.id === descriptor.id ? { ...record, descriptor } : record,
    )
    this.#orPoison(() => {
      // The commits that are in flight need not be waited for: none is bound to this.
      this.#write({ ...this.#catalog, generation: this.#catalog.generation + 1, keyspaces })
    })
    keyspace.describe(descriptor)
    this.#parts.sweep.plan()
  }

  #adopt(keyspace: KeyspaceStore): void {
    keyspace.whenFirstExpiring(() => {
      this.#setTtl(keyspace, Infinity)
    })
  }

  /** Drops a keyspace (K1, K3, K4). */
  drop(name: string): void {
    const { checkpointer, health, keyspaces, pipeline } = this.#parts
    checkKeyspaceName(name)
    pipeline.settle()
    health.assertWritable()
    const keyspace = keyspaces.byName(name)
    if (keyspace === undefined)
      throw new LdbError('LDB_NOT_FOUND', `there is no keyspace ${JSON.stringify(name)}`)
    const { id } = keyspace.descriptor
    if (id === DEFAULT_KEYSPACE_ID) throw invalidArgument('the keyspace default cannot be dropped')
    // One that is under way may still write to its file.
    checkpointer.finish()
    this.#orPoison(() => {
      this.#replace({ keyspaces: this.#catalog.keyspaces.filter(({ descriptor }) => descriptor.id !== id) })
    })
    keyspaces.remove(keyspace)
    // (K4) Transactions that are open keep it, frozen.
    this.#parts.transactions.removeStore(id)
    keyspace.dropped = true
    keyspace.whenUnpinned(() => {
      this.#harmlessly(id, () => {
        keyspace.store.close()
      })
      this.#sweep(id)
    })
  }

  /** Removes what dropped keyspaces have left, when a crash came between; numbers never given out are not looked at. */
  sweepDropped(): void {
    const { vfs, directory } = this.#parts.engines
    for (const name of vfs.list(keyspacesPath(directory))) {
      const id = keyspaceIdOfName(name)
      if (id === undefined || id >= this.#catalog.nextKeyspaceId) continue
      if (this.#parts.keyspaces.byId(id) === undefined) this.#sweep(id)
    }
  }

  #create<K, V>(name: string, wanted: ResolvedKeyspaceOptions<K, V>): KeyspaceStore {
    const { health, pipeline, keyspaces, options } = this.#parts
    pipeline.settle()
    health.assertWritable()
    const descriptor: KeyspaceDescriptor = {
      id: this.#catalog.nextKeyspaceId,
      name,
      engine: wanted.engine ?? options.engine,
      compression: wanted.compression ?? options.compression,
      keys: wanted.keys?.name ?? 'utf8',
      values: wanted.values?.name ?? 'utf8',
      createdSeq: pipeline.seq,
      ...(wanted.ttlMs === undefined || wanted.ttlMs === Infinity
        ? {}
        : { expires: true, ttlMs: wanted.ttlMs }),
    }
    if (descriptor.id >= 0xffff_ffff)
      throw new LdbError('LDB_TOO_LARGE', 'the numbers of keyspaces are used up')
    const keyspace = this.#orPoison(() => {
      const { store, section } = this.#createStore(descriptor)
      this.#replace({
        nextKeyspaceId: descriptor.id + 1,
        keyspaces: [...this.#catalog.keyspaces, { descriptor, section }],
      })
      return new KeyspaceStore(descriptor, store, this.#parts.engines.vfs.clock)
    })
    this.#adopt(keyspace)
    keyspaces.add(keyspace)
    this.#parts.transactions.addStore(descriptor.id, new KeyspaceTransactionStore(keyspace))
    this.#parts.sweep.plan()
    return keyspace
  }

  /** (K2) Its file is durable before the catalog names it. */
  #createStore(descriptor: KeyspaceDescriptor): CreatedStore {
    const { id } = descriptor
    const { engines } = this.#parts
    const { vfs, directory } = engines
    const path = keyspacePath(directory, id)
    // A number at which a creation was broken off before the catalog named it.
    removeKeyspaceFiles(vfs, directory, id, engines.engines)
    if (vfs.status(path) === undefined) vfs.makeDirectory(path)
    const created = engines.create(descriptor)
    vfs.syncDirectory(path)
    vfs.syncDirectory(keyspacesPath(directory))
    return created
  }

  #replace(change: Partial<Catalog>): void {
    const { log, pipeline } = this.#parts
    // (K1) What came before must not be lost when this is kept.
    log.sync()
    const next: Catalog = {
      ...this.#catalog,
      ...change,
      generation: this.#catalog.generation + 1,
      seq: pipeline.seq,
    }
    this.#write(next)
  }

  #write(next: Catalog): void {
    const { vfs, directory } = this.#parts.engines
    this.#parts.foundNames.sync()
    replaceCatalog(vfs, directory, next)
    this.#catalog = next
    // (R8) Behind it, so that the log never asks for a catalog that may be missing.
    this.#parts.log.appendCatalog(next.generation)
    if (!this.#parts.log.isVolatile) this.#parts.backgroundSync.plan()
  }

  /** (C3) After a failure nobody knows which catalog a crash would leave. */
  #orPoison<T>(change: () => T): T {
    try {
      return change()
    } catch (error) {
      if (!isLdbError(error, 'LDB_TOO_LARGE')) {
        this.#parts.health.poison(error, false)
        this.#parts.events.emit('error', { error })
      }
      throw error
    }
  }

  /** Removes the files of a dropped keyspace; where that fails, the next open tries again. */
  #sweep(id: number): void {
    assert(this.#parts.keyspaces.byId(id) === undefined, 'only dropped keyspaces are swept')
    const { vfs, directory, engines } = this.#parts.engines
    this.#harmlessly(id, () => {
      // (K3) The catalog that was found may have its name in the cache of the operating system only.
      this.#parts.foundNames.sync()
      removeKeyspaceFiles(vfs, directory, id, engines)
    })
  }

  /** Tidies up behind a keyspace that is dropped already: a failure is no reason to say that it is not. */
  #harmlessly(id: number, tidy: () => void): void {
    try {
      tidy()
    } catch (error) {
      if (!isLdbError(error)) throw error
      this.#parts.options.logger?.warn(`keyspace ${id} was dropped, and its files stay: ${error.message}`)
    }
  }
}
