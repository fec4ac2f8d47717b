import { describe, expect, test } from 'vitest'
import { ResumableTask } from './resumable-task.js'
import type { SyncPoll, TaskSteps, Syncable } from './resumable-task.js'

/** Makes a task of three steps; after the first two it waits for a sync that blocks or that the test settles. */
function makeTask(log: string[]): { task: ResumableTask; settle: (failure?: Error) => void } {
  let settle: (failure?: Error) => void = () => undefined
  const wait = (name: string): Syncable => ({
    sync: () => {
      log.push(`${name} blocking`)
    },
    syncAsync: () =>
      new Promise((resolve, reject) => {
        settle = (failure) => {
          if (failure === undefined) resolve()
          else reject(failure)
        }
      }),
  })
  function* steps(): TaskSteps {
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
      log.push('cleaned up')
    }
  }
  return {
    task: new ResumableTask(steps()),
    settle: (failure) => {
      settle(failure)
    },
  }
}

const nextTick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const ALL = ['first', 'a blocking', 'second', 'b blocking', 'third', 'cleaned up']

test('sync runs all steps once', () => {
  const log: string[] = []
  const { task } = makeTask(log)
  expect(log).toEqual([])
  task.sync()
  task.sync()
  expect(log).toEqual(ALL)
  expect(task.isEnded).toBe(true)
})

test('concurrent syncAsync calls share one run', async () => {
  const log: string[] = []
  const { task, settle } = makeTask(log)
  const both = [task.syncAsync(), task.syncAsync()]
  for (const count of [1, 2]) {
    expect(log).toHaveLength(count)
    settle()
    await nextTick()
  }
  await Promise.all(both)
  expect(log).toEqual(['first', 'second', 'third', 'cleaned up'])
})

test('sync completes a task while syncAsync waits, and no step runs twice', async () => {
  const log: string[] = []
  const { task, settle } = makeTask(log)
  const result = task.syncAsync()
  task.sync()
  expect(log).toEqual(ALL)
  settle()
  await result
  expect(log).toEqual(ALL)
})

test('syncAsync rejects when its sync fails after another caller completed the task', async () => {
  const { task, settle } = makeTask([])
  const result = task.syncAsync()
  task.sync()
  settle(new Error('lost'))
  await expect(result).rejects.toThrow('lost')
})

test('a failed sync throws into the steps, and every later call fails', async () => {
  const log: string[] = []
  const { task, settle } = makeTask(log)
  const result = task.syncAsync()
  settle(new Error('full'))
  await expect(result).rejects.toThrow('full')
  expect(log).toEqual(['first', 'saw the failure', 'cleaned up'])
  expect(() => {
    task.sync()
  }).toThrow('full')
})

test('abandon runs the finally blocks and fails the callers', async () => {
  const log: string[] = []
  const { task, settle } = makeTask(log)
  const result = task.syncAsync()
  task.abort(new Error('closed'))
  settle()
  await expect(result).rejects.toThrow('closed')
  expect(log).toEqual(['first', 'cleaned up'])
})

describe('poll', () => {
  /** A sync that the test completes, or fails. */
  function polled(): {
    isDone: boolean
    error: Error | undefined
    syncable: Syncable
    begun: number
    blocked: number
  } {
    const state = {
      isDone: false,
      error: undefined as Error | undefined,
      begun: 0,
      blocked: 0,
      syncable: {
        sync: (): void => {
          state.blocked++
        },
        syncAsync: () => Promise.resolve(),
        beginSync: (): SyncPoll => {
          state.begun++
          return () => {
            if (state.error !== undefined) throw state.error
            return state.isDone
          }
        },
      },
    }
    return state
  }

  function* stepsOf(log: string[], pending: Syncable): TaskSteps {
    log.push('first')
    try {
      yield pending
      log.push('second')
    } finally {
      log.push('cleaned up')
    }
  }

  test('begins a sync once, and continues when it is done', () => {
    const log: string[] = []
    const state = polled()
    const outer = new ResumableTask(stepsOf([], new ResumableTask(stepsOf(log, state.syncable))))
    expect([outer.poll(), outer.poll()]).toEqual([false, false])
    expect(log).toEqual(['first'])
    state.isDone = true
    expect([outer.poll(), outer.poll()]).toEqual([true, true])
    expect(log).toEqual(['first', 'second', 'cleaned up'])
    expect([state.begun, state.blocked, outer.isEnded]).toEqual([1, 0, true])
  })

  test('blocks for a sync that cannot be begun', () => {
    const log: string[] = []
    const { syncable } = polled()
    const { sync, syncAsync } = syncable
    expect(new ResumableTask(stepsOf(log, { sync, syncAsync })).poll()).toBe(true)
    expect(log).toEqual(['first', 'second', 'cleaned up'])
  })

  test('completes a task while syncAsync waits', async () => {
    const log: string[] = []
    const { task, settle } = makeTask(log)
    const result = task.syncAsync()
    expect(task.poll()).toBe(true)
    settle()
    await result
    expect(log).toEqual(ALL)
  })

  test('throws the failure of a sync into the steps', () => {
    const log: string[] = []
    const state = polled()
    const task = new ResumableTask(stepsOf(log, state.syncable))
    task.poll()
    state.error = new Error('full')
    for (const call of [() => task.poll(), () => task.poll(), () => task.sync()]) expect(call).toThrow('full')
    expect(log).toEqual(['first', 'cleaned up'])
  })
})
