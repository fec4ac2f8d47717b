import type { Clock, RandomSource, ScheduledTask, Scheduler } from '../environment/environment.js'
import { host } from './host-calls.js'
import { succeed } from './system-error.js'

/** The counterpart of `node/environment.ts` for a C host: exports the same names. */
export const nodeClock: Clock = {
  now: () => host.now(),
  monotonic: () => host.monotonic(),
}

export const nodeRandom: RandomSource = {
  fill(target: Uint8Array): Uint8Array {
    succeed(host.random(target), 'random')
    return target
  },
}

interface TimedTask {
  readonly dueMs: number
  readonly run: () => void
}

/** Tasks by the time at which they are due; of equal times the earlier request comes first. */
let tasks: TimedTask[] = []

export const nodeScheduler: Scheduler = {
  after(delayMs: number, run: () => void): ScheduledTask {
    const task = schedule(host.monotonic() + delayMs, run)
    return {
      cancel(): void {
        const index = tasks.indexOf(task)
        if (index >= 0) tasks.splice(index, 1)
      },
    }
  },
  immediate(run: () => void): void {
    schedule(host.monotonic(), run)
  },
}

host.onTimer(runDue)

function schedule(dueMs: number, run: () => void): TimedTask {
  const task = { dueMs, run }
  let index = tasks.length
  while (index > 0 && (tasks[index - 1] as TimedTask).dueMs > dueMs) index--
  tasks.splice(index, 0, task)
  if (index === 0) requestCall()
  return task
}

/** Runs the tasks that are due, and returns their number. Tasks that they schedule run at the next call. */
function runDue(): number {
  const nowMs = host.monotonic()
  const due = tasks.filter((task) => task.dueMs <= nowMs)
  tasks = tasks.filter((task) => task.dueMs > nowMs)
  try {
    for (const task of due) task.run()
  } finally {
    requestCall()
  }
  return due.length
}

function requestCall(): void {
  const [next] = tasks
  host.setTimer(next === undefined ? -1 : Math.max(0, next.dueMs - host.monotonic()))
}
