import { ignoreRejection, invalidArgument, isLdbError, kindOf } from '@ldb/base'
import { AsyncBatch } from '../async/batch.js'
import { AsyncTransaction } from '../async/transaction.js'
import { Transaction } from '../transaction/transaction.js'
import { Batch } from '../write/batch.js'
import type { ConsumerPosition } from './consumer-position.js'
import type { Consumers, ConsumerStore } from './consumers.js'

/** A batch or a transaction, of either API, that can record the position of a consumer with its own writes. @category Changes */
export type PositionWrites =
  | Pick<Batch<never, never>, 'in' | 'byteLength'>
  | Pick<AsyncBatch<never, never>, 'in' | 'byteLength'>
  | Transaction
  | AsyncTransaction

/** The consumer of one open stream. */
export class OpenConsumer {
  readonly #name: string
  readonly #position: ConsumerPosition
  readonly #store: ConsumerStore
  readonly #consumers: Consumers
  readonly #acknowledgesNext: boolean
  /** The consumer is recorded. Nothing is returned before. */
  readonly #registered: Promise<void>
  /** Number of the commit that was returned last and is not acknowledged; `undefined` for none. */
  #returned: number | undefined = undefined

  /** @param options - `since`: its position; `isRecorded`: it is recorded already, and only the time of its use is new. */
  constructor(
    name: string,
    position: ConsumerPosition,
    store: ConsumerStore,
    consumers: Consumers,
    options: { readonly since: number; readonly isRecorded: boolean; readonly acknowledgesNext: boolean },
  ) {
    this.#name = name
    this.#position = position
    this.#store = store
    this.#consumers = consumers
    this.#acknowledgesNext = options.acknowledgesNext
    const registered = store.promises.put(name, consumers.record(options.since))
    this.#registered = options.isRecorded ? unlessFull(registered).then(() => undefined) : registered
    ignoreRejection(this.#registered)
  }

  /** True when there are no more commits now, and the position should be recorded. */
  get wantsRecord(): boolean {
    return this.#position.wantsRecord(true)
  }

  /** Begins a call of `next`. */
  async begin(): Promise<void> {
    await this.#registered
    await this.#position.refresh()
    if (this.#acknowledgesNext && this.#returned !== undefined) this.#position.acknowledge(this.#returned)
    this.#returned = undefined
    if (this.#position.wantsRecord(false)) await this.record()
  }

  /** Notes a commit that the stream has read. */
  async pass(seq: number, lsn: number, isReturned: boolean, isOwn: boolean): Promise<void> {
    this.#position.pass(seq, lsn, isReturned, isOwn)
    if (isReturned) this.#returned = seq
    else if (this.#position.wantsRecord(false)) await this.record()
  }

  /** Records what is acknowledged. After a crash, some commits are returned again. */
  async record(): Promise<void> {
    // On a full device the consumer reads on: it may be what makes room.
    if (!(await unlessFull(this.#position.record(false)))) this.#position.postpone()
  }

  async acknowledge(seq: number | undefined): Promise<void> {
    const acknowledged = this.#position.acknowledgeable(seq)
    await this.#registered
    await this.#position.refresh()
    this.#position.acknowledge(acknowledged)
    try {
      await this.#position.record(true)
    } catch (error) {
      if (isLdbError(error, 'LDB_NO_SPACE')) this.#position.postpone()
      throw error
    }
  }

  acknowledgeIn(writes: unknown, seq: number | undefined): Promise<void> | undefined {
    const record = this.#consumers.record(this.#position.acknowledgeable(seq))
    const { keyspace } = this.#store
    this.#position.expectRecord()
    if (writes instanceof AsyncTransaction) return writes.in(keyspace).put(this.#name, record)
    if (writes instanceof Batch || writes instanceof AsyncBatch || writes instanceof Transaction) {
      writes.in(keyspace).put(this.#name, record)
      return undefined
    }
    throw invalidArgument(`acknowledgeIn needs a batch or a transaction, not ${kindOf(writes)}`)
  }

  /** Records what is acknowledged at the end of the stream. What cannot be recorded is returned again. */
  async finish(): Promise<void> {
    try {
      await this.#registered
      await this.#position.refresh()
      await this.record()
    } catch {
      // The database is closed or poisoned.
    }
  }

  /** Returns a function that releases the name. It references no handle. */
  get releaser(): () => void {
    return this.#consumers.releaseOf(this.#name)
  }
}

/** Returns false when a write fails because the device is full. */
async function unlessFull(written: Promise<void>): Promise<boolean> {
  try {
    await written
    return true
  } catch (error) {
    if (isLdbError(error, 'LDB_NO_SPACE')) return false
    throw error
  }
}
