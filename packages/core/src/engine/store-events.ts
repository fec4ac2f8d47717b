import type { BackgroundWork, LdbError, StoreObserver } from '@ldb/base'
import type { EventHub } from '../health/events.js'
import type { Health } from '../health/health.js'
import type { Logger } from '../health/logger.js'
import type { CheckpointTrigger } from '../log/checkpoint-trigger.js'

/** Translates the reports of a store into events, failures and checkpoint requests of the database. */
export class StoreEvents implements StoreObserver {
  readonly #keyspace: string
  readonly #events: EventHub
  readonly #health: Health
  readonly #trigger: CheckpointTrigger
  readonly #logger: Logger | undefined

  constructor(
    keyspace: string,
    events: EventHub,
    health: Health,
    trigger: CheckpointTrigger,
    logger: Logger | undefined,
  ) {
    this.#keyspace = keyspace
    this.#events = events
    this.#health = health
    this.#trigger = trigger
    this.#logger = logger
  }

  wantsCheckpoint(): void {
    this.#trigger.request()
  }

  stalled(reason: string, durationMs: number): void {
    this.#events.stalledWithin({ reason, durationMs })
  }

  completed({ kind, ...work }: BackgroundWork): void {
    if (kind === 'compaction') this.#events.emitLater('compaction', { keyspace: this.#keyspace, ...work })
  }

  healed(fault: LdbError): void {
    this.#logger?.warn(`keyspace ${this.#keyspace}: ${fault.message}: it was read from its copy, or rebuilt`)
  }

  /** (C3) A failure of a store in the background ends all writes. */
  failed(error: unknown): void {
    if (this.#health.closed || this.#health.poisoned) return
    this.#health.fail(error, false)
  }
}
