import { isLdbError } from '@ldb/base'
import type { IsolationLevel } from '../../suite/isolation-subject.js'
import { assertGuarantee } from '../../base/violation.js'
import type { AsyncEngine, EngineTransaction } from './engine.js'
import type { HistoryChoices } from '../history-choices.js'
import { performStep } from '../history-driver.js'
import { LifeEnded } from './life.js'
import type { DatabaseLife, LifeRecord } from './life.js'
import { isWrite } from '../recorded-history.js'
import { microtasks } from './slow-vfs.js'

/** Settings of the clients. */
export interface ClientSettings {
  readonly level: IsolationLevel
  /** Average number of steps of a transaction. */
  readonly stepCount: number
  /** Whether clients also use the sync API. */
  readonly mixesApis: boolean
}

const WORK = {
  begin: 40,
  retried: 15,
  put: 12,
  update: 10,
  syncTransaction: 4,
  syncPut: 3,
  checkpoint: 1,
} as const

/** One of many concurrent clients. It executes one operation after the other. */
export class HistoryClient {
  readonly #engine: AsyncEngine
  readonly #life: DatabaseLife
  readonly #choices: HistoryChoices
  readonly #settings: ClientSettings

  constructor(engine: AsyncEngine, life: DatabaseLife, choices: HistoryChoices, settings: ClientSettings) {
    this.#engine = engine
    this.#life = life
    this.#choices = choices
    this.#settings = settings
  }

  /** Executes operations until none is left or the life has ended. */
  async run(isLeft: () => boolean): Promise<void> {
    const { random } = this.#choices
    const life = this.#life
    try {
      while (isLeft() && !life.hasFailed && !life.isClosing) {
        await this.#pause()
        life.assertRunning()
        const kind = random.weighted(
          this.#settings.mixesApis ? WORK : { ...WORK, syncTransaction: 0, syncPut: 0 },
        )
        if (kind === 'begin') await this.#transaction()
        else if (kind === 'retried') await this.#retriedTransaction()
        else if (kind === 'put') await this.#puts()
        else if (kind === 'update') await this.#update()
        else if (kind === 'syncTransaction') this.#syncTransaction()
        else if (kind === 'syncPut') this.#syncPut()
        else await this.#checkpoint()
      }
    } catch (error) {
      if (!(error instanceof LifeEnded)) throw error
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
      // `begin` failed before a record existed.
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
    this.#life.assertRunning()
    transaction.onCommit = (): void => {
      this.#life.commitCalled(record)
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

  /** Runs a transaction function, which the engine retries from fresh reads after a conflict. */
  async #retriedTransaction(): Promise<void> {
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
        if (before.startSeq >= record.startSeq)
          this.#life.pendingViolation = `T${record.id} began from the same snapshot as the attempt before it`
      }
      records.push(record)
      assertGuarantee(attempt === records.length, () => `attempt ${records.length} has number ${attempt}`)
      await this.#steps(transaction, record, false)
      this.#life.assertRunning()
      transaction.onCommit = (): void => {
        this.#life.commitCalled(record)
      }
      if (commitsItself) await transaction.commit()
    }
    try {
      await this.#engine.transaction(run, { isolation: level, retries })
      this.#life.ended(records.at(-1)!, 'acknowledged')
    } catch (error) {
      const record = records.at(-1)
      if (isLdbError(error, 'LDB_CONFLICT')) {
        assertGuarantee(
          records.length === retries + 1,
          () => `stopped after ${records.length} of ${retries + 1} attempts`,
        )
      }
      if (record !== undefined) this.#failed(record, error)
      else this.#failed(this.#life.begin(level, this.#engine.seq), error)
    }
  }

  async #steps(transaction: EngineTransaction, record: LifeRecord, readOnly: boolean): Promise<void> {
    const { random } = this.#choices
    for (let left = random.between(1, this.#settings.stepCount * 2); left > 0; left--) {
      if (random.chance(0.2)) {
        // Two concurrent reads.
        const steps = [this.#choices.step(true), this.#choices.step(true)]
        const events = await Promise.all(steps.map((step) => transaction.step(step)))
        this.#life.record(record, ...events)
      } else {
        this.#life.record(record, await transaction.step(this.#choices.step(readOnly)))
      }
      await this.#pause()
    }
    if (record.events.some(isWrite)) await transaction.mark(record.id)
  }

  /** Calls single writes concurrently. */
  async #puts(): Promise<void> {
    const { random } = this.#choices
    const results: Promise<void>[] = []
    for (let left = random.pick([1, 1, 4]); left > 0 && !this.#life.hasEnded; left--) {
      const name = this.#choices.name()
      const value = this.#choices.value()
      const record = this.#beginSingle()
      this.#life.record(record, { do: 'put', name, value })
      this.#life.commitCalled(record)
      results.push(this.#recordResult(record, this.#engine.put(name, value)))
    }
    await this.#all(results)
  }

  async #update(): Promise<void> {
    const record = this.#beginSingle()
    const name = this.#choices.name()
    const value = this.#choices.value()
    this.#life.commitCalled(record)
    const updated = this.#engine.update(name, (before) => {
      // A callback may still run after the simulated end of the process; it is ignored.
      if (!this.#life.hasEnded)
        record.events.push({ do: 'get', name, value: before }, { do: 'put', name, value })
      return value
    })
    await this.#all([this.#recordResult(record, updated)])
  }

  async #recordResult(record: LifeRecord, call: Promise<unknown>): Promise<void> {
    try {
      await call
      this.#life.ended(record, 'acknowledged')
    } catch (error) {
      this.#failed(record, error)
    }
  }

  async #all(results: readonly Promise<void>[]): Promise<void> {
    for (const result of await Promise.allSettled(results)) {
      if (result.status === 'rejected') throw result.reason
    }
  }

  #syncPut(): void {
    const name = this.#choices.name()
    const value = this.#choices.value()
    const record = this.#beginSingle()
    this.#life.record(record, { do: 'put', name, value })
    this.#life.commitCalled(record)
    try {
      this.#engine.putSync(name, value)
      this.#life.ended(record, 'acknowledged')
    } catch (error) {
      this.#failed(record, error)
    }
  }

  #syncTransaction(): void {
    const { level, stepCount } = this.#settings
    let record: LifeRecord | undefined
    try {
      const { transaction, seq } = this.#engine.beginSync({ isolation: level })
      record = this.#life.begin(level, seq)
      for (let left = this.#choices.random.between(1, stepCount); left > 0; left--) {
        this.#life.record(record, performStep(transaction, this.#choices.step(false)))
      }
      if (record.events.some(isWrite)) this.#engine.markSync(transaction, record.id)
      this.#life.commitCalled(record)
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

  #beginSingle(): LifeRecord {
    return this.#life.begin(this.#settings.level, 0, true)
  }

  #failed(record: LifeRecord, error: unknown): void {
    if (error instanceof LifeEnded) throw error
    this.#life.failed(record, error)
  }

  async #pause(): Promise<void> {
    const { random } = this.#choices
    await microtasks(random.pick([0, 0, 1, 3, random.below(20)]))
    this.#life.assertRunning()
  }
}
