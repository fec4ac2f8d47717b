import type { Transfer } from '../database/transfer.js'
import type { DemoStore } from '../database/demo-store.js'

const HOLDERS: readonly string[] = Array.from(
  { length: 100 },
  (_, index) => `holder-${String(index).padStart(2, '0')}`,
)
const OPENING_BALANCE = 1000

/** The sum of all balances, which no transfer changes. */
export const TOTAL_MONEY: number = HOLDERS.length * OPENING_BALANCE

/** Resets all accounts and deletes all transfers, in one commit. */
export function resetBank(store: DemoStore): void {
  const batch = store.db.batch()
  batch.in(store.transfers).deleteRange({ prefix: [] })
  const accounts = batch.in(store.accounts).deleteRange({ prefix: '' })
  for (const holder of HOLDERS) accounts.put(holder, OPENING_BALANCE)
  batch.commit()
}

/** Returns a random transfer. */
export function randomTransfer(): Transfer {
  const from = Math.floor(Math.random() * HOLDERS.length)
  const to = (from + 1 + Math.floor(Math.random() * (HOLDERS.length - 1))) % HOLDERS.length
  return { from: HOLDERS[from] ?? '', to: HOLDERS[to] ?? '', amount: 1 + Math.floor(Math.random() * 100) }
}

/** Returns the number of the newest transfer; 0 when there is none. */
export function lastTransferNumber(store: DemoStore): number {
  const [key] = store.transfers.keys({ reverse: true, limit: 1 }).toArray()
  return key?.[0] ?? 0
}

/** Commits a transfer: three writes to two keyspaces in one commit, synced to the device before this returns. */
export function commitTransfer(store: DemoStore, number: number, transfer: Transfer): void {
  const { accounts, transfers } = store
  const { from, to, amount } = transfer
  const batch = store.db.batch()
  batch
    .in(accounts)
    .put(from, (accounts.get(from) ?? 0) - amount)
    .put(to, (accounts.get(to) ?? 0) + amount)
  batch.in(transfers).put([number], transfer)
  batch.commit({ durability: 'full' })
}

/** The result of an audit. */
export interface Audit {
  readonly transferCount: number
  /** Whether transfers are numbered from 1 without a gap: the surviving commits are a prefix of all commits. */
  readonly unbroken: boolean
  /** Accounts whose balance differs from the sum of the transfers: a commit that survived in part. */
  readonly wrongAccountCount: number
  /** The sum of all balances. */
  readonly totalMoney: number
}

/** Recomputes every balance from the transfers and compares. */
export function auditBank(store: DemoStore): Audit {
  const balances = new Map(HOLDERS.map((holder) => [holder, OPENING_BALANCE]))
  const move = (holder: string, amount: number): void => {
    balances.set(holder, (balances.get(holder) ?? 0) + amount)
  }
  let transferCount = 0
  let unbroken = true
  for (const [[number], { from, to, amount }] of store.transfers.entries()) {
    transferCount++
    unbroken &&= number === transferCount
    move(from, -amount)
    move(to, amount)
  }
  let wrongAccountCount = 0
  let totalMoney = 0
  for (const [holder, balance] of store.accounts.entries()) {
    if (balances.get(holder) !== balance) wrongAccountCount++
    balances.delete(holder)
    totalMoney += balance
  }
  return { transferCount, unbroken, wrongAccountCount: wrongAccountCount + balances.size, totalMoney }
}
