import { isLdbError } from '@ldb/base'
import { checkDisk, DEFAULT_CRASH_SETTINGS, noCrashCounts } from '../crash/driver.js'
import type { CrashCounts } from '../crash/driver.js'
import { randomCrashPlan } from '../crash/plan.js'
import { CrashVfs } from '../crash/crash-vfs.js'
import { FAULT_KINDS, isLosing, isSilent } from './fault.js'
import type { Fault, FaultKind } from './fault.js'
import { FaultVfs } from './fault-vfs.js'
import { History } from '../history/history.js'
import type { Subject, SubjectRun, SubjectSession } from '../suite/subject.js'
import { seededRandom } from '../test-random.js'
import type { TestRandom } from '../test-random.js'
import { Violation } from '../violation.js'

/** @category Drivers */
export interface SweepSettings {
  /** Steps of the workload. */
  readonly stepCount: number
  /** Kinds of fault to try. */
  readonly kinds: readonly FaultKind[]
}

/** @category Drivers */
export const DEFAULT_SWEEP_SETTINGS: SweepSettings = { stepCount: 10, kinds: FAULT_KINDS }

/** What a sweep came to. @category Drivers */
export interface SweepCounts {
  /** Runs of the workload with a fault in them. */
  cases: number
  /** Calls that failed, or did something else than they say. */
  injected: number
  /** Errors that the system gave for them. */
  errorsGiven: number
  /** What was found on the disks afterwards, with a loss of power and without. */
  readonly crashes: CrashCounts
}

/** Counts of nothing yet. */
export function noSweepCounts(): SweepCounts {
  return { cases: 0, injected: 0, errorsGiven: 0, crashes: noCrashCounts() }
}

/** Calls that one run may make before it counts as one that never ends. */
const OPERATIONS_MAX = 20_000
/** Errors after which a session is given up. */
const ERRORS_MAX = 3

/**
 * Runs one random workload again and again: with a fault at its first call, its second, and so on until none is struck;
 * for each kind of fault, once, three times in a row, and for good.
 *
 * @throws Violation when a promise is broken.
 * @category Drivers
 */
export async function errorSweep(
  subject: Subject,
  seed: number,
  settings: SweepSettings = DEFAULT_SWEEP_SETTINGS,
  counts: SweepCounts = noSweepCounts(),
): Promise<SweepCounts> {
  const { triedShare = 1 } = subject.newRun(seededRandom(seed).fork())
  const stride = Math.round(1 / triedShare)
  for (const [index, kind] of settings.kinds.entries()) {
    for (const [turn, times] of [1, 3, Infinity].entries()) {
      // With a stride, each kind begins elsewhere.
      for (let nth = 1 + ((index * 3 + turn) % stride); ; nth += stride) {
        const fault = { ...kind, nth, times }
        try {
          if (!(await new FaultRun(subject, seed, fault, settings.stepCount, counts).run())) break
        } catch (error) {
          const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
          const place = `with the fault '${kind.name}' at call ${nth}, ${times} times`
          throw new Violation(`${message}\n  ${place}`, { cause: error })
        }
      }
    }
  }
  return counts
}

/** One run of the workload with one fault. */
class FaultRun {
  readonly #run: SubjectRun
  readonly #workload: TestRandom
  readonly #random: TestRandom
  readonly #disk: CrashVfs
  readonly #vfs: FaultVfs
  readonly #history: History
  readonly #stepCount: number
  readonly #counts: SweepCounts
  readonly #silent: boolean

  constructor(
    subject: Subject,
    seed: number,
    fault: Fault & FaultKind,
    stepCount: number,
    counts: SweepCounts,
  ) {
    const random = seededRandom(seed)
    this.#run = subject.newRun(random.fork())
    this.#workload = random.fork()
    this.#random = seededRandom(seed * 31 + fault.nth)
    this.#disk = new CrashVfs({ seed: random.word() })
    this.#vfs = new FaultVfs(this.#disk, this.#random.fork(), fault)
    this.#history = new History()
    this.#stepCount = stepCount
    this.#counts = counts
    this.#silent = isSilent(fault.effect)
    this.#history.isTrusted = !this.#silent
    this.#history.keepsHandedOver = !isLosing(fault.effect)
  }

  /** @returns whether the fault has struck. */
  async run(): Promise<boolean> {
    const vfs = this.#vfs
    const session = await this.#work()
    this.#attempt(() => {
      if (session !== undefined) this.#look(session)
    })
    this.#disk.endProcess()
    // Opening again may be what is struck.
    this.#attempt(() => this.#look(this.#open()))
    if (vfs.struckCount === 0) return false
    this.#counts.cases++
    this.#counts.injected += vfs.struckCount
    try {
      vfs.fault = undefined
      await this.#checkDisks()
    } catch (error) {
      const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
      throw new Violation(`${message}\n  after it had struck ${vfs.struck.slice(0, 3).join(', ')}`, {
        cause: error,
      })
    }
    return true
  }

  /** Runs the workload as far as it goes. */
  async #work(): Promise<SubjectSession | undefined> {
    let session: SubjectSession | undefined
    let errorCount = 0
    for (let step = 0; step < this.#stepCount && errorCount < ERRORS_MAX; step++) {
      try {
        if (session === undefined) session = this.#open()
        else await session.step(this.#workload, this.#history)
      } catch (error) {
        this.#expectTyped(error)
        errorCount++
        if (session?.isOpen !== true) {
          session = undefined
          this.#disk.endProcess()
        }
      }
      if (this.#disk.operationCount > OPERATIONS_MAX) throw new Violation('it does not end')
    }
    return session
  }

  /** Opens, and looks at what is there when it was open before. */
  #open(): SubjectSession {
    const history = this.#history
    const isKnown = history.isCreated
    const session = this.#run.open(this.#vfs, history)
    if (!isKnown) return session
    try {
      history.goOnFrom(session.observe(history, history.least))
      return session
    } catch (error) {
      session.close(false)
      throw error
    }
  }

  /** What a session shows after a fault is right, or an error. */
  #look(session: SubjectSession): void {
    this.#attempt(() => session.observe(this.#history, this.#history.least))
    this.#attempt(() => session.close(this.#random.chance(0.5)))
  }

  #attempt(part: () => unknown): void {
    try {
      part()
    } catch (error) {
      this.#expectTyped(error)
    }
  }

  async #checkDisks(): Promise<void> {
    const profile = this.#silent ? ('lying' as const) : ('powersafe' as const)
    const settings = { ...DEFAULT_CRASH_SETTINGS, profile }
    const disk = this.#disk
    disk.endProcess()
    const image = disk.image(randomCrashPlan(this.#random))
    const { crashes } = this.#counts
    const fork = this.#history.fork()
    await checkDisk(this.#run, image, fork, this.#random, { ...settings, depthMax: 1 }, crashes)
    // Without a loss of power: what the system was told is lost may still be seen, until there is one.
    await checkDisk(this.#run, disk, this.#history, this.#random, { ...settings, depthMax: 2 }, crashes)
  }

  #expectTyped(error: unknown): void {
    if (!isLdbError(error) || isLdbError(error, 'LDB_INVARIANT')) throw error
    this.#counts.errorsGiven++
  }
}
