import { expect, test } from 'vitest'
import { DeepProgress } from './progress.js'
import { Schedule } from './schedule.js'
import { chooseSuites } from './suite-choice.js'
import { deepTable } from './deep-table.js'
import type { SuiteEntry } from '../registry/suite-entry.js'

const entry = (group: string, name: string): SuiteEntry => ({
  group,
  name,
  isInstrumented: false,
  load: () => Promise.resolve({ name, runCase: () => Promise.resolve({}) }),
})
const suites = [entry('crash', 'crash-a'), entry('crash', 'crash-b'), entry('kill', 'kill'), entry('x', 'y')]
const sharesOf = (...wanted: string[]): [string, number][] =>
  chooseSuites(suites, wanted).map(({ entry: { name }, share }) => [name, share])

test('suites are chosen by name, by group and all together, and share the time of their group', () => {
  const all = [
    ['crash-a', 0.5],
    ['crash-b', 0.5],
    ['kill', 1],
    ['y', 1],
  ]
  expect(sharesOf()).toEqual(all)
  expect(sharesOf('all')).toEqual(all)
  expect(sharesOf('crash:6,kill')).toEqual([
    ['crash-a', 3],
    ['crash-b', 3],
    ['kill', 1],
  ])
  expect(sharesOf('crash-b', 'y:2')).toEqual([
    ['crash-b', 1],
    ['y', 2],
  ])
  expect(() => sharesOf('nothing')).toThrow('there is no suite or group nothing')
  expect(() => sharesOf('kill:0')).toThrow('above 0')
})

/** Runs a schedule for a number of cases that take as long as their suite says. */
function timesOf(wanted: string, takesMs: Record<string, number>, caseCount: number): Map<string, number> {
  const progress = new DeepProgress(undefined, 0)
  const limits = { firstSeed: 1, seedCount: undefined, stepCount: undefined, isOver: () => false }
  const schedule = new Schedule(chooseSuites(suites, [wanted]), progress, limits)
  for (let count = 0; count < caseCount; count++) {
    const task = schedule.next()
    if (task === undefined) throw new Error('the schedule ended')
    schedule.ended(task.suite)
    progress.finish(task.suite, task.seed, takesMs[task.suite] ?? 0, {})
  }
  return new Map([...progress.suites].map(([name, { spentMs }]) => [name, spentMs]))
}

test('each suite gets its share of the time regardless of the duration of its cases', () => {
  const times = timesOf('crash:2,kill,y', { 'crash-a': 10, 'crash-b': 1000, kill: 100, y: 300 }, 4000)
  const of = (name: string): number => times.get(name) ?? 0
  expect(of('crash-a') / of('kill')).toBeCloseTo(1, 1)
  expect(of('crash-b') / of('kill')).toBeCloseTo(1, 1)
  expect(of('y') / of('kill')).toBeCloseTo(1, 1)
})

test('a schedule runs the given number of seeds, unfinished seeds of an earlier session first', () => {
  const progress = new DeepProgress(undefined, 0)
  const limits = { firstSeed: 7, seedCount: 2, stepCount: undefined, isOver: () => false }
  const first = new Schedule(chooseSuites(suites, ['kill']), progress, limits)
  expect([first.next(), first.next(), first.next()].map((task) => task?.seed)).toEqual([7, 8, undefined])
  progress.finish('kill', 8, 1, { kills: 3 })
  const again = new Schedule(chooseSuites(suites, ['kill']), progress, limits)
  expect([again.next(), again.next()].map((task) => task?.seed)).toEqual([7, 9])
})

test('the table sums the counts of the suites', () => {
  const progress = new DeepProgress(undefined, 0)
  progress.of('crash-a', 5).nextSeed = 7
  progress.finish('crash-a', 5, 30_000, { images: 1200, nested: 300, verified: 1200 })
  progress.finish('crash-a', 6, 30_000, { images: 800, nested: 300, verified: 600 })
  progress.of('kill', 1).nextSeed = 2
  progress.finish('kill', 1, 6000, { kills: 4 })
  progress.failures.push({ suite: 'kill', seed: 1, message: 'lost' })
  const run = { commit: '`abc`', date: '2026-01-02', machine: 'a machine', workerCount: 2 }
  expect(deepTable(progress, 66_000, run).split('\n')).toEqual([
    'Commit `abc`, 2026-01-02, 1.1 minutes, 2 threads, a machine.',
    '',
    '| suite | seeds | counts | minutes | per second | violations |',
    '| --- | --- | --- | --- | --- | --- |',
    '| `crash-a` | 5–6 | 2,000 crash images (30 % nested, 90 % with `verify`) | 1.0 | 33 | 0 |',
    '| `kill` | 1–1 | 4 kills | 0.1 | 0.7 | 1 |',
    '| **all** | 3 cases | 2,000 crash images (30 % nested, 90 % with `verify`), 4 kills | 1.1 |  | **1** |',
  ])
})
