import { isLdbError, toSeq } from '@ldb/base'
import type { KeyspaceSection, LdbError, OrderedStore, StoreLoad } from '@ldb/base'
import type { TransactionManager } from '@ldb/mvcc'
import type { PendingCommit } from '../keyspace/commit-queue.js'
import { loggedOnly, unknownOutcome } from './failure.js'
import { CommitMerger } from './merger.js'
import type { DatabaseState } from './state.js'

/** Applies logged commits to the stores. A failure poisons reads and writes (C3). */
export class StoreApplier {
  readonly #state: DatabaseState
  readonly #transactions: TransactionManager
  readonly #merger: CommitMerger = new CommitMerger()

  constructor(state: DatabaseState, transactions: TransactionManager) {
    this.#state = state
    this.#transactions = transactions
  }

  /** Applies one commit. @throws {@link LdbError} LDB_NO_SPACE, LDB_COMMIT_UNKNOWN. */
  apply(sections: readonly KeyspaceSection[], seq: number): void {
    try {
      this.#noteValues(sections)
      this.#state.values?.blobs.liveness.endNotes()
      this.#applySections(sections, seq)
    } catch (error) {
      throw this.#fail(error)
    }
  }

  /** Installs a load, after it was logged. @throws {@link LdbError} LDB_COMMIT_UNKNOWN. */
  install(sections: readonly KeyspaceSection[], load: StoreLoad, seq: number): void {
    try {
      for (const { keyspaceId } of sections) this.#state.keyspaces.require(keyspaceId).pinForSnapshots()
      load.install(toSeq(seq), this.#state.log)
    } catch (error) {
      this.#poison(error)
      throw unknownOutcome('the load was logged, but could not be installed', error)
    }
  }

  /** Applies consecutive commits together; entries without a batch are skipped. @throws {@link LdbError} as `apply`. */
  applyGroup(group: readonly PendingCommit[]): void {
    const { keyspaces } = this.#state
    const merger = this.#merger
    try {
      for (const { batch, seq } of group) {
        if (batch === undefined) continue
        const sections = batch.sections()
        this.#noteValues(sections)
        if (group.length === 1) this.#applySections(sections, seq)
        else
          for (const section of sections)
            merger.add(keyspaces.require(section.keyspaceId).rawStoreForWrites, section, seq)
      }
      merger.finish()
      this.#state.values?.blobs.liveness.endNotes()
    } catch (error) {
      throw this.#fail(error)
    }
  }

  /** Notes which values in blob files die, and which begin to live. */
  #noteValues(sections: readonly KeyspaceSection[]): void {
    const { keyspaces, values } = this.#state
    if (values?.blobs.files === undefined) return
    for (const section of sections) {
      const keyspace = keyspaces.require(section.keyspaceId)
      if (!keyspace.hasBlobs) continue
      const store = keyspace.rawStoreForWrites
      values.blobs.liveness.note(section, (key) => presentValue(store, key))
    }
  }

  #applySections(sections: readonly KeyspaceSection[], seq: number): void {
    for (const section of sections) {
      this.#state.keyspaces.require(section.keyspaceId).rawStoreForWrites.apply(section, toSeq(seq))
    }
  }

  /** Poisons reads and writes, and returns the error for the committers. */
  #fail(error: unknown): LdbError {
    this.#poison(error)
    if (isLdbError(error, 'LDB_NO_SPACE')) return loggedOnly(error)
    return unknownOutcome('the commit was logged, but could not be applied', error)
  }

  /** Poisons reads and writes: the state in memory may contain a part of the commits (C3). */
  #poison(error: unknown): void {
    this.#transactions.poison(error)
    this.#flushLog()
    this.#state.health.fail(error, true)
  }

  /** Flushes the log, which has not failed, so that its buffered commits survive this process. */
  #flushLog(): void {
    try {
      this.#state.log.flush()
    } catch (error) {
      this.#state.health.fail(error, true)
    }
  }
}

/** Returns the stored value of a key, borrowed. One whose codec was not passed yet is no reference: these are never compressed. */
function presentValue(store: OrderedStore, key: Uint8Array): Uint8Array | undefined {
  try {
    return store.getBorrowed(key)
  } catch (error) {
    if (isLdbError(error, 'LDB_UNSUPPORTED')) return undefined
    throw error
  }
}
