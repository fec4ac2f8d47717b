import { Database } from '@ldb/core'
import { expect, test } from 'vitest'
import {
  auditBank,
  commitTransfer,
  resetBank,
  lastTransferNumber,
  randomTransfer,
  TOTAL_MONEY,
} from './bank.js'
import { DemoStore } from '../database/demo-store.js'

/** Returns an in-memory database with some transfers. */
function bank(transferCount: number): DemoStore {
  const store = new DemoStore(Database.memory())
  resetBank(store)
  for (let number = 1; number <= transferCount; number++) commitTransfer(store, number, randomTransfer())
  return store
}

test('the audit of committed transfers finds nothing wrong', () => {
  using store = bank(500)
  expect(lastTransferNumber(store)).toBe(500)
  expect(auditBank(store)).toEqual({
    transferCount: 500,
    unbroken: true,
    wrongAccountCount: 0,
    totalMoney: TOTAL_MONEY,
  })
})

test('resetting the bank deletes all transfers', () => {
  using store = bank(5)
  resetBank(store)
  expect(lastTransferNumber(store)).toBe(0)
  expect(auditBank(store)).toMatchObject({ transferCount: 0, unbroken: true, wrongAccountCount: 0 })
})

test('a transfer has two different accounts', () => {
  for (let round = 0; round < 1000; round++) {
    const { from, to, amount } = randomTransfer()
    expect(from).not.toBe(to)
    expect(amount).toBeGreaterThan(0)
  }
})

test('the audit detects a missing transfer', () => {
  using store = bank(10)
  store.transfers.delete([4])
  expect(auditBank(store)).toMatchObject({ transferCount: 9, unbroken: false, wrongAccountCount: 2 })
})

test('the audit detects balances without their transfer, even when the total is right', () => {
  using store = bank(10)
  const { from, to, amount } = randomTransfer()
  store.accounts.update(from, (balance = 0) => balance - amount)
  store.accounts.update(to, (balance = 0) => balance + amount)
  expect(auditBank(store)).toMatchObject({ unbroken: true, wrongAccountCount: 2, totalMoney: TOTAL_MONEY })
})

test('the audit detects a missing account', () => {
  using store = bank(10)
  const [holder = ''] = store.accounts.keys({ limit: 1 }).toArray()
  store.accounts.delete(holder)
  expect(auditBank(store).wrongAccountCount).toBe(1)
})
