import { LdbError } from '@ldb/base'
import { PageCache } from '@ldb/cache'
import { TransactionManager } from '@ldb/mvcc'
import type { Vfs, VfsLock } from '@ldb/vfs'
import { Wal } from '@ldb/wal'
import type { Catalog } from '../catalog/catalog.js'
import { logPath } from '../catalog/directory-layout.js'
import { Checkpointer } from '../commit/checkpointer.js'
import type { CommitPosition } from '../commit/checkpointer.js'
import { CommitPipeline } from '../commit/pipeline.js'
import { LogLink } from '../engine/log-link.js'
import { StoreFactory } from '../engine/store-factory.js'
import { EventHub } from '../health/events.js'
import { Health } from '../health/health.js'
import type { ResolvedDatabaseOptions } from '../health/options.js'
import { KeyspaceStore } from '../keyspace/store.js'
import { KeyspaceTable } from '../keyspace/table.js'
import { KeyspaceTransactionStore } from '../keyspace/transaction-store.js'
import { BackgroundSync } from '../log/background-sync.js'
import { ChangeSignal } from '../log/change-signal.js'
import { CheckpointTrigger } from '../log/checkpoint-trigger.js'
import { MemoryLog } from '../log/commit-log.js'
import type { CommitLog } from '../log/commit-log.js'
import { WalLog } from '../log/wal-log.js'
import { OpenReads } from '../read/open-reads.js'
import { replayLog } from '../recovery/replay-log.js'
import { ReadGate } from '../resident/read-gate.js'
import { GatedVfs } from '../resident/read-vfs.js'
import { DirectoryEntrySync } from './directory-entry-sync.js'
import { ExpirySweep } from './expiry-sweep.js'
import { KeyspaceManager } from './keyspace-manager.js'
import type { DatabaseParts } from './parts.js'
import { SlicedCheckpoint } from './sliced-checkpoint.js'
import type { DatabaseTuning } from './tuning.js'

/** A log with more segments is checkpointed at open, so that repeated opens without writes do not accumulate segments. */
const FOUND_SEGMENTS_MAX = 16

/** The opened log, and what its replay has found. */
interface OpenedLog {
  readonly log: CommitLog
  /** Number of the newest commit. */
  readonly seq: number
  /** Commits up to this one are in the newest checkpoint. */
  readonly checkpointSeq: number
  /** The log has more segments than an open leaves. */
  readonly hasTooManySegments: boolean
}

/** What exists before the log is replayed. */
interface Surroundings {
  readonly health: Health
  readonly events: EventHub
  readonly trigger: CheckpointTrigger
  readonly gate: ReadGate
  readonly keyspaces: KeyspaceTable
  readonly engines: StoreFactory
  readonly foundNames: DirectoryEntrySync
}

/**
 * Assembles an open database from its locked directory.
 *
 * Construction order: health, events and the checkpoint trigger; the page cache; the stores; the log and its replay; the
 * checkpointer; the commit pipeline; what runs in the background.
 */
export class Assembly {
  readonly #options: ResolvedDatabaseOptions
  readonly #tuning: DatabaseTuning
  readonly #directory: string
  readonly #vfs: Vfs
  /** Closes what was opened, newest last; run by the owner when the open fails. */
  readonly #opened: (() => void)[]

  constructor(
    options: ResolvedDatabaseOptions,
    tuning: DatabaseTuning,
    directory: string,
    vfs: Vfs,
    opened: (() => void)[],
  ) {
    this.#options = options
    this.#tuning = tuning
    this.#directory = directory
    this.#vfs = vfs
    this.#opened = opened
  }

  assemble(lock: VfsLock, catalog: Catalog, withLog: boolean): DatabaseParts {
    this.#assertPageSize(catalog)
    const options = this.#options
    const vfs = this.#vfs
    const { clock, scheduler } = vfs
    const keyspaces = new KeyspaceTable()
    const health = new Health(options.readOnly)
    const events = new EventHub((error) => options.logger?.error(`a listener failed: ${String(error)}`))
    const trigger = new CheckpointTrigger(this.#tuning.checkpointLogBytes, () => preferredLogBytes(keyspaces))
    const gate = new ReadGate(clock, scheduler)
    const logLink = new LogLink()
    const engines = new StoreFactory({
      engines: this.#tuning.engines,
      vfs: new GatedVfs(vfs, gate),
      directory: this.#directory,
      cache: this.#createCache(catalog),
      log: logLink,
      events,
      health,
      trigger,
    })
    this.#openStores(engines, catalog, keyspaces)
    const foundNames = new DirectoryEntrySync(vfs, this.#directory)
    const opened = withLog
      ? this.#openLog(engines.cache, catalog, keyspaces, foundNames)
      : this.#openMemoryLog(catalog)
    logLink.connect(opened.log)
    const surroundings = { health, events, trigger, gate, keyspaces, engines, foundNames }
    return this.#startServices(lock, catalog, opened, surroundings)
  }

  /** Constructs what commits and what runs in the background, over open stores and a replayed log. */
  #startServices(
    lock: VfsLock,
    catalog: Catalog,
    { log, seq, checkpointSeq, hasTooManySegments }: OpenedLog,
    { health, events, trigger, gate, keyspaces, engines, foundNames }: Surroundings,
  ): DatabaseParts {
    const options = this.#options
    const { clock, scheduler } = this.#vfs
    const checkpointer = new Checkpointer({ health, log, keyspaces, events, clock, trigger }, checkpointSeq)
    // (R5) The log is the root of what was replayed until its length asks for a checkpoint.
    if (hasTooManySegments && !options.readOnly) checkpointer.run(nothingInFlight(seq), { force: true })
    const backgroundSync = new BackgroundSync(health, log, events, scheduler, options.syncIntervalMs)
    const changeSignal = new ChangeSignal()
    backgroundSync.whenSynced(() => {
      changeSignal.wake()
    })
    const transactions = this.#openTransactions(keyspaces, seq)
    const { durability } = options
    const services = { health, log, keyspaces, backgroundSync, events, gate, changeSignal, transactions }
    const pipeline = new CommitPipeline({ ...services, durability, checkpointer }, seq)
    const slicedCheckpoint = new SlicedCheckpoint({ ...services, checkpointer, clock, trigger, pipeline })
    pipeline.attach(slicedCheckpoint)
    const sweep = new ExpirySweep({ health, keyspaces, pipeline, gate, clock, scheduler })
    sweep.plan()
    const parts = { ...services, pipeline, engines, options }
    const manager = new KeyspaceManager({ ...parts, checkpointer, sweep, foundNames }, catalog)
    manager.sweepDropped()
    return { ...parts, checkpointer, slicedCheckpoint, sweep, lock, manager, openReads: new OpenReads(clock) }
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

  #createCache({ pageBytes }: Catalog): PageCache {
    const hashIndex = this.#tuning.usesHashIndex ? {} : { hashIndexBytes: 0 }
    return new PageCache({ bytes: this.#options.cacheBytes, pageBytes, ...hashIndex })
  }

  #openStores(engines: StoreFactory, catalog: Catalog, keyspaces: KeyspaceTable): void {
    for (const record of catalog.keyspaces) {
      const store = engines.open(record)
      this.#opened.push(() => {
        store.close()
      })
      keyspaces.add(new KeyspaceStore(record.descriptor, store, this.#vfs.clock))
    }
  }

  #openMemoryLog({ seq }: Catalog): OpenedLog {
    const log = new MemoryLog(this.#options.changesBacklogBytes)
    return { log, seq, checkpointSeq: seq, hasTooManySegments: false }
  }

  #openLog(
    cache: PageCache,
    catalog: Catalog,
    keyspaces: KeyspaceTable,
    foundNames: DirectoryEntrySync,
  ): OpenedLog {
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
    const replayed = replayLog(wal, directory, catalog, keyspaces, cache, this.#replayBytes())
    // (R1) A clean close has synced these names; after a creation nothing says that they are durable.
    if (!wal.openedClean || replayed.catalogGeneration < catalog.generation) foundNames.sync()
    const isCut = wal.openedClean && replayed.replayedCount === 0
    return {
      log: new WalLog(wal, isCut, catalog.generation, this.#options.changesBacklogBytes),
      seq: replayed.seq,
      checkpointSeq: isCut ? replayed.seq : replayed.checkpointSeq,
      hasTooManySegments: wal.stats().segmentCount > FOUND_SEGMENTS_MAX,
    }
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

  /** Returns the bytes of gathered commits in a replay: a share of the cache, which is still empty. */
  #replayBytes(): number {
    return Math.min(this.#tuning.replayBytes, (this.#options.cacheBytes * 3) / 4)
  }
}

function preferredLogBytes(keyspaces: KeyspaceTable): number {
  let bytes = 0
  for (const { store } of keyspaces) bytes += store.logBytesPreferred()
  return bytes
}

/** Returns the position of commits before there can be any. */
function nothingInFlight(seq: number): CommitPosition {
  return { seq, settle: () => undefined, settled: () => Promise.resolve() }
}
