// `npm run test:deep -- --minutes N --suite X --seed S`: runs suites until the time is up, on all cores.
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { DeepRun } from './deep-run.js'
import { deepTable } from './deep-table.js'
import { DeepProgress } from './progress.js'
import { describeRun } from './run-description.js'
import { Schedule } from './schedule.js'
import { chooseSuites } from './suite-choice.js'
import type { ChosenSuite } from './suite-choice.js'
import { DEEP_SUITES } from './suites.js'

const USAGE = `npm run test:deep -- [options]

  --minutes N   how long to begin new cases (1)
  --suite X     a suite or a group of them; several with commas; crash:4 has four shares of the time (all)
  --seed S      seed to begin with; without --minutes only this one runs
  --seeds N     run this many seeds of each suite, however long it takes
  --steps N     run only the first N steps of each case
  --workers N   threads that run cases (one for each core)
  --state FILE  keep the counts in a file, and go on from it
  --list        the suites by group`

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    suite: { type: 'string', multiple: true, default: ['all'] },
    seed: { type: 'string' },
    seeds: { type: 'string' },
    steps: { type: 'string' },
    state: { type: 'string' },
    workers: { type: 'string', default: String(availableParallelism()) },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) console.log(USAGE)
else if (values.list) console.log(suiteList())
else await run()

function suiteList(): string {
  const groups = [...new Set(DEEP_SUITES.map(({ group }) => group))]
  const namesOf = (wanted: string): string =>
    DEEP_SUITES.flatMap(({ group, name }) => (group === wanted ? [name] : [])).join(' ')
  return groups.map((group) => `${group.padEnd(12)} ${namesOf(group)}`).join('\n')
}

/** Returns the suites asked for, or says which there are. */
function chosenSuites(): readonly ChosenSuite[] {
  try {
    return chooseSuites(DEEP_SUITES, values.suite)
  } catch (error) {
    console.error(`${(error as Error).message}\n${suiteList()}`)
    process.exit(2)
  }
}

function numberOf(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text)
  if (number >= 0) return number
  console.error(`--${name} ${text}: a number is wanted\n\n${USAGE}`)
  process.exit(2)
}

async function run(): Promise<void> {
  const seed = numberOf(values.seed, 'seed')
  const minutes = numberOf(values.minutes, 'minutes')
  const seeds = numberOf(values.seeds, 'seeds')
  const workerCount = numberOf(values.workers, 'workers') ?? 1
  const progress = new DeepProgress(values.state, performance.now())
  const endMs = performance.now() + (minutes ?? 1) * 60_000
  // A single seed is a case to be repeated; so the time does not count.
  const seedCount = seeds ?? (seed !== undefined && minutes === undefined ? 1 : undefined)
  const schedule = new Schedule(chosenSuites(), progress, {
    firstSeed: seed ?? 1,
    seedCount,
    stepCount: numberOf(values.steps, 'steps'),
    isOver: () => seedCount === undefined && performance.now() >= endMs,
  })
  const deep = new DeepRun(schedule, progress)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => deep.interrupt())
  await deep.run(workerCount)
  console.log(`\n${deepTable(progress, performance.now(), describeRun(workerCount))}`)
  if (deep.isInterrupted) {
    const how = values.state === undefined ? 'with --state FILE a run can go on' : 'the same command goes on'
    console.log(`\ninterrupted: ${how}`)
  }
  const cases = [...progress.suites.values()].reduce((sum, suite) => sum + suite.cases, 0)
  const failed = progress.failures.length
  console.log(`\n${cases - failed} passed, ${failed} failed`)
  process.exitCode = failed > 0 ? 1 : deep.isInterrupted ? 130 : 0
}
