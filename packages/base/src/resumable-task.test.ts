import { expect, test } from 'vitest'
import { ResumableTask } from './resumable-task.js'
import type { DeviceSteps, Syncable } from './resumable-task.js'

/** Three steps, each followed by a wait that the test ends, or finds ended on the thread. */
function makeWork(log: string[]): { work: ResumableTask; end: (failure?: Error) => void } {
  let end: (failure?: Error) => void = () => undefined
  const wait = (name: string): Syncable => ({
    sync: () => {
      log.push(`${name} on thread`)
    },
    syncAsync: () =>
      new Promise((resolve, reject) => {
        end = (failure) => {
          if (failure === undefined) resolve()
          else reject(failure)
        }
      }),
  })
  function* steps(): DeviceSteps {
    try {
      log.push('first')
      yield wait('a')
      log.push('second')
      yield wait('b')
      log.push('third')
    } catch (error) {
      log.push('saw the failure')
      throw error
    } finally {
      log.push('let go')
    }
  }
  return {
    work: new ResumableTask(steps()),
    end: (failure) => {
      end(failure)
    },
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const ALL = ['first', 'a on thread', 'second', 'b on thread', 'third', 'let go']

test('runs to its end on the thread, once', () => {
  const log: string[] = []
  const { work } = makeWork(log)
  expect(log).toEqual([])
  work.sync()
  work.sync()
  expect(log).toEqual(ALL)
  expect(work.isEnded).toBe(true)
})

test('waits off the thread, for all who ask', async () => {
  const log: string[] = []
  const { work, end } = makeWork(log)
  const both = [work.syncAsync(), work.syncAsync()]
  for (const count of [1, 2]) {
    expect(log).toHaveLength(count)
    end()
    await turn()
  }
  await Promise.all(both)
  expect(log).toEqual(['first', 'second', 'third', 'let go'])
})

test('is carried on by whoever needs it, and nothing is done twice', async () => {
  const log: string[] = []
  const { work, end } = makeWork(log)
  const waiting = work.syncAsync()
  work.sync()
  expect(log).toEqual(ALL)
  end()
  await waiting
  expect(log).toEqual(ALL)
})

test('tells of a wait that failed though somebody else has carried the work on', async () => {
  const { work, end } = makeWork([])
  const waiting = work.syncAsync()
  work.sync()
  end(new Error('lost'))
  await expect(waiting).rejects.toThrow('lost')
})

test('lets the steps see a failure, and fails for ever', async () => {
  const log: string[] = []
  const { work, end } = makeWork(log)
  const waiting = work.syncAsync()
  end(new Error('full'))
  await expect(waiting).rejects.toThrow('full')
  expect(log).toEqual(['first', 'saw the failure', 'let go'])
  expect(() => {
    work.sync()
  }).toThrow('full')
})

test('lets go where it is when it is abandoned', async () => {
  const log: string[] = []
  const { work, end } = makeWork(log)
  const waiting = work.syncAsync()
  work.abandon(new Error('closed'))
  end()
  await expect(waiting).rejects.toThrow('closed')
  expect(log).toEqual(['first', 'let go'])
})
