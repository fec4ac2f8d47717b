import { expect, it } from 'vitest'
import { ManualTime } from './manual-time.js'

it('runs due tasks in order of due time, then of scheduling', () => {
  const time = new ManualTime(1000)
  const ran: string[] = []
  const note = (name: string) => () => ran.push(`${name}@${time.monotonic()}`)
  time.after(20, note('late'))
  time.after(10, note('first'))
  time.after(10, () => {
    note('second')()
    time.after(5, note('nested'))
  })
  time.after(30, note('never')).cancel()
  time.advance(9)
  expect(ran).toEqual([])
  time.advance(21)
  expect(ran).toEqual(['first@10', 'second@10', 'nested@15', 'late@20'])
  expect(time.pendingCount).toBe(0)
  expect(time.now()).toBe(1030)
})

it('a jump moves the wall clock only and runs no task', () => {
  const time = new ManualTime()
  time.after(5, () => expect.fail('a jump must not run tasks'))
  time.jump(-3_600_000)
  expect([time.now(), time.monotonic()]).toEqual([-3_600_000, 0])
})
