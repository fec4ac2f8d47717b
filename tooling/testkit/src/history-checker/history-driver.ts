import { isLdbError } from '@ldb/base'
import type { IsolationLevel, IsolationSession, IsolationTransaction } from '../suite/isolation-subject.js'
import type { TestRandom } from '../base/test-random.js'
import { HistoryChoices } from './history-choices.js'
import type { PlannedStep } from './history-choices.js'
import { isWrite } from './recorded-history.js'
import type { RecordedEvent, RecordedHistory, RecordedTransaction } from './recorded-history.js'

/** Settings of a random run. */
export interface HistorySettings {
  readonly transactionCount: number
  /** Greatest number of concurrently open transactions. */
  readonly openMax: number
  readonly keyCount: number
  readonly level: IsolationLevel
  /** Average number of steps of a transaction. */
  readonly stepCount: number
}

interface Open {
  readonly transaction: IsolationTransaction
  readonly record: RecordedTransaction
  readonly readOnly: boolean
  stepsLeft: number
}

/** Runs random concurrent transactions and records what each reads and writes. */
export class HistoryDriver implements RecordedHistory {
  readonly transactions: RecordedTransaction[] = []
  readonly commits: RecordedTransaction[] = []
  readonly #session: IsolationSession
  readonly #random: TestRandom
  readonly #settings: HistorySettings
  readonly #choices: HistoryChoices
  #open: Open[] = []
  #clock = 0

  constructor(session: IsolationSession, random: TestRandom, settings: HistorySettings) {
    this.#session = session
    this.#random = random
    this.#settings = settings
    this.#choices = new HistoryChoices(random, settings)
  }

  run(): RecordedHistory {
    const { transactionCount, openMax } = this.#settings
    const random = this.#random
    while (this.transactions.length < transactionCount || this.#open.length > 0) {
      this.#clock++
      const mayBegin = this.transactions.length < transactionCount && this.#open.length < openMax
      if (random.chance(0.002)) this.#runMaintenance()
      else if (mayBegin && random.chance(0.03)) this.#writeOutsideTransaction()
      else if (mayBegin && (this.#open.length === 0 || random.chance(0.3))) this.#begin()
      else if (this.#open.length > 0) this.#advance(random.pick(this.#open))
    }
    return this
  }

  #begin(): void {
    const random = this.#random
    const { level, stepCount } = this.#settings
    const readOnly = random.chance(0.15)
    const record = this.#record(level)
    const transaction = this.#session.begin({ isolation: level, readOnly })
    this.#open.push({ transaction, record, readOnly, stepsLeft: random.between(1, stepCount * 2) })
  }

  #record(level: IsolationLevel): RecordedTransaction {
    const record: RecordedTransaction = {
      id: this.transactions.length + 1,
      level,
      start: this.commits.length,
      commit: undefined,
      outcome: 'lost',
      beganAt: this.#clock,
      endedAt: this.#clock,
      events: [],
    }
    this.transactions.push(record)
    return record
  }

  /** Writes outside of a transaction; recorded as a transaction that begins and commits at once. */
  #writeOutsideTransaction(): void {
    const record = this.#record(this.#settings.level)
    const name = this.#choices.name()
    const value = this.#choices.value()
    this.#session.write(name.slice(0, 1), name.slice(2), value)
    record.events.push({ do: 'put', name, value })
    this.#committed(record)
  }

  #committed(record: RecordedTransaction): void {
    record.outcome = 'committed'
    record.endedAt = this.#clock
    if (!record.events.some(isWrite)) return
    this.commits.push(record)
    record.commit = this.commits.length
  }

  #advance(open: Open): void {
    if (open.stepsLeft-- > 0) {
      open.record.events.push(performStep(open.transaction, this.#choices.step(open.readOnly)))
      return
    }
    this.#open = this.#open.filter((other) => other !== open)
    const { transaction, record } = open
    record.endedAt = this.#clock
    if (this.#random.chance(0.05)) {
      transaction.rollback()
      record.outcome = 'rolled back'
      return
    }
    try {
      transaction.commit()
      this.#committed(record)
    } catch (error) {
      if (!isLdbError(error, 'LDB_CONFLICT')) throw error
      record.outcome = 'conflict'
    }
  }

  #runMaintenance(): void {
    const kind = this.#random.pick(['checkpoint', 'checkpoint', 'shrink', 'reopen'] as const)
    this.#session.runMaintenance(kind)
    if (kind !== 'reopen') return
    for (const { record } of this.#open) record.endedAt = this.#clock
    this.#open = []
  }
}

/** Executes a step and returns what it wrote or read. */
export function performStep(transaction: IsolationTransaction, step: PlannedStep): RecordedEvent {
  const name = 'name' in step ? step.name : `${step.keyspace}/`
  const view = transaction.in(name.slice(0, 1))
  const key = name.slice(2)
  switch (step.do) {
    case 'get':
      return { do: 'get', name, value: view.get(key) }
    case 'lock':
      return { do: 'lock', name, value: view.getForUpdate(key) }
    case 'scan':
      return { ...step, entries: [...view.entries(step.range)].map(([a, b]) => [a, b] as const) }
    case 'put':
      view.put(key, step.value)
      return step
    case 'delete':
      view.delete(key)
      return { do: 'delete', name }
    case 'deleteRange':
      view.deleteRange({ gte: step.gte, lt: step.lt })
      return step
    case 'rolledBack': {
      // Only the read after the rollback is recorded: rolled-back writes never become visible.
      const savepoint = transaction.savepoint()
      view.put(key, step.value)
      if (step.range !== undefined) view.deleteRange(step.range)
      transaction.rollbackTo(savepoint)
      return { do: 'get', name, value: view.get(key) }
    }
  }
}
