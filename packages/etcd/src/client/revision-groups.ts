import { Fifo } from '@ldb/base'
import type { EtcdEvent, WatchResponse } from '../messages/watch.js'

/**
 * All changes of one revision in the watched range, or progress: every change up to `revision` was returned before.
 *
 * @category Client
 */
export interface EtcdRevision {
  /** The revision. It is greater than that of everything returned before, or equal to it without events. */
  readonly revision: number
  /** The changes, in the order of the transaction; none for progress. */
  readonly events: readonly EtcdEvent[]
}

/** Groups the events of a watch by revision, and releases a revision when all its events are here. */
export class RevisionGroups {
  readonly #whole: Fifo<EtcdRevision> = new Fifo()
  #events: EtcdEvent[] = []
  #revision: number
  /** Progress that is not superseded by a later revision; 0 for none. */
  #progress = 0

  /** @param revision - the last revision that is not reported. */
  constructor(revision: number) {
    this.#revision = revision
  }

  /** The last revision of which everything was received. */
  get revision(): number {
    return this.#revision
  }

  /** Number of revisions that wait to be taken. */
  get waiting(): number {
    return this.#whole.length
  }

  /** Forgets an incomplete revision: another stream will report it from its start. */
  restart(): void {
    this.#events = []
  }

  /** Adds what a message reports. */
  receive(response: WatchResponse): void {
    for (const event of response.events) {
      const [first] = this.#events
      if (first !== undefined && first.modRevision !== event.modRevision) this.#finish()
      this.#events.push(event)
    }
    // The last revision may continue in the next fragment.
    if (response.fragment) return
    this.#finish()
    if (response.events.length === 0 && response.revision > this.#revision) {
      this.#revision = response.revision
      this.#progress = response.revision
    }
  }

  /** Returns the next revision, or progress; `undefined` when there is nothing new. */
  take(): EtcdRevision | undefined {
    const whole = this.#whole.shift()
    if (whole !== undefined) return whole
    const revision = this.#progress
    if (revision === 0) return undefined
    this.#progress = 0
    return { revision, events: [] }
  }

  #finish(): void {
    const [first] = this.#events
    if (first === undefined) return
    // A stream that was opened again may repeat nothing, as it starts behind the last whole revision.
    if (first.modRevision > this.#revision) {
      this.#revision = first.modRevision
      this.#progress = 0
      this.#whole.push({ revision: first.modRevision, events: this.#events })
    }
    this.#events = []
  }
}
