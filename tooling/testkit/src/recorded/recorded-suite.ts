import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Database } from '@ldb/core'
import type { Durability } from '@ldb/core'
import { builtFile } from '../base/built-file.js'
import { TestRandom } from '../base/test-random.js'
import { assertGuarantee, Violation } from '../base/violation.js'
import { CANONICAL_MODES, crashPlan, randomCrashPlan } from '../crash/plan.js'
import type { CrashPlan } from '../crash/plan.js'
import { History } from '../history/history.js'
import { callKillProblem } from '../kill/child-process.js'
import { KillPlan, syncsEarlierCommits } from '../kill/kill-plan.js'
import type { KillStep } from '../kill/kill-plan.js'
import { contentOf } from '../kill/kill-suite.js'
import type { Suite, SuiteCounts } from '../suite/suite.js'
import { RecordedDisk } from './recorded-disk.js'
import type { RecordedTask } from './recorded-work.js'
import { parseCalls, textOf } from './system-call.js'
import type { CallEvent } from './system-call.js'

const CALLS =
  'open,openat,close,write,pwrite64,ftruncate,fsync,fdatasync,rename,renameat,renameat2,link,linkat,' +
  'unlink,unlinkat,mkdir,mkdirat,rmdir,clone,clone3,fork,vfork'
const DURABILITIES: readonly Durability[] = ['full', 'full', 'periodic', 'none']
const STEP_COUNT = 40
/** Images of one recording, about. */
const IMAGES = 300
const PATH = '/data'

/**
 * Records the system calls of real processes, rebuilds the disk after a power loss at many of them, and compares each with the
 * model: what the simulator assumes about files, descriptors, threads and the order of calls has no part in it.
 */
export const recordedSuite: Suite = {
  name: 'recorded',
  stepCount: STEP_COUNT,
  runCase: async (seed, stepCount = STEP_COUNT) => runRecordedCase(seed, stepCount),
}

/**
 * Runs one case of {@link recordedSuite}.
 *
 * @param change - changes the recording before it is applied, so that a test can see the suite fail.
 */
export function runRecordedCase(
  seed: number,
  stepCount: number,
  change: (events: readonly CallEvent[]) => readonly CallEvent[] = (events) => events,
): SuiteCounts {
  if (callKillProblem() !== null) return { recordings: 0 }
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'ldb-recorded-')))
  try {
    return new RecordedCase(seed, stepCount, base).run(change)
  } finally {
    rmSync(base, { recursive: true, force: true })
  }
}

class RecordedCase {
  readonly #random: TestRandom
  readonly #base: string
  readonly #task: RecordedTask
  readonly #disk: RecordedDisk
  readonly #plan: KillPlan
  readonly #steps: KillStep[] = []
  readonly #history: History = new History()
  #images = 0
  /** Operations of the disk when the last images were taken. */
  #imagedAt = 0
  #acknowledged = 0

  constructor(seed: number, stepCount: number, base: string) {
    this.#random = new TestRandom(seed)
    this.#base = base
    this.#task = {
      path: `${base}${PATH}`,
      durability: this.#random.pick(DURABILITIES),
      seed: this.#random.word(),
      spaces: [],
      opensOnly: false,
      api: this.#random.pick(['sync', 'async'] as const),
      stepCount,
    }
    this.#disk = new RecordedDisk(base, seed)
    this.#plan = new KillPlan(this.#task)
  }

  run(change: (events: readonly CallEvent[]) => readonly CallEvent[]): SuiteCounts {
    const events = change(this.#record())
    const share = Math.min(1, IMAGES / events.length)
    for (const event of events) {
      this.#disk.apply(event)
      this.#readMessage(event)
      const isNew = this.#disk.operationCount > this.#imagedAt
      if (event.result !== undefined && isNew && this.#random.chance(2 * share)) this.#checkImages()
    }
    assertGuarantee(
      this.#steps.length > 0 && this.#acknowledged > 0,
      () => 'the recording has no acknowledged step',
    )
    this.#checkImages()
    return {
      recordings: 1,
      calls: events.length / 2,
      images: this.#images,
      acknowledged: this.#acknowledged,
      [`by-${this.#task.api}`]: 1,
    }
  }

  #record(): CallEvent[] {
    const output = join(this.#base, 'calls')
    const node = [process.execPath, builtFile('recorded/recorded-child.js'), JSON.stringify(this.#task)]
    const trace = ['-f', '-qq', '-xx', '-s', '67108864', '-e', `trace=${CALLS}`, '-o', output]
    const { status, stderr } = spawnSync('strace', [...trace, ...node], { encoding: 'utf8' })
    if (status !== 7) throw new Violation(`the recorded process ended with ${status}: ${stderr}`)
    return parseCalls(readFileSync(output, 'latin1'))
  }

  #readMessage({ name, args, result }: CallEvent): void {
    // A message counts from the end of its call, so that every call before it is on the disk.
    if (name !== 'write' || args[0] !== '1' || result === undefined) return
    for (const message of textOf(args[1] ?? '').split('\n')) {
      if (message === 'opened') this.#history.isCreated = true
      else if (message === 'intent') this.#begin()
      else if (message.startsWith('ack ')) this.#acknowledge(Number(message.slice('ack '.length)))
    }
  }

  #begin(): void {
    const step = this.#plan.next()
    this.#steps.push(step)
    this.#history.submit(step.changes)
  }

  #acknowledge(number: number): void {
    const step = this.#steps[number - 1]
    assertGuarantee(step !== undefined, () => `step ${number} was acknowledged before it was begun`)
    this.#acknowledged++
    if (this.#task.durability === 'full' || syncsEarlierCommits(step)) {
      this.#history.acknowledgeDurable(number)
    }
  }

  #checkImages(): void {
    this.#imagedAt = this.#disk.operationCount
    const random = this.#random
    const modes = CANONICAL_MODES.filter((mode) => mode !== 'killed')
    this.#checkImage(crashPlan(random.pick(modes), random.word()))
    this.#checkImage(randomCrashPlan(random))
  }

  #checkImage(plan: CrashPlan): void {
    const history = this.#history.fork()
    this.#images++
    try {
      const db = Database.open(PATH, { vfs: this.#disk.image(plan), createIfMissing: !history.isCreated })
      try {
        history.match(contentOf(db))
        const { findings } = db.verify()
        assertGuarantee(
          findings.length === 0,
          () => `verify: ${findings.map(({ message }) => message).join('; ')}`,
        )
      } finally {
        db.close()
      }
    } catch (error) {
      const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
      const { api, durability } = this.#task
      const where = `image of kind ${plan.mode} (${plan.seed}) at operation ${this.#imagedAt}, ${api}, ${durability}`
      throw new Violation(`${message}\n  ${where}`, { cause: error })
    }
  }
}
