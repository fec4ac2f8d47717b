import { isLdbError } from '@ldb/base'
import { TransactionManager } from '@ldb/mvcc'
import type { VfsLock } from '@ldb/vfs'
import type { Catalog } from '../catalog/catalog.js'
import { Checkpointer } from '../commit/checkpointer.js'
import type { CommitSinks } from '../commit/commit-sinks.js'
import { CommitPipeline } from '../commit/pipeline.js'
import type { StoreFactory } from '../engine/store-factory.js'
import type { EventHub } from '../health/events.js'
import type { Health } from '../health/health.js'
import type { Logger } from '../health/logger.js'
import type { ResolvedDatabaseOptions } from '../health/options.js'
import type { KeyspaceTable } from '../keyspace/table.js'
import { KeyspaceTransactionStore } from '../keyspace/transaction-store.js'
import { BackgroundSync } from '../log/background-sync.js'
import { ChangeSignal } from '../log/change-signal.js'
import type { CheckpointTrigger } from '../log/checkpoint-trigger.js'
import type { CommitLog } from '../log/commit-log.js'
import { OpenReads } from '../read/open-reads.js'
import type { ReadGate } from '../resident/read-gate.js'
import type { SpaceBudget } from '../space/space-budget.js'
import { CatalogWriter } from './catalog-writer.js'
import type { DirectoryEntrySync } from './directory-entry-sync.js'
import { ExpirySweep } from './expiry-sweep.js'
import { KeyspaceFiles } from './keyspace-files.js'
import { KeyspaceManager } from './keyspace-manager.js'
import { runAll } from './run-all.js'
import { SlicedCheckpoint } from './sliced-checkpoint.js'

/** The objects of a database that exist before its log is replayed. */
export interface OpenedStores {
  readonly health: Health
  readonly events: EventHub
  readonly trigger: CheckpointTrigger
  readonly gate: ReadGate
  readonly keyspaces: KeyspaceTable
  readonly engines: StoreFactory
  readonly directoryEntries: DirectoryEntrySync
}

/** The opened log, and the result of its replay. */
export interface ReplayedLog {
  readonly log: CommitLog
  /** Number of the newest commit. */
  readonly seq: number
  /** Number of the newest commit in the newest checkpoint. */
  readonly checkpointSeq: number
  /** The log has more segments than an open leaves. */
  readonly hasTooManySegments: boolean
}

/**
 * An open database: the owner of the log, the stores, the commit pipeline and the background work, from which the synchronous and the
 * asynchronous API take what they need.
 *
 * The constructor creates the objects in the order of their dependencies, and performs no I/O. `start` begins the background work.
 */
export class OpenDatabase {
  readonly options: ResolvedDatabaseOptions
  readonly health: Health
  readonly events: EventHub
  readonly gate: ReadGate
  readonly keyspaces: KeyspaceTable
  readonly engines: StoreFactory
  readonly log: CommitLog
  readonly space: SpaceBudget
  readonly changeSignal: ChangeSignal
  readonly backgroundSync: BackgroundSync
  readonly transactions: TransactionManager
  readonly checkpointer: Checkpointer
  readonly pipeline: CommitPipeline
  readonly slicedCheckpoint: SlicedCheckpoint
  readonly manager: KeyspaceManager
  readonly openReads: OpenReads
  readonly #sweep: ExpirySweep
  readonly #lock: VfsLock

  constructor(
    options: ResolvedDatabaseOptions,
    lock: VfsLock,
    catalog: Catalog,
    stores: OpenedStores,
    { log, seq, checkpointSeq }: ReplayedLog,
    space: SpaceBudget,
  ) {
    const { health, events, trigger, gate, keyspaces, engines, directoryEntries } = stores
    const { vfs, directory } = engines
    const { clock } = vfs
    const state = { health, log, keyspaces, space }
    this.options = options
    this.#lock = lock
    this.health = health
    this.events = events
    this.gate = gate
    this.keyspaces = keyspaces
    this.engines = engines
    this.log = log
    this.space = space
    const changeSignal = new ChangeSignal()
    const backgroundSync = new BackgroundSync(health, log, vfs, options.syncIntervalMs)
    const transactions = openTransactions(keyspaces, seq, () => clock.monotonic(), options.logger)
    const checkpointer = new Checkpointer(state, trigger, events, clock, checkpointSeq)
    const sinks: CommitSinks = { transactions, backgroundSync, changeSignal, checkpointer }
    this.changeSignal = changeSignal
    this.backgroundSync = backgroundSync
    this.transactions = transactions
    this.checkpointer = checkpointer
    this.pipeline = new CommitPipeline(state, sinks, gate, options.durability, seq)
    this.slicedCheckpoint = new SlicedCheckpoint(state, checkpointer, this.pipeline, gate, events, clock)
    this.pipeline.attach(this.slicedCheckpoint)
    this.#sweep = new ExpirySweep(state, this.pipeline, gate, vfs)
    const writer = new CatalogWriter(catalog, vfs, directory, log)
    const files = new KeyspaceFiles(engines, directoryEntries, options.logger)
    this.manager = new KeyspaceManager(state, writer, files, this.pipeline, sinks, this.#sweep, options)
    this.openReads = new OpenReads(clock)
  }

  /**
   * Begins the background work, and removes what a crash has left of dropped keyspaces.
   *
   * @param checkpointFirst - make a checkpoint first, so that the log gets shorter (R5).
   */
  start(checkpointFirst: boolean): void {
    const { changeSignal } = this
    const { space } = this
    const isShort = !this.options.readOnly && space.afterOpen()
    if (isShort || (checkpointFirst && space.permitsCheckpoint))
      this.checkpointer.run(this.pipeline, { force: checkpointFirst })
    this.backgroundSync.onFlushed(() => {
      changeSignal.wake()
    })
    this.#sweep.schedule()
    this.manager.removeLeftovers()
  }

  /**
   * Closes the database (R6): ends open reads and transactions, checkpoints, records the end of the log, closes the files, and releases
   * the lock. Every step runs even if an earlier one fails.
   *
   * @throws the first error.
   */
  close(): void {
    this.backgroundSync.close()
    this.#sweep.cancel()
    this.pipeline.drain()
    let clean = false
    const { health } = this
    runAll([
      (): void => {
        this.openReads.releaseAll()
        this.transactions.close()
      },
      (): void => {
        if (this.options.readOnly) return
        if (health.poisoned) {
          this.#saveLog()
          return
        }
        this.checkpointer.run(this.pipeline, { effort: 'explicit' })
        clean = true
      },
      (): void => {
        // A checkpoint that failed stays incomplete: the next open replays the log.
        this.checkpointer.abandon()
        health.close()
        this.changeSignal.wake()
      },
      ...[...this.keyspaces].map(({ store }) => (): void => {
        store.close()
      }),
      (): void => {
        this.log.close(clean)
      },
      (): void => {
        this.engines.cache.release()
      },
      (): void => {
        this.#lock.release()
      },
    ])
  }

  /** Syncs commits that are buffered in the process. A log that has failed itself does not retry. */
  #saveLog(): void {
    try {
      this.log.sync()
    } catch (error) {
      // The first failure was reported already.
      if (!isLdbError(error)) throw error
    }
  }
}

function openTransactions(
  keyspaces: KeyspaceTable,
  seq: number,
  monotonicMs: () => number,
  logger: Logger | undefined,
): TransactionManager {
  return new TransactionManager({
    stores: [...keyspaces].map((each) => [each.descriptor.id, new KeyspaceTransactionStore(each)] as const),
    seq,
    monotonicMs,
    onLeak: ({ kind, ageMs }) => {
      logger?.warn(`a ${kind} was left open for ${Math.round(ageMs)} ms and never ended; it was rolled back`)
    },
  })
}
