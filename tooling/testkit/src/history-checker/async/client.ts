import { isLdbError } from '@ldb/base'
import type { IsolationLevel } from '../../suite/isolation-subject.js'
import { promised } from '../../violation.js'
import type { AsyncEngine, EngineTransaction } from './engine.js'
import type { HistoryChoices } from '../history-choices.js'
import { performStep } from '../history-driver.js'
import { LifeOver } from './life.js'
import type { HistoryLife, LifeRecord } from './life.js'
import { isWrite } from '../recorded-history.js'
import { turns } from './slow-vfs.js'

/** What clients do. */
export interface ClientSettings {
  readonly level: IsolationLevel
  /** Steps of a transaction, about. */
  readonly stepCount: number
  /** The sync face is used too. */
  readonly mixesFaces: boolean
}

const WORK = { begin: 40, retried: 15, put: 12, update: 10, now: 4, putNow: 3, checkpoint: 1 } as const

/** Somebody who works on the database, beside many others, one thing after the other. */
export class HistoryClient {
  readonly #engine: AsyncEngine
  readonly #life: HistoryLife
  readonly #choices: HistoryChoices
  readonly #settings: ClientSettings

  constructor(engine: AsyncEngine, life: HistoryLife, choices: HistoryChoices, settings: ClientSettings) {
    this.#engine = engine
    this.#life = life
    this.#choices = choices
    this.#settings = settings
  }

  /** Works until nothing is left or the life is over. */
  async work(isLeft: () => boolean): Promise<void> {
    const { random } = this.#choices
    const life = this.#life
    try {
      while (isLeft() && !life.hasFailed && !life.isClosing) {
        await this.#pause()
        life.assertOn()
        const kind = random.weighted(this.#settings.mixesFaces ? WORK : { ...WORK, now: 0, putNow: 0 })
        if (kind === 'begin') await this.#transaction()
        else if (kind === 'retried') await this.#retried()
        else if (kind === 'put') await this.#puts()
        else if (kind === 'update') await this.#update()
        else if (kind === 'now') this.#transactionNow()
        else if (kind === 'putNow') this.#putNow()
        else await this.#checkpoint()
      }
    } catch (error) {
      if (!(error instanceof LifeOver)) throw error
    }
  }

  async #transaction(): Promise<void> {
    const { level } = this.#settings
    const { random } = this.#choices
    const readOnly = random.chance(0.15)
    let transaction: EngineTransaction
    try {
      transaction = this.#engine.begin({ isolation: level, readOnly })
    } catch (error) {
      // There is no record yet that it could be held against.
      this.#life.failed(this.#life.begin(level, this.#engine.seq), error)
      return
    }
    const record = this.#life.begin(level, transaction.seq)
    try {
      await this.#steps(transaction, record, readOnly)
      if (random.chance(0.05)) {
        await transaction.rollback()
        this.#life.ended(record, 'rolled back')
        return
      }
      await this.#commit(transaction, record)
      this.#life.ended(record, 'acknowledged')
    } catch (error) {
      this.#failed(record, error)
    } finally {
      await transaction.rollback()
    }
  }

  async #commit(transaction: EngineTransaction, record: LifeRecord): Promise<void> {
    const { random } = this.#choices
    this.#life.assertOn()
    transaction.onCommit = (): void => {
      this.#life.called(record)
    }
    if (!random.chance(0.05)) {
      await transaction.commit()
      return
    }
    const controller = new AbortController()
    const committed = transaction.commit(controller.signal)
    controller.abort()
    await committed
  }

  /** Run again from fresh reads until it has won. */
  async #retried(): Promise<void> {
    const { level } = this.#settings
    const { random } = this.#choices
    const retries = random.between(0, 4)
    const commitsItself = random.chance(0.5)
    const records: LifeRecord[] = []
    const run = async (transaction: EngineTransaction, attempt: number): Promise<void> => {
      const before = records.at(-1)
      const record = this.#life.begin(level, transaction.seq)
      if (before !== undefined) {
        this.#life.ended(before, 'conflict')
        if (before.startSeq >= record.startSeq) this.#life.suspicion = `T${record.id} sees nothing new`
      }
      records.push(record)
      promised(attempt === records.length, () => `attempt ${records.length} is called ${attempt}`)
      await this.#steps(transaction, record, false)
      this.#life.assertOn()
      transaction.onCommit = (): void => {
        this.#life.called(record)
      }
      if (commitsItself) await transaction.commit()
    }
    try {
      await this.#engine.transaction(run, { isolation: level, retries })
      this.#life.ended(records.at(-1)!, 'acknowledged')
    } catch (error) {
      const record = records.at(-1)
      if (isLdbError(error, 'LDB_CONFLICT')) {
        promised(records.length === retries + 1, () => `given up after ${records.length} of ${retries + 1}`)
      }
      if (record !== undefined) this.#failed(record, error)
      else this.#failed(this.#life.begin(level, this.#engine.seq), error)
    }
  }

  async #steps(transaction: EngineTransaction, record: LifeRecord, readOnly: boolean): Promise<void> {
    const { random } = this.#choices
    for (let left = random.between(1, this.#settings.stepCount * 2); left > 0; left--) {
      if (random.chance(0.2)) {
        // Reads at once, and a write between them.
        const steps = [this.#choices.step(true), this.#choices.step(true)]
        const events = await Promise.all(steps.map((step) => transaction.step(step)))
        this.#life.note(record, ...events)
      } else {
        this.#life.note(record, await transaction.step(this.#choices.step(readOnly)))
      }
      await this.#pause()
    }
    if (record.events.some(isWrite)) await transaction.mark(record.id)
  }

  /** Single writes that are called at once. */
  async #puts(): Promise<void> {
    const { random } = this.#choices
    const answers: Promise<void>[] = []
    for (let left = random.pick([1, 1, 4]); left > 0 && !this.#life.isOver; left--) {
      const name = this.#choices.name()
      const value = this.#choices.value()
      const record = this.#single()
      this.#life.note(record, { do: 'put', name, value })
      this.#life.called(record)
      answers.push(this.#awaited(record, this.#engine.put(name, value)))
    }
    await this.#all(answers)
  }

  async #update(): Promise<void> {
    const record = this.#single()
    const name = this.#choices.name()
    const value = this.#choices.value()
    this.#life.called(record)
    const updated = this.#engine.update(name, (before) => {
      // Called when the process is dead, it is called by nobody.
      if (!this.#life.isOver)
        record.events.push({ do: 'get', name, value: before }, { do: 'put', name, value })
      return value
    })
    await this.#all([this.#awaited(record, updated)])
  }

  async #awaited(record: LifeRecord, answer: Promise<unknown>): Promise<void> {
    try {
      await answer
      this.#life.ended(record, 'acknowledged')
    } catch (error) {
      this.#failed(record, error)
    }
  }

  async #all(answers: readonly Promise<void>[]): Promise<void> {
    for (const answer of await Promise.allSettled(answers)) {
      if (answer.status === 'rejected') throw answer.reason
    }
  }

  #putNow(): void {
    const name = this.#choices.name()
    const value = this.#choices.value()
    const record = this.#single()
    this.#life.note(record, { do: 'put', name, value })
    this.#life.called(record)
    try {
      this.#engine.putNow(name, value)
      this.#life.ended(record, 'acknowledged')
    } catch (error) {
      this.#failed(record, error)
    }
  }

  #transactionNow(): void {
    const { level, stepCount } = this.#settings
    let record: LifeRecord | undefined
    try {
      const { transaction, seq } = this.#engine.beginNow({ isolation: level })
      record = this.#life.begin(level, seq)
      for (let left = this.#choices.random.between(1, stepCount); left > 0; left--) {
        this.#life.note(record, performStep(transaction, this.#choices.step(false)))
      }
      if (record.events.some(isWrite)) this.#engine.markNow(transaction, record.id)
      this.#life.called(record)
      transaction.commit()
      this.#life.ended(record, 'acknowledged')
    } catch (error) {
      this.#failed(record ?? this.#life.begin(level, this.#engine.seq), error)
    }
  }

  async #checkpoint(): Promise<void> {
    try {
      await this.#engine.db.checkpoint()
    } catch (error) {
      this.#failed(this.#life.begin(this.#settings.level, this.#engine.seq), error)
    }
  }

  #single(): LifeRecord {
    return this.#life.begin(this.#settings.level, 0, true)
  }

  #failed(record: LifeRecord, error: unknown): void {
    if (error instanceof LifeOver) throw error
    this.#life.failed(record, error)
  }

  async #pause(): Promise<void> {
    const { random } = this.#choices
    await turns(random.pick([0, 0, 1, 3, random.below(20)]))
    this.#life.assertOn()
  }
}
