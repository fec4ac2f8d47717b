import { expect, test } from 'vitest'
import { CommitCompletion } from './completion.js'

test('a receipt is resolved with the last of its commits, and takes no other afterwards', async () => {
  const receipt = new CommitCompletion('full')
  let isResolved = false
  void receipt.promise.then(() => (isResolved = true))
  expect(receipt.isClosed).toBe(false)
  receipt.add()
  receipt.add()
  receipt.resolve()
  await Promise.resolve()
  expect(isResolved).toBe(false)
  expect(receipt.isClosed).toBe(false)
  receipt.resolve()
  await receipt.promise
  expect(receipt.isClosed).toBe(true)
})

test('a receipt takes 64 commits at most', () => {
  const receipt = new CommitCompletion(undefined)
  for (let count = 0; count < 63; count++) receipt.add()
  expect(receipt.isClosed).toBe(false)
  receipt.add()
  expect(receipt.isClosed).toBe(true)
})

test('a failure is told to all who wait, whatever became of the others', async () => {
  const receipt = new CommitCompletion('periodic')
  for (let count = 0; count < 3; count++) receipt.add()
  receipt.resolve()
  receipt.reject(new RangeError('second'))
  receipt.reject(new RangeError('third'))
  await expect(receipt.promise).rejects.toThrow('second')
})
