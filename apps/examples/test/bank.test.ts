// Strategy: hundreds of transfers at once between a few accounts, beside audits, in both isolation-critical forms: repeated numbers, and
// accounts that run dry.
// Invariants: no cent is made or lost at any moment, no balance is below zero, and the journal explains every balance.
import { ClusterDatabase, memoryDriver } from '@ldb/cluster'
import type { KeyValueDatabase } from '@ldb/cluster'
import { AsyncDatabase } from '@ldb/core'
import { expect, test } from 'vitest'
import { Bank } from '../src/bank.js'
import { Random } from '../src/random.js'

const ACCOUNTS = ['Ada', 'Bo', 'Cyd', 'Dee']
const OPENING = 1_000

/** The line that differs, and how many transfers are made at once. Over a network, each attempt of one is several round trips. */
const DATABASES: readonly (readonly [
  name: string,
  open: () => Promise<KeyValueDatabase>,
  transfers: number,
])[] = [
  ['btree', () => AsyncDatabase.memory({ engine: 'btree' }), 300],
  ['lsm', () => AsyncDatabase.memory({ engine: 'lsm' }), 300],
  ['cluster', () => ClusterDatabase.open(memoryDriver()), 60],
]

test.each(DATABASES)('transfers under contention in a %s', async (_name, open, transferCountMax) => {
  const db = await open()
  const bank = await Bank.open(db)
  for (const account of ACCOUNTS) expect(await bank.open(account, OPENING)).toBe(true)
  expect(await bank.open('Ada', 5)).toBe(false)
  const random = new Random(3)
  const account = (): string => ACCOUNTS[random.below(ACCOUNTS.length)] ?? ''
  const transfers = Array.from({ length: transferCountMax }, () => ({
    from: account(),
    to: account(),
    cents: random.below(600),
  }))
  let isDone = false
  const audits = (async (): Promise<number> => {
    let count = 0
    for (; !isDone; count++) {
      const { cents, lowest } = await bank.audit()
      expect(cents).toBe(ACCOUNTS.length * OPENING)
      expect(lowest).toBeGreaterThanOrEqual(0)
      await new Promise((resolve) => setImmediate(resolve))
    }
    return count
  })()
  // Every transfer is asked for twice, and made once.
  const results = await Promise.all(
    [0, 1].flatMap(() => transfers.map((transfer, number) => bank.transfer(number, transfer))),
  )
  isDone = true
  expect(await audits).toBeGreaterThan(0)
  const made = transfers.filter(
    (_, number) => results[number] === 'made' || results[transferCountMax + number] === 'made',
  )
  const { transferCount } = await bank.audit()
  expect(transferCount).toBe(made.length)
  expect(results).toContain('refused')
  if (db instanceof AsyncDatabase) expect(db.sync.stats().transactions.conflictCount).toBeGreaterThan(0)
  const implied = await bank.replay(new Map(ACCOUNTS.map((name) => [name, OPENING])))
  for (const name of ACCOUNTS) expect(await bank.balance(name)).toBe(implied.get(name))
  await db.close()
})
