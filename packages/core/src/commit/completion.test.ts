import { expect, test } from 'vitest'
import { CommitCompletion } from './completion.js'

test('a completion resolves with the last of its commits, and is closed afterwards', async () => {
  const completion = new CommitCompletion('full')
  let isResolved = false
  void completion.promise.then(() => (isResolved = true))
  expect(completion.isClosed).toBe(false)
  completion.add()
  completion.add()
  completion.resolve()
  await Promise.resolve()
  expect(isResolved).toBe(false)
  expect(completion.isClosed).toBe(false)
  completion.resolve()
  await completion.promise
  expect(completion.isClosed).toBe(true)
})

test('a completion has 64 commits at most', () => {
  const completion = new CommitCompletion(undefined)
  for (let count = 0; count < 63; count++) completion.add()
  expect(completion.isClosed).toBe(false)
  completion.add()
  expect(completion.isClosed).toBe(true)
})

test('a failure of one commit rejects the promise of all', async () => {
  const completion = new CommitCompletion('periodic')
  for (let count = 0; count < 3; count++) completion.add()
  completion.resolve()
  completion.reject(new RangeError('second'))
  completion.reject(new RangeError('third'))
  await expect(completion.promise).rejects.toThrow('second')
})
