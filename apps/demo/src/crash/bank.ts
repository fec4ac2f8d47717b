import type { Transfer } from '../database/transfer.js'
import type { DemoStore } from '../database/demo-store.js'

const HOLDERS: readonly string[] = Array.from(
  { length: 100 },
  (_, index) => `holder-${String(index).padStart(2, '0')}`,
)
const OPENING_BALANCE = 1000

/** All the money there is: no transfer changes it. */
export const TOTAL_MONEY: number = HOLDERS.length * OPENING_BALANCE

/** Opens the accounts anew, in one commit. */
export function resetBank(store: DemoStore): void {
  const batch = store.db.batch()
  batch.in(store.transfers).clear()
  const accounts = batch.in(store.accounts).clear()
  for (const holder of HOLDERS) accounts.put(holder, OPENING_BALANCE)
  batch.commit()
}

/** Thinks up a transfer. */
export function randomTransfer(): Transfer {
  const from = Math.floor(Math.random() * HOLDERS.length)
  const to = (from + 1 + Math.floor(Math.random() * (HOLDERS.length - 1))) % HOLDERS.length
  return { from: HOLDERS[from] ?? '', to: HOLDERS[to] ?? '', amount: 1 + Math.floor(Math.random() * 100) }
}

/** Number of the newest transfer; 0 when there is none. */
export function lastTransferNumber(store: DemoStore): number {
  const [key] = store.transfers.keys({ reverse: true, limit: 1 }).toArray()
  return key?.[0] ?? 0
}

/** Moves money and notes it: three writes to two keyspaces, one commit, on the device when this returns. */
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

/** What the books say. */
export interface Audit {
  readonly transferCount: number
  /** True when the transfers are numbered from 1 on without a hole: what survived is a prefix of what was done. */
  readonly unbroken: boolean
  /** Accounts whose balance is not what the transfers make of it: a commit of which only a part survived. */
  readonly wrongAccountCount: number
  /** All the money there is. */
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
