import type { LdbError } from './ldb-error.js'

/**
 * Receives what a store does by itself: an engine with background work reports it to its owner. Methods must not throw, and must
 * not call the store.
 *
 * @category Contracts
 */
export interface StoreObserver {
  /** Called when the store wants a checkpoint before the log has reached its preferred length. Cheap; may be called often. */
  wantsCheckpoint(): void
  /** Called when a caller has waited inside `apply` for background work. `reason` names the work; `durationMs` the wait. */
  stalled(reason: string, durationMs: number): void
  /** Called when a piece of background work has ended successfully. */
  completed(work: BackgroundWork): void
  /** Called when background work has failed; the store is poisoned. */
  failed(error: unknown): void
  /**
   * Called when something that is damaged was read from its copy, or was rebuilt: nothing is lost. The next checkpoint writes it anew.
   *
   * @param fault - names the file and the offset of the damage.
   */
  healed(fault: LdbError): void
}

/** A piece of background work of a store. @category Contracts */
export interface BackgroundWork {
  readonly kind: 'flush' | 'compaction' | 'checkpoint'
  readonly durationMs: number
  /** Bytes of the store's files before and after. */
  readonly fileBytesBefore: number
  readonly fileBytesAfter: number
}
