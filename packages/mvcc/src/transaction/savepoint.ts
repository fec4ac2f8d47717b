import type { SavedWrites } from '../records/write-set.js'

/** A point in a transaction that it can be rolled back to. Made by `Transaction.savepoint`. @category Transactions */
export class Savepoint {
  /** @internal */
  readonly saved: SavedWrites

  /** @internal */
  constructor(saved: SavedWrites) {
    this.saved = saved
  }
}
