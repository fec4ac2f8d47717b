import type { LeakedView } from '../options.js'
import type { ViewLease } from './open-views.js'
import type { ViewReads } from './view-reads.js'

interface Watched {
  readonly lease: ViewLease
  readonly kind: LeakedView['kind']
}

/** Finds transactions and snapshots whose memory was collected before they were ended (M22). */
export class LeakDetector {
  count = 0
  readonly #registry: FinalizationRegistry<Watched>

  /** @param onLeak - called with each; its view has been given back. */
  constructor(monotonicMs: () => number, onLeak: (abandoned: LeakedView) => void) {
    // What is registered must not refer to what is watched: a lease does not. Cursors refer to it, as
    // transactions do: it goes when neither is referred to.
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
