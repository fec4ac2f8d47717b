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

/** A bank with some transfers, in memory. */
function bank(transferCount: number): DemoStore {
  const store = new DemoStore(Database.memory())
  resetBank(store)
  for (let number = 1; number <= transferCount; number++) commitTransfer(store, number, randomTransfer())
  return store
}

test('honest books balance', () => {
  using store = bank(500)
  expect(lastTransferNumber(store)).toBe(500)
  expect(auditBank(store)).toEqual({
    transferCount: 500,
    unbroken: true,
    wrongAccountCount: 0,
    totalMoney: TOTAL_MONEY,
  })
})

test('a new bank has no transfers, whatever was before', () => {
  using store = bank(5)
  resetBank(store)
  expect(lastTransferNumber(store)).toBe(0)
  expect(auditBank(store)).toMatchObject({ transferCount: 0, unbroken: true, wrongAccountCount: 0 })
})

test('a transfer is always between two', () => {
  for (let round = 0; round < 1000; round++) {
    const { from, to, amount } = randomTransfer()
    expect(from).not.toBe(to)
    expect(amount).toBeGreaterThan(0)
  }
})

test('a transfer that went missing is noticed', () => {
  using store = bank(10)
  store.transfers.delete([4])
  expect(auditBank(store)).toMatchObject({ transferCount: 9, unbroken: false, wrongAccountCount: 2 })
})

test('a commit of which only a part survived is noticed, even when the money still adds up', () => {
  using store = bank(10)
  const { from, to, amount } = randomTransfer()
  store.accounts.update(from, (balance = 0) => balance - amount)
  store.accounts.update(to, (balance = 0) => balance + amount)
  expect(auditBank(store)).toMatchObject({ unbroken: true, wrongAccountCount: 2, totalMoney: TOTAL_MONEY })
})

test('an account that went missing is noticed', () => {
  using store = bank(10)
  const [holder = ''] = store.accounts.keys({ limit: 1 }).toArray()
  store.accounts.delete(holder)
  expect(auditBank(store).wrongAccountCount).toBe(1)
})
