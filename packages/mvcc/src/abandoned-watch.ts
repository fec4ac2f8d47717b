import type { AbandonedView } from './manager-options.js'
import type { ViewLease } from './open-views.js'

interface Watched {
  readonly lease: ViewLease
  readonly kind: AbandonedView['kind']
}

/** Finds transactions and snapshots whose memory was collected before they were ended (M22). */
export class AbandonedWatch {
  count = 0
  readonly #registry: FinalizationRegistry<Watched>

  /** @param onAbandoned - called with each; its view has been given back. */
  constructor(monotonicMs: () => number, onAbandoned: (abandoned: AbandonedView) => void) {
    // What is registered must not refer to the object that is watched: a lease does not.
    this.#registry = new FinalizationRegistry(({ lease, kind }) => {
      if (lease.released) return
      const { seq, openedAtMs } = lease.view
      lease.release()
      this.count++
      onAbandoned({ seq, ageMs: Math.max(0, monotonicMs() - openedAtMs), kind })
    })
  }

  add(target: object, lease: ViewLease, kind: AbandonedView['kind']): void {
    this.#registry.register(target, { lease, kind }, target)
  }

  remove(target: object): void {
    this.#registry.unregister(target)
  }
}
