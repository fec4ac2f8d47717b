// Strategy: the environment is created from globals that record their calls, with and without each of them.
// Invariants: the clock never fails; what the globals lack is absent; a task scheduled with `immediate` runs after the current one,
// in order.
import { MessageChannel as NodeMessageChannel } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { globalEnvironment } from './global-environment.js'
import type { PlatformGlobals } from './global-environment.js'

describe('the clock', () => {
  it('reads the wall clock when it is called, so that a replaced Date controls it', () => {
    const globals = { Date: { now: () => 1 }, performance: { now: () => 7 } }
    const { clock } = globalEnvironment(globals)
    globals.Date = { now: () => 2 }
    globals.performance = { now: () => 8 }
    expect([clock?.now(), clock?.monotonic()]).toEqual([2, 7])
  })

  it('never runs backward where only the wall clock exists', () => {
    const times = [10, 5, 12]
    const { clock } = globalEnvironment({ Date: { now: () => times.shift() ?? 0 } })
    expect([clock?.monotonic(), clock?.monotonic(), clock?.monotonic()]).toEqual([10, 10, 12])
  })
})

describe('the random source', () => {
  it('fills more bytes than one call may request', () => {
    const requests: number[] = []
    const crypto = {
      getRandomValues(target: Uint8Array): Uint8Array {
        requests.push(target.length)
        return target.fill(1)
      },
    }
    const target = globalEnvironment({ Date, crypto }).random?.fill(new Uint8Array(150_000))
    expect(requests).toEqual([65_536, 65_536, 18_928])
    expect(target?.every((byte) => byte === 1)).toBe(true)
  })
})

describe('the scheduler', () => {
  const timers = { setTimeout, clearTimeout } as unknown as Pick<
    PlatformGlobals,
    'setTimeout' | 'clearTimeout'
  >

  it('is absent without timers', () => {
    expect(globalEnvironment({ Date })).not.toHaveProperty('scheduler')
  })

  it('runs and cancels tasks', async () => {
    const { scheduler } = globalEnvironment({ Date, ...timers })
    const ran: string[] = []
    scheduler
      ?.after(1, () => {
        ran.push('cancelled')
      })
      .cancel()
    await new Promise<void>((resolve) => {
      scheduler?.after(2, resolve)
      // The timer of the scheduler does not keep the process alive.
      setTimeout(() => undefined, 100)
    })
    expect(ran).toEqual([])
  })

  it.each<[string, Partial<PlatformGlobals>]>([
    ['setImmediate', { setImmediate: (task: () => void) => setImmediate(task) }],
    ['MessageChannel', { MessageChannel: NodeMessageChannel as never }],
    ['setTimeout', {}],
  ])('runs immediate tasks after the current one, in order, by %s', async (_, globals) => {
    const { scheduler } = globalEnvironment({ Date, ...timers, ...globals })
    const ran: number[] = []
    const last = new Promise<void>((resolve) => {
      for (const each of [1, 2, 3]) scheduler?.immediate?.(() => ran.push(each))
      scheduler?.immediate?.(resolve)
    })
    expect(ran).toEqual([])
    await last
    expect(ran).toEqual([1, 2, 3])
  })
})
