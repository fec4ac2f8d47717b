import { corruption, formatBytes, isLdbError, toSeq } from '@ldb/base'
import type { LdbError, OrderedStore } from '@ldb/base'
import type { VfsLock } from '@ldb/vfs'
import type { Catalog, KeyspaceRecord } from '../catalog/catalog.js'
import { logPath } from '../catalog/directory-layout.js'
import type { RecordedState } from '../engine/engine.js'
import type { StoreFactory } from '../engine/store-factory.js'
import type { StoreSource } from '../keyspace/store.js'
import { equalCheckpoints, NO_CHECKPOINT } from '../log/checkpoint-record.js'
import type { CheckpointRecord, StoreCheckpoint } from '../log/checkpoint-record.js'
import { catalogFault } from '../recovery/catalog-history.js'
import type { ReadGate } from '../resident/read-gate.js'

/** Opens the stores of one database. */
export class StoreOpenings {
  readonly engines: StoreFactory
  readonly gate: ReadGate
  /** The catalog that was found at open. */
  readonly catalog: Catalog
  readonly lock: VfsLock
  /** Number of the newest recovered commit; `undefined` until the log is replayed. */
  recoveredSeq: number | undefined = undefined
  /** The newest checkpoint record names the newest checkpoint of every store that is not open. */
  #areRecorded = false
  readonly #found: StoreOpening[] = []

  constructor(engines: StoreFactory, gate: ReadGate, catalog: Catalog, lock: VfsLock) {
    this.engines = engines
    this.gate = gate
    this.catalog = catalog
    this.lock = lock
  }

  /** False while a store may have a checkpoint that no record names, after an unclean end. */
  get areRecorded(): boolean {
    return this.#areRecorded || this.recoveredSeq !== undefined
  }

  /** Returns what opens the store of a keyspace. */
  of(record: KeyspaceRecord): StoreOpening {
    const opening = new StoreOpening(this, record)
    if (this.recoveredSeq === undefined) this.#found.push(opening)
    return opening
  }

  /** Notes, before any store is opened, that the log was closed cleanly, and its newest checkpoint record. */
  noteRecorded(record: CheckpointRecord | undefined): void {
    this.#areRecorded = true
    for (const opening of this.#found) opening.recorded = record?.stores.get(opening.id) ?? NO_CHECKPOINT
  }
}

/**
 * Opens the store of one keyspace, at its first use.
 *
 * @remarks Until then, the newest checkpoint record says all that recovery and checkpoints need of the store. When it is opened, its file
 * must be at that checkpoint: an older one has lost a durable checkpoint (R4), and another one belongs to another history (R9).
 */
export class StoreOpening implements StoreSource {
  recorded: StoreCheckpoint = NO_CHECKPOINT
  readonly #openings: StoreOpenings
  readonly #record: KeyspaceRecord
  #fileBytes: number | undefined = undefined

  constructor(openings: StoreOpenings, record: KeyspaceRecord) {
    this.#openings = openings
    this.#record = record
  }

  /** Number of the keyspace. */
  get id(): number {
    return this.#record.descriptor.id
  }

  open(): OrderedStore {
    const { gate } = this.#openings
    let store: OrderedStore | undefined
    gate.allowBlocking(() => {
      store = this.#open()
    })
    return store as OrderedStore
  }

  get fileBytes(): number {
    this.#fileBytes ??= this.#openings.engines.vfs.status(this.#file)?.length ?? 0
    return this.#fileBytes
  }

  fault(): LdbError | undefined {
    try {
      this.#openAs('recorded').close()
    } catch (error) {
      if (isLdbError(error)) return error
      throw error
    }
    return undefined
  }

  #open(): OrderedStore {
    const { areRecorded, recoveredSeq } = this.#openings
    const isNew = !areRecorded || this.recorded.durableSeq === 0
    const store = this.#openAs(isNew ? 'none' : 'recorded')
    try {
      // (D8) The directory may have been moved since the open, and another may be in its place.
      if (recoveredSeq !== undefined) this.#openings.lock.assertHeld()
      const fault = areRecorded ? this.#historyFault(store) : undefined
      if (fault !== undefined) throw this.#causeOf(fault)
      store.beginReplay()
      if (recoveredSeq !== undefined) store.endReplay(toSeq(recoveredSeq))
    } catch (error) {
      store.close()
      throw error
    }
    return store
  }

  /** @throws the error of the store; that of the catalog when it is the cause. */
  #openAs(state: RecordedState): OrderedStore {
    const { engines, lock } = this.#openings
    try {
      return engines.open(this.#record, state)
    } catch (error) {
      // (D8) A file that is missing from another directory is not damage.
      lock.assertHeld()
      throw isLdbError(error, 'LDB_CORRUPTION') ? this.#causeOf(error) : error
    }
  }

  /**
   * Returns the fault of the catalog if it is the cause of one of the store: neither is of the history of the log.
   *
   * @remarks After the replay, the catalog that was found is known to be of that history. The log may record newer ones.
   */
  #causeOf(fault: LdbError): LdbError {
    const { engines, catalog, recoveredSeq } = this.#openings
    if (recoveredSeq !== undefined) return fault
    return catalogFault(engines.vfs, engines.directory, catalog) ?? fault
  }

  /** Returns why a store is not at the recorded checkpoint; `undefined` if it is. */
  #historyFault(store: OrderedStore): LdbError | undefined {
    const { durableSeq: expected } = this.recorded
    const { durableSeq: actual, durableSegmentId } = store
    if (actual < expected) {
      const message = `keyspace ${this.id} has lost its newest checkpoint`
      return corruption(this.#file, 0, message, { actual, expected })
    }
    if (equalCheckpoints({ durableSeq: actual, segmentId: durableSegmentId }, this.recorded)) return undefined
    const log = logPath(this.#openings.engines.directory)
    const message = `the file belongs to another history of the database than its log ${log}`
    return corruption(this.#file, 0, message, { actual: formatBytes(durableSegmentId) })
  }

  get #file(): string {
    return this.#openings.engines.checkpointFileOf(this.#record.descriptor)
  }
}
