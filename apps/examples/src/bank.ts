// Transfers between accounts under contention: serializable transactions that are repeated after a conflict.
import type { KeyValueDatabase, KeyValueKeyspace } from '@ldb/cluster'

/** A transfer that was made. */
export interface Transfer {
  readonly from: string
  readonly to: string
  readonly cents: number
}

/** What became of a transfer. */
export type TransferResult = 'made' | 'refused'

/** Accounts with balances in cents, and a journal of the transfers between them. */
export class Bank {
  readonly #db: KeyValueDatabase
  readonly #accounts: KeyValueKeyspace<string, number>
  readonly #journal: KeyValueKeyspace<readonly [number], Transfer>

  private constructor(
    db: KeyValueDatabase,
    accounts: KeyValueKeyspace<string, number>,
    journal: KeyValueKeyspace<readonly [number], Transfer>,
  ) {
    this.#db = db
    this.#accounts = accounts
    this.#journal = journal
  }

  static async open(db: KeyValueDatabase): Promise<Bank> {
    return new Bank(
      db,
      await db.keyspace<string, number>('accounts', { values: 'json' }),
      await db.keyspace<readonly [number], Transfer>('journal', { keys: 'tuple', values: 'json' }),
    )
  }

  /** Creates an account, and reports whether its name was free. */
  async open(account: string, cents: number): Promise<boolean> {
    return this.#accounts.putIfAbsent(account, cents)
  }

  async balance(account: string): Promise<number> {
    return (await this.#accounts.get(account)) ?? 0
  }

  /**
   * Makes a transfer, unless the balance is too low.
   *
   * @param number - of the transfer: the same number is made once only, so that a caller may repeat an uncertain one.
   */
  async transfer(number: number, { from, to, cents }: Transfer): Promise<TransferResult> {
    return this.#db.transaction(async (tx): Promise<TransferResult> => {
      const [accounts, journal] = [tx.in(this.#accounts), tx.in(this.#journal)]
      if (await journal.has([number])) return 'made'
      const [source = 0, target = 0] = await accounts.getMany([from, to])
      if (source < cents || from === to) return 'refused'
      await accounts.put(from, source - cents)
      await accounts.put(to, target + cents)
      await journal.put([number], { from, to, cents })
      return 'made'
    })
  }

  /** Returns the sum of all balances and the number of transfers, in one snapshot. */
  async audit(): Promise<{
    readonly cents: number
    readonly lowest: number
    readonly transferCount: number
  }> {
    const snapshot = this.#db.snapshot()
    try {
      const balances = await snapshot.in(this.#accounts).values().toArray()
      const transferCount = await snapshot.in(this.#journal).count()
      const cents = balances.reduce((sum, balance) => sum + balance, 0)
      return { cents, lowest: Math.min(...balances), transferCount }
    } finally {
      await snapshot.release()
    }
  }

  /** Returns the balances that the journal implies, from those at the opening of the accounts. */
  async replay(opening: ReadonlyMap<string, number>): Promise<ReadonlyMap<string, number>> {
    const balances = new Map(opening)
    for await (const { from, to, cents } of this.#journal.values()) {
      balances.set(from, (balances.get(from) ?? 0) - cents)
      balances.set(to, (balances.get(to) ?? 0) + cents)
    }
    return balances
  }
}
