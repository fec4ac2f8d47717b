import { ignoreRejection } from '@ldb/base'

/**
 * Orders writes behind the snapshots that were taken before them by the same database: a write that is called after `snapshot()` or
 * `entries()` is sent when that snapshot is fixed.
 */
export class PinBarrier {
  readonly #pending: Set<Promise<unknown>> = new Set()

  /** Notes a snapshot that is being fixed. */
  add(pinned: Promise<unknown>): void {
    const settled: Promise<unknown> = pinned.then(
      () => this.#pending.delete(settled),
      () => this.#pending.delete(settled),
    )
    this.#pending.add(settled)
    ignoreRejection(pinned)
  }

  /** Returns a promise for the snapshots that are being fixed now; `undefined` when there are none. */
  passed(): Promise<unknown> | undefined {
    return this.#pending.size === 0 ? undefined : Promise.all(this.#pending)
  }
}
