// Strategy: the listener of the process is called in place of an end of the process.
// Invariants: one listener; an owner stays collectable; every task that is not cancelled runs once.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { nodeScheduler } from '../src/index.js'
import type { ScheduledTask } from '../src/index.js'

const { atExit } = nodeScheduler

function register(name: string, calls: string[]): { task: ScheduledTask | undefined; owner: object } {
  const owner = { name }
  return { owner, task: atExit?.(owner, (present) => calls.push(present.name)) }
}

test('tasks run at the exit, except those that were cancelled or whose owner was collected', async () => {
  const before = process.listeners('exit')
  const calls: string[] = []
  const kept = register('kept', calls)
  const cancelled = register('cancelled', calls)
  const collected = new WeakRef(register('collected', calls).owner)
  const listeners = process.listeners('exit').filter((listener) => !before.includes(listener))
  expect(listeners).toHaveLength(1)
  cancelled.task?.cancel()

  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  // A reference that was read in a turn of the event loop lives until its end.
  await new Promise(setImmediate)
  collect()
  expect(collected.deref()).toBe(undefined)

  for (const listener of listeners) listener(0)
  for (const listener of listeners) listener(0)
  expect(calls).toEqual(['kept'])
  const late = register('late', calls)
  expect(calls).toEqual(['kept', 'late'])
  late.task?.cancel()
  expect([kept.owner, cancelled.owner]).toHaveLength(2)
})
