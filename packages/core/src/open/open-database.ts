import { isLdbError, LdbError } from '@ldb/base'
import { PageCache } from '@ldb/cache'
import { TransactionManager } from '@ldb/mvcc'
import { defaultEnvironment, defaultVfs, MemoryVfs, OverlayVfs } from '@ldb/vfs'
import type { Vfs, VfsLock } from '@ldb/vfs'
import { Wal } from '@ldb/wal'
import { SlicedCheckpoint } from './sliced-checkpoint.js'
import { ReadGate } from '../resident/read-gate.js'
import { GatedVfs } from '../resident/read-vfs.js'
import { BackgroundSync } from '../log/background-sync.js'
import type { Catalog, KeyspaceRecord } from '../catalog/catalog.js'
import { readCatalog } from '../catalog/file.js'
import { ChangeSignal } from '../log/change-signal.js'
import { Checkpointer } from '../commit/checkpointer.js'
import type { CommitPosition } from '../commit/checkpointer.js'
import { MemoryLog } from '../log/commit-log.js'
import type { CommitLog } from '../log/commit-log.js'
import { CommitPipeline } from '../commit/pipeline.js'
import { createDirectory, createInside } from './creation.js'
import type { CreationOptions } from './creation.js'
import type { DatabaseOptions, ResolvedDatabaseOptions } from '../health/options.js'
import { resolveDatabaseOptions } from '../health/options.js'
import { runAll } from './parts.js'
import type { DatabaseParts } from './parts.js'
import { normalizePath } from '../catalog/path.js'
import { STANDARD_TUNING, tuningOf } from '../health/tuning.js'
import type { DatabaseTuning } from '../health/tuning.js'
import { inspectDirectory } from './directory-inspection.js'
import type { DirectoryState } from './directory-inspection.js'
import { logPath } from '../catalog/directory-layout.js'
import { openStore } from './engine-registry.js'
import type { EngineParts } from './engine-registry.js'
import { EventHub } from '../health/events.js'
import { DirectoryEntrySync } from './directory-entry-sync.js'
import { Health } from '../health/health.js'
import { KeyspaceManager } from './keyspace-manager.js'
import { KeyspaceStore } from '../keyspace/store.js'
import { KeyspaceTable } from '../keyspace/table.js'
import { LogLimit } from '../log/limit.js'
import { OpenReads } from '../read/open-reads.js'
import { replayLog } from '../recovery/replay-log.js'
import { ExpirySweep } from './expiry-sweep.js'
import { WalLog } from '../log/wal-log.js'
import { KeyspaceTransactionStore } from '../keyspace/transaction-store.js'

/** More segments of the log than these are cut off by the opening, so that openings in vain do not heap them up. */
const FOUND_SEGMENTS_MAX = 16

/** The log, and what it told. */
interface OpenedLog {
  readonly log: CommitLog
  /** Number of the newest commit. */
  readonly seq: number
  /** Commits up to this one are in the newest checkpoint. */
  readonly checkpointSeq: number
  /** It has more segments than an opening leaves. */
  readonly isCrowded: boolean
}

/** Opens or makes the database at a path; documented where it is exported, as `Database.open`. */
export function openDatabase(
  path: string,
  options: DatabaseOptions | undefined,
  tuning: Partial<DatabaseTuning> = tuningOf(options),
): DatabaseParts {
  const directory = normalizePath(path)
  const resolved = resolveDatabaseOptions(options)
  const vfs = resolved.vfs ?? defaultVfs()
  return new Opening(resolved, { ...STANDARD_TUNING, ...tuning }, directory, vfs, true).open()
}

/** Makes a database in memory; documented where it is exported, as `Database.memory`. */
export function openMemoryDatabase(
  options: DatabaseOptions | undefined,
  tuning: Partial<DatabaseTuning> = tuningOf(options),
): DatabaseParts {
  const resolved = resolveDatabaseOptions(options)
  if (resolved.vfs !== undefined || resolved.readOnly || !resolved.createIfMissing) {
    throw new LdbError(
      'LDB_INVALID_ARGUMENT',
      'a database in memory takes no vfs, readOnly or createIfMissing',
    )
  }
  return new Opening(resolved, { ...STANDARD_TUNING, ...tuning }, 'memory', memoryVfs(), false).open()
}

/** Real clock, randomness and scheduling where the platform has them. */
function memoryVfs(): Vfs {
  try {
    return new MemoryVfs(defaultEnvironment())
  } catch (error) {
    if (isLdbError(error, 'LDB_UNSUPPORTED')) return new MemoryVfs()
    throw error
  }
}

/**
 * One opening. (R1) Look, lock, catalog, stores, log, replay, checks, one checkpoint, background: up to the checkpoint
 * nothing is written but a new database, and what the log needs.
 */
class Opening {
  readonly #options: ResolvedDatabaseOptions
  readonly #tuning: DatabaseTuning
  readonly #directory: string
  /** The file system itself, and what is read and written through. */
  readonly #base: Vfs
  readonly #vfs: Vfs
  readonly #withLog: boolean
  /** What was opened so far, newest last. */
  readonly #opened: (() => void)[] = []

  constructor(
    options: ResolvedDatabaseOptions,
    tuning: DatabaseTuning,
    directory: string,
    vfs: Vfs,
    withLog: boolean,
  ) {
    this.#options = options
    this.#tuning = tuning
    this.#directory = directory
    this.#base = vfs
    // (R7) Read-only, whatever is written stays in the overlay.
    this.#vfs = options.readOnly ? new OverlayVfs(vfs) : vfs
    this.#withLog = withLog
  }

  open(): DatabaseParts {
    this.#prepare()
    const lock = this.#vfs.lock(this.#directory)
    this.#opened.push(() => {
      lock.release()
    })
    try {
      const catalog = this.#lockedCatalog()
      return this.#assemble(lock, catalog)
    } catch (error) {
      this.#undo()
      throw error
    }
  }

  /** Refuses what cannot be opened before anything is touched (D5), and makes what is absent. */
  #prepare(): void {
    // Not through an overlay: what that has seen once it takes for unchanged, and nobody holds the lock yet.
    const state = inspectDirectory(this.#base, this.#directory)
    this.#assertAllowed(state)
    if (state.kind !== 'absent') return
    const made = createDirectory(this.#base, this.#directory, this.#creationOptions())
    if (!made) this.#assertAllowed(inspectDirectory(this.#base, this.#directory))
  }

  /** Returns the catalog, read again under the lock: what was seen before may have changed. */
  #lockedCatalog(): Catalog {
    const catalog = this.#presentCatalog()
    if (catalog !== undefined) return catalog
    let state = inspectDirectory(this.#vfs, this.#directory)
    if (state.kind !== 'database') {
      this.#assertAllowed(state)
      createInside(this.#vfs, this.#directory, this.#creationOptions())
      state = inspectDirectory(this.#vfs, this.#directory)
    }
    if (state.kind === 'database') return state.catalog
    throw new LdbError('LDB_IO', `${this.#directory} was changed while it was opened`)
  }

  /** Returns the catalog when it is there and good, as it is but when somebody was faster; all else needs another whole look. */
  #presentCatalog(): Catalog | undefined {
    try {
      return readCatalog(this.#vfs, this.#directory)
    } catch (error) {
      if (isLdbError(error)) return undefined
      throw error
    }
  }

  #assertAllowed(state: DirectoryState): void {
    const { createIfMissing, errorIfExists, readOnly } = this.#options
    const details = { file: this.#directory }
    if (state.kind === 'database') {
      if (!errorIfExists) return
      throw new LdbError('LDB_EXISTS', `there is a database at ${this.#directory} already`, { details })
    }
    if (createIfMissing && !readOnly) return
    throw new LdbError('LDB_NOT_FOUND', `there is no database at ${this.#directory}`, { details })
  }

  /** (D6) A database keeps the pages that it was made with. */
  #assertPages(catalog: Catalog): void {
    const wanted = this.#options.pageBytes
    const actual = catalog.keyspaces[0]?.identity.pageBytes
    if (wanted === undefined || actual === undefined || wanted === actual) return
    const message = `the database at ${this.#directory} has pages of ${actual} bytes, not ${wanted}`
    throw new LdbError('LDB_EXISTS', message, {
      details: { file: this.#directory, expected: wanted, actual },
    })
  }

  #creationOptions(): CreationOptions {
    const { engine, compression, pageBytes = this.#tuning.pageBytes } = this.#options
    return { engine, compression, pageBytes, withLog: this.#withLog }
  }

  #assemble(lock: VfsLock, catalog: Catalog): DatabaseParts {
    const options = this.#options
    const vfs = this.#vfs
    this.#assertPages(catalog)
    const pageBytes = catalog.keyspaces[0]?.identity.pageBytes ?? this.#creationOptions().pageBytes
    const places = this.#tuning.usesHashIndex ? {} : { placeBytes: 0 }
    const cache = new PageCache({ bytes: options.cacheBytes, pageBytes, ...places })
    const gate = new ReadGate(vfs.clock, vfs.scheduler)
    const engines: EngineParts = { vfs: new GatedVfs(vfs, gate), directory: this.#directory, cache }
    const keyspaces = this.#openStores(engines, catalog)
    const foundNames = new DirectoryEntrySync(vfs, this.#directory)
    const { log, seq, checkpointSeq, isCrowded } = this.#openLog(engines, catalog, keyspaces, foundNames)
    const health = new Health(options.readOnly)
    const events = new EventHub((error) => options.logger?.error(`a listener failed: ${String(error)}`))
    const logLimit = new LogLimit(this.#tuning.checkpointLogBytes, () => liveBytesOf(keyspaces))
    const checkpointer = new Checkpointer(
      {
        health,
        log,
        keyspaces,
        events,
        clock: vfs.clock,
        logLimit,
        cacheBytes: options.cacheBytes,
      },
      checkpointSeq,
    )
    // (R5) The log is the root of what was replayed, until its length asks for a checkpoint.
    if (isCrowded && !options.readOnly) checkpointer.run(nothingInFlight(seq), { force: true })
    const backgroundSync = new BackgroundSync(health, log, events, vfs.scheduler, options.syncIntervalMs)
    const changeSignal = new ChangeSignal()
    backgroundSync.whenSynced(() => {
      changeSignal.wake()
    })
    const transactions = this.#openTransactions(keyspaces, seq)
    const pipeline: CommitPipeline = new CommitPipeline(
      {
        health,
        log,
        keyspaces,
        backgroundSync,
        events,
        durability: options.durability,
        afterCommit: (): void => {
          checkpointer.afterCommit(pipeline)
        },
        beforeGroups: () => slicedCheckpoint.beforeGroups(),
        afterGroup: () => slicedCheckpoint.afterGroup(),
        gate,
        changeSignal,
        transactions,
      },
      seq,
    )
    const parts = { health, log, pipeline, keyspaces, engines, events, options, transactions, backgroundSync }
    const slicedCheckpoint = new SlicedCheckpoint({
      ...parts,
      checkpointer,
      gate,
      logLimit,
      clock: vfs.clock,
    })
    const sweep = new ExpirySweep({ ...parts, gate, clock: vfs.clock, scheduler: vfs.scheduler })
    sweep.plan()
    const manager = new KeyspaceManager({ ...parts, checkpointer, sweep, foundNames }, catalog)
    manager.sweepDropped()
    const openReads = new OpenReads(vfs.clock)
    const background = { checkpointer, slicedCheckpoint, sweep }
    return { ...parts, ...background, lock, manager, openReads, gate, changeSignal }
  }

  #openTransactions(keyspaces: KeyspaceTable, seq: number): TransactionManager {
    return new TransactionManager({
      stores: [...keyspaces].map((each) => [each.descriptor.id, new KeyspaceTransactionStore(each)] as const),
      seq,
      monotonicMs: () => this.#vfs.clock.monotonic(),
      onLeak: ({ kind, ageMs }) => {
        this.#options.logger?.warn(
          `a ${kind} was left open for ${Math.round(ageMs)} ms and never ended; it was rolled back`,
        )
      },
    })
  }

  #openStores(engines: EngineParts, catalog: Catalog): KeyspaceTable {
    const keyspaces = new KeyspaceTable()
    for (const record of catalog.keyspaces) {
      const store = openExistingStore(engines, record)
      this.#opened.push(() => {
        store.close()
      })
      keyspaces.add(new KeyspaceStore(record.descriptor, store, this.#vfs.clock))
    }
    return keyspaces
  }

  #openLog(
    engines: EngineParts,
    catalog: Catalog,
    keyspaces: KeyspaceTable,
    foundNames: DirectoryEntrySync,
  ): OpenedLog {
    const { changesBacklogBytes } = this.#options
    if (!this.#withLog) {
      const { seq } = catalog
      return { log: new MemoryLog(changesBacklogBytes), seq, checkpointSeq: seq, isCrowded: false }
    }
    const directory = logPath(this.#directory)
    const { segmentBytes, preallocateBytes } = this.#tuning
    const wal = Wal.open(this.#vfs, directory, {
      create: false,
      mustExist: true,
      ownerId: catalog.databaseId,
      segmentBytes,
      preallocateBytes,
      beforeWriting: foundNames,
    })
    this.#opened.push(() => {
      wal.close({ clean: false })
    })
    const replayed = replayLog(wal, directory, catalog, keyspaces, engines.cache, this.#replayBytes())
    // (R1) Who closed it knew that they were durable; of those that a creation has left nobody has said so.
    if (!wal.openedClean || replayed.catalogGeneration < catalog.generation) foundNames.sync()
    const isCut = wal.openedClean && replayed.replayedCount === 0
    return {
      log: new WalLog(wal, isCut, catalog.generation, changesBacklogBytes),
      seq: replayed.seq,
      checkpointSeq: isCut ? replayed.seq : replayed.checkpointSeq,
      isCrowded: wal.stats().segmentCount > FOUND_SEGMENTS_MAX,
    }
  }

  /** The cache has yet to fill: commits that are gathered may take as much as a part of it. */
  #replayBytes(): number {
    return Math.min(this.#tuning.replayBytes, (this.#options.cacheBytes * 3) / 4)
  }

  /** Gives everything back that was opened; the error that is on its way counts, not those of this. */
  #undo(): void {
    try {
      runAll(this.#opened.reverse())
    } catch (error) {
      this.#options.logger?.warn(`while giving up an open: ${String(error)}`)
    }
  }
}

function liveBytesOf(keyspaces: KeyspaceTable): number {
  let liveBytes = 0
  for (const { store } of keyspaces) liveBytes += store.stats().liveBytes
  return liveBytes
}

/** Where commits stand before there can be any. */
function nothingInFlight(seq: number): CommitPosition {
  return { seq, settle: () => undefined, settled: () => Promise.resolve() }
}

/** A store that the catalog names was durable before: when its file is not there, it was lost. */
function openExistingStore(engines: EngineParts, record: KeyspaceRecord): ReturnType<typeof openStore> {
  try {
    return openStore(engines, record)
  } catch (error) {
    if (!isLdbError(error, 'LDB_NOT_FOUND')) throw error
    throw new LdbError(
      'LDB_CORRUPTION',
      `the file of keyspace ${record.descriptor.id} is missing: ${error.message}`,
      {
        cause: error,
        details: { ...error.details, offset: 0 },
      },
    )
  }
}
