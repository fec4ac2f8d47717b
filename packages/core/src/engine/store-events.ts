import type { BackgroundWork, StoreObserver } from '@ldb/base'
import type { EventHub } from '../health/events.js'
import type { Health } from '../health/health.js'
import type { CheckpointTrigger } from '../log/checkpoint-trigger.js'

/** Turns what a store reports by itself into events, statistics and checkpoints of the database. */
export class StoreEvents implements StoreObserver {
  readonly #keyspace: string
  readonly #events: EventHub
  readonly #health: Health
  readonly #trigger: CheckpointTrigger

  constructor(keyspace: string, events: EventHub, health: Health, trigger: CheckpointTrigger) {
    this.#keyspace = keyspace
    this.#events = events
    this.#health = health
    this.#trigger = trigger
  }

  wantsCheckpoint(): void {
    this.#trigger.request()
  }

  stalled(reason: string, durationMs: number): void {
    this.#events.emit('stall', { reason, durationMs })
  }

  completed({ kind, ...work }: BackgroundWork): void {
    if (kind === 'compaction') this.#events.emit('compaction', { keyspace: this.#keyspace, ...work })
  }

  /** (C3) A store that failed in the background ends all writes. */
  failed(error: unknown): void {
    if (this.#health.closed || this.#health.poisoned) return
    this.#health.poison(error, false)
    this.#events.emit('error', { error })
  }
}
