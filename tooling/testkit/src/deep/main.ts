// `npm run test:deep -- --minutes N --suite X --seed S`: runs suites until the time is up, on all cores.
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { writeSection } from '../report/marked-section.js'
import { WORKSPACE_ROOT } from '../report/workspace-root.js'
import { DeepRun } from './deep-run.js'
import { DEEP_RUN_SECTION, deepTable } from './deep-table.js'
import { DeepProgress } from './progress.js'
import { describeRun } from './run-description.js'
import { Schedule } from './schedule.js'
import { chooseSuites } from './suite-choice.js'
import type { ChosenSuite } from './suite-choice.js'
import { DEEP_SUITES } from './deep-suites.js'

const USAGE = `npm run test:deep -- [options]

  --minutes N   start new cases for N minutes (1)
  --suite X     a suite or a group of suites; several separated by commas; crash:4 gets four shares of the time (all)
  --seed S      first seed; without --minutes only this seed runs
  --seeds N     run N seeds of each suite, regardless of time
  --steps N     run only the first N steps of each case
  --workers N   number of threads (one per core)
  --state FILE  store the progress in a file, and resume from it
  --write       write the table of results to docs/testing/deep-runs.md
  --list        list the suites by group`

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
    write: { type: 'boolean', default: false },
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

/** Returns the chosen suites. Exits with a list of suites if a name is unknown. */
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
  console.error(`--${name} ${text}: expected a number\n\n${USAGE}`)
  process.exit(2)
}

async function run(): Promise<void> {
  const seed = numberOf(values.seed, 'seed')
  const minutes = numberOf(values.minutes, 'minutes')
  const seeds = numberOf(values.seeds, 'seeds')
  const workerCount = numberOf(values.workers, 'workers') ?? 1
  const progress = new DeepProgress(values.state, performance.now())
  const endMs = performance.now() + (minutes ?? 1) * 60_000
  // A single seed repeats one case, regardless of time.
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
  const table = deepTable(progress, performance.now(), describeRun(workerCount))
  console.log(`\n${table}`)
  if (values.write) writeSection(WORKSPACE_ROOT, DEEP_RUN_SECTION, table)
  if (deep.isInterrupted) {
    const how = values.state === undefined ? '--state FILE allows resuming' : 'the same command resumes'
    console.log(`\ninterrupted: ${how}`)
  }
  const cases = [...progress.suites.values()].reduce((sum, suite) => sum + suite.cases, 0)
  const failed = progress.failures.length
  console.log(`\n${cases - failed} passed, ${failed} failed`)
  process.exitCode = failed > 0 ? 1 : deep.isInterrupted ? 130 : 0
}
