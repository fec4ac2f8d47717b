import { Database } from '@ldb/core'
import { expect, test } from 'vitest'
import {
  auditBank,
  commitTransfer,
  foundBank,
  lastTransferNumber,
  randomTransfer,
  TOTAL_MONEY,
} from './bank.js'
import { World } from './world.js'

/** A bank with some transfers, in memory. */
function bank(transferCount: number): World {
  const world = new World(Database.memory())
  foundBank(world)
  for (let number = 1; number <= transferCount; number++) commitTransfer(world, number, randomTransfer())
  return world
}

test('honest books balance', () => {
  using world = bank(500)
  expect(lastTransferNumber(world)).toBe(500)
  expect(auditBank(world)).toEqual({
    transferCount: 500,
    unbroken: true,
    wrongAccountCount: 0,
    totalMoney: TOTAL_MONEY,
  })
})

test('a new bank has no transfers, whatever was before', () => {
  using world = bank(5)
  foundBank(world)
  expect(lastTransferNumber(world)).toBe(0)
  expect(auditBank(world)).toMatchObject({ transferCount: 0, unbroken: true, wrongAccountCount: 0 })
})

test('a transfer is always between two', () => {
  for (let round = 0; round < 1000; round++) {
    const { from, to, amount } = randomTransfer()
    expect(from).not.toBe(to)
    expect(amount).toBeGreaterThan(0)
  }
})

test('a transfer that went missing is noticed', () => {
  using world = bank(10)
  world.transfers.delete([4])
  expect(auditBank(world)).toMatchObject({ transferCount: 9, unbroken: false, wrongAccountCount: 2 })
})

test('a commit of which only a part survived is noticed, even when the money still adds up', () => {
  using world = bank(10)
  const { from, to, amount } = randomTransfer()
  world.accounts.update(from, (balance = 0) => balance - amount)
  world.accounts.update(to, (balance = 0) => balance + amount)
  expect(auditBank(world)).toMatchObject({ unbroken: true, wrongAccountCount: 2, totalMoney: TOTAL_MONEY })
})

test('an account that went missing is noticed', () => {
  using world = bank(10)
  const [holder = ''] = world.accounts.keys({ limit: 1 }).toArray()
  world.accounts.delete(holder)
  expect(auditBank(world).wrongAccountCount).toBe(1)
})
