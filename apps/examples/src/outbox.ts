// An outbox: orders and the events of them are committed together, and a durable consumer handles each event once.
import { isLdbError } from '@ldb/core'
import type { AsyncDatabase, AsyncKeyspace, ChangeStream } from '@ldb/core'

/** An order of a customer, and the event that it causes. */
export interface Order {
  readonly customer: string
  readonly cents: number
}

/** Name under which the database remembers how far the consumer has come. */
const CONSUMER = 'invoices'

/** The keyspaces of the example. */
export class OrderBook {
  readonly db: AsyncDatabase
  readonly orders: AsyncKeyspace<readonly [number], Order>
  /** Events that are not handled, by the number of their order. */
  readonly outbox: AsyncKeyspace<readonly [number], Order>
  readonly invoices: AsyncKeyspace<readonly [number], string>

  private constructor(
    db: AsyncDatabase,
    orders: AsyncKeyspace<readonly [number], Order>,
    outbox: AsyncKeyspace<readonly [number], Order>,
    invoices: AsyncKeyspace<readonly [number], string>,
  ) {
    this.db = db
    this.orders = orders
    this.outbox = outbox
    this.invoices = invoices
  }

  static async open(db: AsyncDatabase): Promise<OrderBook> {
    return new OrderBook(
      db,
      await db.keyspace<readonly [number], Order>('orders', { keys: 'tuple', values: 'json' }),
      await db.keyspace<readonly [number], Order>('outbox', { keys: 'tuple', values: 'json' }),
      await db.keyspace<readonly [number], string>('invoices', { keys: 'tuple' }),
    )
  }

  /** Stores an order and its event in one commit. */
  async place(number: number, order: Order): Promise<void> {
    await this.db.batch().in(this.orders).put([number], order).in(this.outbox).put([number], order).commit()
  }
}

type Event = readonly [key: readonly [number], order: Order]

/**
 * Writes an invoice for each order. It handles an event, removes it from the outbox and acknowledges the commit in one transaction, so that
 * a crash at any moment repeats nothing and leaves nothing out.
 */
export class InvoiceWriter {
  readonly #book: OrderBook

  constructor(book: OrderBook) {
    this.#book = book
  }

  /**
   * Handles events until the signal is aborted: those that it has not acknowledged, then each new one.
   *
   * @param handled - called after each transaction.
   */
  async run(signal: AbortSignal, handled: () => void): Promise<void> {
    while (!signal.aborted) {
      const { stream, events } = await this.#open(signal)
      try {
        if (events.length > 0) {
          await this.#handle(events, stream)
          handled()
        }
        await this.#follow(stream, handled)
      } catch (error) {
        if (isLdbError(error, 'LDB_ABORTED')) return
        // It came too far behind: `#open` starts over.
        if (!isLdbError(error, 'LDB_NOT_FOUND')) throw error
      } finally {
        await stream.return()
      }
    }
  }

  async #follow(stream: ChangeStream<readonly [number], Order>, handled: () => void): Promise<void> {
    for await (const { changes } of stream) {
      const events: Event[] = []
      for (const change of changes) if (change.kind === 'put') events.push([change.key, change.value])
      if (events.length === 0) continue
      await this.#handle(events, stream)
      handled()
    }
  }

  /** Opens the stream where it was acknowledged last; where it cannot, at a snapshot, whose events come first. */
  async #open(
    signal: AbortSignal,
  ): Promise<{ stream: ChangeStream<readonly [number], Order>; events: readonly Event[] }> {
    const { db, outbox } = this.#book
    const options = { consumer: CONSUMER, keyspace: outbox, acknowledge: 'explicit', signal } as const
    const isNew = (await db.consumers()).every(({ name }) => name !== CONSUMER)
    try {
      return { stream: db.changes({ ...options, since: isNew ? 0 : undefined }), events: [] }
    } catch (error) {
      if (!isLdbError(error, 'LDB_NOT_FOUND')) throw error
    }
    const snapshot = db.snapshot()
    try {
      const stream = db.changes({ ...options, since: snapshot.seq })
      return { stream, events: await snapshot.in(outbox).entries().toArray() }
    } finally {
      await snapshot.release()
    }
  }

  async #handle(events: readonly Event[], stream: ChangeStream<readonly [number], Order>): Promise<void> {
    const { db, outbox, invoices } = this.#book
    await db.transaction(async (tx) => {
      for (const [key, { customer, cents }] of events) {
        // An event that is not in the outbox was handled before the consumer started over.
        if (!(await tx.in(outbox).has(key))) continue
        await tx.in(invoices).put(key, `${customer} pays ${cents / 100}`)
        await tx.in(outbox).delete(key)
      }
      await stream.acknowledgeIn(tx)
    })
  }
}
