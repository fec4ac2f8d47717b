import { isLdbError } from '@ldb/base'
import type {
  IsolationLevel,
  IsolationSession,
  IsolationTransaction,
  ScanRange,
} from '../isolation/isolation-subject.js'
import { KEYSPACES } from '../isolation/isolation-subject.js'
import type { TestRandom } from '../test-random.js'
import type { RecordedEvent, RecordedHistory, RecordedTransaction } from './recorded-history.js'

/** What a random run looks like. */
export interface HistorySettings {
  readonly transactionCount: number
  /** Open at the same time, at most. */
  readonly openMax: number
  readonly keyCount: number
  readonly level: IsolationLevel
  /** Steps of a transaction, about. */
  readonly stepCount: number
}

interface Open {
  readonly transaction: IsolationTransaction
  readonly record: RecordedTransaction
  readonly readOnly: boolean
  stepsLeft: number
}

/** Runs random transactions beside each other, and writes down what each has seen. */
export class HistoryDriver implements RecordedHistory {
  readonly transactions: RecordedTransaction[] = []
  readonly commits: RecordedTransaction[] = []
  readonly #session: IsolationSession
  readonly #random: TestRandom
  readonly #settings: HistorySettings
  #open: Open[] = []
  #valueCount = 0
  #now = 0

  constructor(session: IsolationSession, random: TestRandom, settings: HistorySettings) {
    this.#session = session
    this.#random = random
    this.#settings = settings
  }

  run(): RecordedHistory {
    const { transactionCount, openMax } = this.#settings
    const random = this.#random
    while (this.transactions.length < transactionCount || this.#open.length > 0) {
      this.#now++
      const mayBegin = this.transactions.length < transactionCount && this.#open.length < openMax
      if (random.chance(0.002)) this.#disturb()
      else if (mayBegin && random.chance(0.03)) this.#writePlain()
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
      beganAt: this.#now,
      endedAt: this.#now,
      events: [],
    }
    this.transactions.push(record)
    return record
  }

  /** A write that is no transaction's is one that begins and ends at once. */
  #writePlain(): void {
    const record = this.#record(this.#settings.level)
    const name = this.#name()
    const value = this.#value()
    this.#session.write(name.slice(0, 1), name.slice(2), value)
    record.events.push({ do: 'put', name, value })
    this.#committed(record)
  }

  #committed(record: RecordedTransaction): void {
    record.outcome = 'committed'
    record.endedAt = this.#now
    const isWriter = record.events.some(
      ({ do: what }) => what === 'put' || what === 'delete' || what === 'deleteRange',
    )
    if (!isWriter) return
    this.commits.push(record)
    record.commit = this.commits.length
  }

  #advance(open: Open): void {
    if (open.stepsLeft-- > 0) {
      open.record.events.push(...this.#step(open))
      return
    }
    this.#open = this.#open.filter((other) => other !== open)
    const { transaction, record } = open
    record.endedAt = this.#now
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

  #step({ transaction, readOnly }: Open): RecordedEvent[] {
    const random = this.#random
    const name = this.#name()
    const keyspace = name.slice(0, 1)
    const key = name.slice(2)
    const view = transaction.in(keyspace)
    const kind = random.weighted(
      readOnly
        ? { get: 5, scan: 3, lock: 0, put: 0, delete: 0, deleteRange: 0, undone: 0 }
        : { get: 16, scan: 8, lock: 2, put: 12, delete: 4, deleteRange: 1, undone: 1 },
    )
    if (kind === 'get') return [{ do: 'get', name, value: view.get(key) }]
    if (kind === 'lock') return [{ do: 'lock', name, value: view.getForUpdate(key) }]
    if (kind === 'scan') {
      const range = this.#range()
      return [
        { do: 'scan', keyspace, range, entries: [...view.entries(range)].map(([a, b]) => [a, b] as const) },
      ]
    }
    if (kind === 'put') {
      const value = this.#value()
      view.put(key, value)
      return [{ do: 'put', name, value }]
    }
    if (kind === 'delete') {
      view.delete(key)
      return [{ do: 'delete', name }]
    }
    if (kind === 'deleteRange') {
      const lt = this.#keyAfter(key)
      view.deleteRange({ gte: key, lt })
      return [{ do: 'deleteRange', keyspace, gte: key, lt }]
    }
    // What is rolled back was never written; what was read meanwhile was read.
    const savepoint = transaction.savepoint()
    view.put(key, this.#value())
    if (random.chance(0.5)) view.deleteRange({ gte: key, lt: this.#keyAfter(key) })
    transaction.rollbackTo(savepoint)
    return [{ do: 'get', name, value: view.get(key) }]
  }

  #disturb(): void {
    const kind = this.#random.pick(['checkpoint', 'checkpoint', 'shrink', 'reopen'] as const)
    this.#session.disturb(kind)
    if (kind !== 'reopen') return
    for (const { record } of this.#open) record.endedAt = this.#now
    this.#open = []
  }

  #range(): ScanRange {
    const random = this.#random
    const first = this.#key()
    return {
      ...(random.chance(0.8) ? { gte: first } : {}),
      ...(random.chance(0.8) ? { lt: this.#keyAfter(first) } : {}),
      reverse: random.chance(0.4),
      limit: random.chance(0.5) ? random.between(1, 4) : 1_000,
    }
  }

  /** A key a little above another, or the one that nothing is above. */
  #keyAfter(key: string): string {
    const number = Number(key.slice(1)) + this.#random.between(1, 6)
    return `k${String(number).padStart(3, '0')}`
  }

  #key(): string {
    const random = this.#random
    const { keyCount } = this.#settings
    // Some are used far more than others.
    const number = random.chance(0.3) ? random.below(Math.min(3, keyCount)) : random.below(keyCount)
    return `k${String(number).padStart(3, '0')}`
  }

  #name(): string {
    return `${this.#random.pick(KEYSPACES)}/${this.#key()}`
  }

  #value(): string {
    return `v${++this.#valueCount}`
  }
}
