import { expect, test } from 'vitest'
import type { Transfer } from '../database/transfer.js'
import { encodeAcknowledgement, Ledger } from './ledger.js'

const transfer = (amount: number): Transfer => ({ from: 'a', to: 'b', amount })
const all = new Map([1, 2, 3].map((number) => [number, transfer(number * 10)]))
const text = [...all].map(([number, acknowledged]) => encodeAcknowledgement(number, acknowledged)).join('')

test.each([1, 2, 7, 1000])('lines are assembled from pieces of %d characters', (size) => {
  const ledger = new Ledger()
  for (let start = 0; start < text.length; start += size) ledger.append(text.slice(start, start + size))
  expect(ledger.count).toBe(3)
  expect(ledger.lost((number) => all.get(number))).toEqual([])
})

test('an unterminated line is no acknowledgement', () => {
  const ledger = new Ledger()
  ledger.append(text.slice(0, -1))
  expect(ledger.count).toBe(2)
  ledger.discardPartialLine()
  ledger.append(encodeAcknowledgement(4, transfer(40)))
  expect(ledger.count).toBe(3)
  expect(ledger.lost((number) => transfer(number * 10))).toEqual([])
})

test('missing and changed transfers are lost', () => {
  const ledger = new Ledger()
  ledger.append(text)
  expect(ledger.lost((number) => (number === 2 ? undefined : all.get(number)))).toEqual([2])
  expect(ledger.lost((number) => (number === 3 ? transfer(31) : all.get(number)))).toEqual([3])
  expect(ledger.lost((number) => ({ ...transfer(number * 10), from: 'c' }))).toEqual([1, 2, 3])
})

test('a second acknowledgement of one commit is an error', () => {
  const ledger = new Ledger()
  ledger.append(text)
  expect(() => ledger.append(encodeAcknowledgement(2, transfer(20)))).toThrow('commit 2')
})
