// `npm run test:deep -- --minutes N --suite X --seed S`: runs suites until the time is up, on all cores.
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { DeepProgress } from './progress.js'
import { DEEP_SUITES } from './suites.js'
import type { Counts } from './suites.js'
import type { DeepTask } from './worker.js'

interface Answer {
  readonly task: DeepTask
  readonly counts?: Counts
  readonly failure?: string
}

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    suite: { type: 'string', multiple: true },
    seed: { type: 'string' },
    steps: { type: 'string' },
    state: { type: 'string' },
    threads: { type: 'string', default: String(availableParallelism()) },
    list: { type: 'boolean', default: false },
  },
})

const names = DEEP_SUITES.map(({ name }) => name)
const chosen =
  values.suite === undefined
    ? names
    : names.filter((name) => values.suite?.some((part) => name.startsWith(part)))
if (values.list || chosen.length === 0) {
  console.log(`suites: ${names.join(' ')}`)
  process.exit(values.list ? 0 : 1)
}
const progress = new DeepProgress(values.state)
const endMs = Date.now() + Number(values.minutes) * 60_000
const firstSeed = values.seed === undefined ? 1 : Number(values.seed)
const stepCount = values.steps === undefined ? undefined : Number(values.steps)
/** One seed is asked for: each suite runs it once. */
const isRepeat = values.seed !== undefined && values.minutes === '1'
let turn = 0

/** Gives what to do next: the suites in turn, each with its own next seed. */
function nextTask(): DeepTask | undefined {
  if (Date.now() >= endMs || (isRepeat && turn >= chosen.length)) return undefined
  const suite = chosen[turn++ % chosen.length]
  if (suite === undefined) return undefined
  const own = progress.of(suite, firstSeed)
  const seed = isRepeat ? firstSeed : own.nextSeed++
  return stepCount === undefined ? { suite, seed } : { suite, seed, stepCount }
}

/** Runs tasks on one thread until there are none. */
async function runThread(): Promise<void> {
  const worker = new Worker(new URL('./worker.js', import.meta.url))
  for (let task = nextTask(); task !== undefined; task = nextTask()) {
    const answer = await ask(worker, task)
    if (answer.counts !== undefined) progress.add(task.suite, answer.counts)
    else await report(worker, answer)
    progress.save()
  }
  await worker.terminate()
}

function ask(worker: Worker, task: DeepTask): Promise<Answer> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject)
    worker.once('message', (answer: Answer) => {
      worker.off('error', reject)
      resolve(answer)
    })
    worker.postMessage(task)
  })
}

/** Makes a failing run smaller where that is cheap, by leaving steps out at its end, and says how to repeat it. */
async function report(worker: Worker, answer: Answer): Promise<void> {
  let { task, failure = '' } = answer
  for (const fewer of [2, 3, 5, 8, 12, 18]) {
    if (fewer >= (task.stepCount ?? 25)) break
    const smaller = await ask(worker, { ...task, stepCount: fewer })
    if (smaller.failure === undefined) continue
    task = smaller.task
    failure = smaller.failure
    break
  }
  const { suite, seed } = task
  const steps = task.stepCount === undefined ? '' : ` --steps ${task.stepCount}`
  progress.failures.push({ ...task, message: failure })
  console.log(`\nFAILED ${suite}, seed ${seed}: ${failure}`)
  console.log(`repeat it: npm run test:deep -- --suite ${suite} --seed ${seed}${steps}`)
}

await Promise.all(Array.from({ length: Number(values.threads) }, runThread))
let passed = 0
for (const [suite, { runs, nextSeed, counts }] of Object.entries(progress.suites)) {
  passed += runs
  const figures = Object.entries(counts).map(([name, count]) => `${count} ${name}`)
  console.log(`${suite.padEnd(26)} ${runs} seeds, up to ${nextSeed - 1}: ${figures.join(', ')}`)
}
console.log(`\n${passed} passed, ${progress.failures.length} failed`)
process.exitCode = progress.failures.length === 0 ? 0 : 1
