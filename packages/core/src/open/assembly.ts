import { LdbError } from '@ldb/base'
import { BlockCache, CacheBudget, PageCache } from '@ldb/cache'
import { CodecTable } from '@ldb/integrity'
import { defaultVfs, InternalVfs } from '@ldb/vfs'
import type { PooledVfs, Vfs, VfsLock } from '@ldb/vfs'
import { Wal } from '@ldb/wal'
import type { CreatedLog } from '@ldb/wal'
import { Archiver } from '../archive/archiver.js'
import { BlobValues } from '../blob/blob-values.js'
import { LogValues } from '../blob/log-values.js'
import type { Catalog } from '../catalog/catalog.js'
import { CONSUMERS_KEYSPACE, logPath } from '../catalog/directory-layout.js'
import { isChangeMissing } from '../catalog/keyspace-change.js'
import { cipherOption } from '../encryption/ciphers.js'
import type { DatabaseKeys } from '../encryption/database-keys.js'
import { resolveDirectory } from '../catalog/path.js'
import { CompactionThreads } from '../engine/compaction-threads.js'
import { LogLink } from '../engine/log-link.js'
import { StoreEvents } from '../engine/store-events.js'
import { StoreFactory } from '../engine/store-factory.js'
import { EventHub } from '../health/events.js'
import { Health } from '../health/health.js'
import type { ResolvedDatabaseOptions } from '../health/options.js'
import { assertNotOlder } from '../health/state-token.js'
import { KeyspaceStore } from '../keyspace/store.js'
import { KeyspaceTable } from '../keyspace/table.js'
import { CheckpointTrigger } from '../log/checkpoint-trigger.js'
import { MemoryLog } from '../log/commit-log.js'
import type { CommitLog } from '../log/commit-log.js'
import { WalLog } from '../log/wal-log.js'
import { newestCheckpoint } from '../recovery/newest-checkpoint.js'
import { replayLog } from '../recovery/replay-log.js'
import { ReadGate } from '../resident/read-gate.js'
import { GatedVfs } from '../resident/read-vfs.js'
import { ReserveSize } from '../space/reserve-size.js'
import type { ReservedSpace } from '../space/reserved-space.js'
import { SpaceBudget } from '../space/space-budget.js'
import { DirectoryEntrySync } from './directory-entry-sync.js'
import { OpenDatabase } from './open-database.js'
import type { OpenedStores, ReplayedLog } from './open-database.js'
import { runAll } from './run-all.js'
import { StoreOpenings } from './store-opening.js'
import type { DatabaseTuning } from './tuning.js'

/** A longer log is checkpointed at open, so that repeated opens without writes do not accumulate segments. */
const FOUND_SEGMENTS_MAX = 16

/** The files of a locked database. */
export interface DatabaseFiles {
  readonly directory: string
  /** The file system that the database uses. */
  readonly vfs: Vfs
  /** The same for the log, which finds that the directory is checked already. */
  readonly logVfs: Vfs
  readonly space: ReservedSpace
  /** The layer of `vfs` that bounds the open files; `undefined` for a memory-only database. */
  readonly pool: PooledVfs | undefined
  /** The log of a database that this open has created. */
  readonly createdLog: CreatedLog | undefined
  /** Keys of an encrypted database. */
  readonly keys: DatabaseKeys | undefined
  /** The catalog is damaged, and that of its copy is used. */
  readonly isCatalogLost: boolean
}

/** Assembles an open database from its locked directory: opens the stores and the log, and replays the log. */
export class Assembly {
  readonly #options: ResolvedDatabaseOptions
  readonly #tuning: DatabaseTuning
  readonly #directory: string
  readonly #vfs: Vfs
  readonly #logVfs: Vfs
  readonly #files: PooledVfs | undefined
  readonly #space: ReservedSpace
  readonly #createdLog: CreatedLog | undefined
  readonly #keys: DatabaseKeys | undefined
  readonly #isCatalogLost: boolean
  /** Closes the opened objects, newest last. The owner runs them when the open fails. */
  readonly #opened: (() => void)[]

  constructor(
    options: ResolvedDatabaseOptions,
    tuning: DatabaseTuning,
    { directory, vfs, logVfs, space, pool, createdLog, keys, isCatalogLost }: DatabaseFiles,
    opened: (() => void)[],
  ) {
    this.#options = options
    this.#tuning = tuning
    this.#directory = directory
    this.#vfs = vfs
    this.#logVfs = logVfs
    this.#files = pool
    this.#space = space
    this.#createdLog = createdLog
    this.#keys = keys
    this.#isCatalogLost = isCatalogLost
    this.#opened = opened
  }

  /** @param withLog - false for a memory-only database. */
  assemble(lock: VfsLock, catalog: Catalog, withLog: boolean): OpenDatabase {
    const options = this.#options
    this.#assertPageSize(catalog)
    const logLink = new LogLink()
    const stores = this.#describeStores(lock, catalog, logLink, withLog)
    const replayed = withLog ? this.#openLog(catalog, stores) : this.#openMemoryLog(catalog, stores)
    logLink.connect(replayed.log)
    this.#holdForConsumers(catalog, replayed.log)
    assertNotOlder({ ...catalog, seq: replayed.seq }, options.minState, this.#directory)
    const space = this.#spaceBudget(catalog, stores, replayed.log, withLog)
    const database = new OpenDatabase(options, lock, catalog, stores, replayed, space)
    // (R5) Otherwise the log remains the root of the replayed commits until its length triggers a checkpoint.
    database.start(replayed.hasTooManySegments && !options.readOnly)
    return database
  }

  /** Keeps what consumers of changes may need, before the first checkpoint can remove it. */
  #holdForConsumers({ keyspaces }: Catalog, log: CommitLog): void {
    const { readOnly, consumerBacklogBytes } = this.#options
    if (readOnly || keyspaces.every(({ descriptor }) => descriptor.name !== CONSUMERS_KEYSPACE)) return
    log.unreadHold = log.holdCommits(0, (bytes) => bytes <= consumerBacklogBytes)
  }

  #spaceBudget(
    { pageBytes }: Catalog,
    { keyspaces, trigger, blobs }: OpenedStores,
    log: CommitLog,
    withLog: boolean,
  ): SpaceBudget {
    const size = new ReserveSize(pageBytes, withLog ? this.#tuning.reservingBytes : Infinity)
    const users = { log, keyspaces, blobs, trigger, cacheBytes: this.#options.cacheBytes }
    return new SpaceBudget(this.#directory, this.#space, size, users)
  }

  /** (D6) A database keeps the page size that it was created with. */
  #assertPageSize({ pageBytes: actual }: Catalog): void {
    const wanted = this.#options.pageBytes
    if (wanted === undefined || wanted === actual) return
    const message = `the database at ${this.#directory} has pages of ${actual} bytes, not ${wanted}`
    throw new LdbError('LDB_EXISTS', message, {
      details: { file: this.#directory, expected: wanted, actual },
    })
  }

  #createCache({ pageBytes }: Catalog, budget: CacheBudget): PageCache {
    const { usesHashIndex, arenaBytes } = this.#tuning
    const hashIndex = usesHashIndex ? {} : { hashIndexBytes: 0 }
    const arena = arenaBytes === undefined ? {} : { arenaBytes }
    return new PageCache({ bytes: budget.bytes, pageBytes, budget, ...hashIndex, ...arena })
  }

  /** Another thread opens files of the operating system, and no others. */
  #threadCount(): number {
    const { vfs, readOnly, workers } = this.#options
    return vfs !== undefined || readOnly || this.#files === undefined ? 0 : workers
  }

  /** Returns the codecs that the options name; keyspaces that are opened may add others. */
  #codecs(): CodecTable {
    const codecs = new CodecTable()
    const { compression } = this.#options
    if (typeof compression === 'object') codecs.add(compression)
    return codecs
  }

  /** Creates the objects of the stores. No store is opened. */
  #describeStores(lock: VfsLock, catalog: Catalog, log: LogLink, withBlobs: boolean): OpenedStores {
    const vfs = this.#vfs
    const { logger, readOnly } = this.#options
    const events = new EventHub(withBlobs ? this.#directory : undefined, (error) =>
      logger?.error(`a listener failed: ${String(error)}`),
    )
    const health = new Health(readOnly, events)
    const gate = new ReadGate(vfs.clock, vfs.scheduler)
    const keyspaces = new KeyspaceTable(() => {
      gate.pause()
    })
    const trigger = new CheckpointTrigger(this.#tuning.checkpointLogBytes, () => preferredLogBytes(keyspaces))
    const gated = new GatedVfs(vfs, gate)
    const freeBytes = (): number | undefined => this.#space.reserve.freeBytes()
    const codecs = this.#codecs()
    const blobCipher = cipherOption(this.#keys?.data, 'blob')
    const blobOptions = { fileBytes: this.#tuning.blobFileBytes, freeBytes, codecs, ...blobCipher }
    const blobs = withBlobs ? new BlobValues(gated, this.#directory, blobOptions) : undefined
    const cacheBudget = new CacheBudget(this.#options.cacheBytes)
    const resources = {
      vfs: gated,
      directory: this.#directory,
      cacheBudget,
      cache: this.#createCache(catalog, cacheBudget),
      blocks: new BlockCache(cacheBudget),
      memtableBytes: this.#options.memtableBytes,
      threads: new CompactionThreads(this.#threadCount()),
      codecs,
      log,
      keys: this.#keys,
    }
    const engines = new StoreFactory(
      this.#tuning.engines,
      resources,
      (keyspace) => new StoreEvents(keyspace, events, health, trigger, logger),
    )
    const openings = new StoreOpenings(engines, gate, catalog, lock)
    for (const record of catalog.keyspaces) {
      keyspaces.add(new KeyspaceStore(record.descriptor, openings.of(record), vfs.clock, blobs))
    }
    this.#opened.push(() => {
      engines.closeThreads()
      blobs?.close()
    })
    this.#opened.push(() => {
      runAll(
        [...keyspaces].map(({ openedStore }) => (): void => {
          openedStore?.close()
        }),
      )
    })
    const directoryEntries = new DirectoryEntrySync(
      vfs,
      this.#directory,
      this.#isCatalogLost && !readOnly ? catalog : undefined,
    )
    const files = this.#files
    const { closeLogBytes } = this.#tuning
    const parts = { health, events, trigger, gate, keyspaces, engines, openings, blobs }
    return { ...parts, files, directoryEntries, closeLogBytes }
  }

  #openMemoryLog({ seq }: Catalog, { openings }: OpenedStores): ReplayedLog {
    const log = new MemoryLog(this.#options.changesBacklogBytes)
    openings.recoveredSeq = seq
    return { log, archive: undefined, seq, checkpointSeq: seq, hasTooManySegments: false }
  }

  /**
   * Opens the stores before the replay: all of them after an unclean end, when any may have a checkpoint that the log does not name, and if
   * they are few. The others are opened when they are first used.
   */
  #openStores(keyspaces: KeyspaceTable, openings: StoreOpenings, wal: Wal): void {
    const { openedStoresMax } = this.#tuning
    if (wal.openedClean) openings.noteRecorded(newestCheckpoint(wal, logPath(this.#directory)))
    if (wal.openedClean && keyspaces.size > openedStoresMax) return
    for (const keyspace of keyspaces) {
      keyspace.ensureOpen()
      // The files of keyspaces that are not used take no descriptor, except one.
      this.#files?.closeIdle()
    }
  }

  #openLog(catalog: Catalog, stores: OpenedStores): ReplayedLog {
    const { keyspaces, engines, openings, directoryEntries, blobs } = stores
    const { segmentBytes, preallocateBytes } = this.#tuning
    const wal = Wal.open(this.#logVfs, logPath(this.#directory), {
      create: false,
      mustExist: true,
      ownerId: catalog.databaseId,
      segmentBytes,
      preallocateBytes,
      beforeWriting: directoryEntries,
      ...cipherOption(this.#keys?.data, 'log'),
      ...(blobs !== undefined && { values: new LogValues(blobs, this.#options.readOnly) }),
      ...(this.#createdLog !== undefined && { continues: this.#createdLog }),
    })
    this.#opened.push(() => {
      wal.close({ clean: false })
    })
    const { vfs } = this.#space
    vfs.releaseZeros = (): boolean => wal.releasePreallocated()
    this.#openStores(keyspaces, openings, wal)
    const replayed = replayLog(wal, catalog, keyspaces, engines, this.#replayBytes())
    openings.recoveredSeq = replayed.seq
    const isRecorded = replayed.catalogGeneration === catalog.generation
    // (R1) A log that was closed cleanly was written to after the creation of the database, or by an open that has synced the directory
    // entries; if it records this catalog, that of the catalog is durable, too.
    if (!wal.openedClean || !isRecorded) directoryEntries.sync()
    const isCheckpointed = wal.openedClean && replayed.replayedCount === 0
    const { baseSeq, largeBytes } = replayed
    const { changesBacklogBytes } = this.#options
    const log = new WalLog(wal, isCheckpointed, catalog, baseSeq, changesBacklogBytes, largeBytes)
    vfs.isReplaying = false
    vfs.mayDrawForLog = (): boolean => log.isBufferDeletesOnly
    // (R9) The record of a catalog precedes all later ones.
    const isWritten = !isRecorded && !this.#options.readOnly
    if (isWritten) log.appendCatalog(catalog)
    // A read-only opener appends to its overlay.
    const isMissing = isChangeMissing(catalog, replayed.seq)
    if (isMissing) log.appendKeyspaceChange(catalog.change, catalog.seq)
    if (isWritten || isMissing) log.sync()
    return {
      log,
      archive: this.#openArchive(log, catalog),
      seq: isMissing ? catalog.seq : replayed.seq,
      checkpointSeq: isCheckpointed ? replayed.seq : replayed.checkpointSeq,
      hasTooManySegments: wal.stats().segmentCount > FOUND_SEGMENTS_MAX,
    }
  }

  /** Begins to archive the log, if that is requested. */
  #openArchive(log: WalLog, catalog: Catalog): Archiver | undefined {
    const { archiveTo, readOnly, logger, vfs } = this.#options
    if (archiveTo === undefined || readOnly) return undefined
    const below = vfs ?? defaultVfs()
    const archive = new Archiver(
      {
        to: resolveDirectory(below, archiveTo),
        target: InternalVfs.over(below),
        directory: this.#directory,
        source: this.#vfs,
        catalog,
        keys: this.#keys,
        logger,
      },
      log,
    )
    log.attachArchive(archive)
    return archive
  }

  /** Returns the memory for gathered commits during replay: a share of the cache, which is still empty. */
  #replayBytes(): number {
    return Math.min(this.#tuning.replayBytes, (this.#options.cacheBytes * 3) / 4)
  }
}

function preferredLogBytes(keyspaces: KeyspaceTable): number {
  let bytes = 0
  for (const { openedStore } of keyspaces) bytes += openedStore?.logBytesPreferred() ?? 0
  return bytes
}
