import type { LeakedView } from '../options.js'
import type { ViewLease } from './open-views.js'
import type { ViewReads } from './view-reads.js'

interface Watched {
  readonly lease: ViewLease
  readonly kind: LeakedView['kind']
}

/** Releases and reports transactions and snapshots that are garbage-collected before they end (M22). */
export class LeakDetector {
  /** Number of leaks found. */
  count = 0
  readonly #registry: FinalizationRegistry<Watched>

  /** @param onLeak - called for each leak, after the release of its view. */
  constructor(monotonicMs: () => number, onLeak: (leak: LeakedView) => void) {
    // The held value must not reference the watched object: a lease does not. Transactions and their cursors reference the
    // watched `ViewReads`, so it is collected when neither is reachable.
    this.#registry = new FinalizationRegistry(({ lease, kind }) => {
      if (lease.released) return
      const { seq, openedAtMs } = lease.view
      lease.release()
      this.count++
      onLeak({ seq, ageMs: Math.max(0, monotonicMs() - openedAtMs), kind })
    })
  }

  add(view: ViewReads, kind: LeakedView['kind']): void {
    this.#registry.register(view, { lease: view.lease, kind }, view)
  }

  remove(view: ViewReads): void {
    this.#registry.unregister(view)
  }
}
