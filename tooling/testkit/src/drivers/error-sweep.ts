import { isLdbError } from '@ldb/base'
import { CrashVfs } from '../crash/crash-vfs.js'
import { randomCrashPlan } from '../crash/plan.js'
import { History } from '../history/history.js'
import type { Subject, SubjectRun, SubjectSession } from '../suite/subject.js'
import { seededRandom } from '../base/test-random.js'
import type { TestRandom } from '../base/test-random.js'
import { FaultVfs } from '../vfs/fault-vfs.js'
import { FAULT_KINDS, dropsWrites, isSilent } from '../vfs/fault.js'
import type { Fault, FaultKind } from '../vfs/fault.js'
import { Violation } from '../base/violation.js'
import { checkDisk } from './crash-driver.js'
import { DEFAULT_CRASH_SETTINGS, noCrashCounts } from './crash-settings.js'
import type { CrashCounts } from './crash-settings.js'

/** @category Drivers */
export interface SweepSettings {
  /** Steps of the workload. */
  readonly stepCount: number
  /** Kinds of fault to try. */
  readonly kinds: readonly FaultKind[]
}

/** @category Drivers */
export const DEFAULT_SWEEP_SETTINGS: SweepSettings = { stepCount: 10, kinds: FAULT_KINDS }

/** Counts of an error sweep. @category Drivers */
export interface SweepCounts {
  /** Runs of the workload with a fault in them. */
  cases: number
  /** Calls that failed or were silently corrupted. */
  injected: number
  /** Errors that the subject threw. */
  errorsGiven: number
  /** Checks of the disks afterwards, with and without a power loss. */
  readonly crashes: CrashCounts
}

/** Returns counts of zero. */
export function noSweepCounts(): SweepCounts {
  return { cases: 0, injected: 0, errorsGiven: 0, crashes: noCrashCounts() }
}

/** Disk operations after which a run counts as an endless loop. */
const OPERATIONS_MAX = 20_000
/** Errors after which the workload stops. */
const ERRORS_MAX = 3

/**
 * Repeats one random workload with a fault at its first call, its second call, and so on until the workload makes no such
 * call. Each kind of fault is tried once, three times in a row, and permanently.
 *
 * @throws Violation when a guarantee is violated.
 * @category Drivers
 */
export async function errorSweep(
  subject: Subject,
  seed: number,
  settings: SweepSettings = DEFAULT_SWEEP_SETTINGS,
  counts: SweepCounts = noSweepCounts(),
): Promise<SweepCounts> {
  const { injectionShare = 1 } = subject.newRun(seededRandom(seed).fork())
  const stride = Math.round(1 / (injectionShare * (subject.sweepShare ?? 1)))
  for (const [kindIndex, kind] of settings.kinds.entries()) {
    for (const [index, times] of [1, 3, Infinity].entries()) {
      // With a stride above 1, each kind and each seed begins at a different call.
      for (let nth = 1 + ((kindIndex * 3 + index + seed - 1) % stride); ; nth += stride) {
        const fault = { ...kind, nth, times }
        try {
          if (!(await new FaultRun(subject, seed, fault, settings.stepCount, counts).run())) break
        } catch (error) {
          const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
          const where = `with the fault '${kind.name}' at call ${nth}, ${times} times`
          throw new Violation(`${message}\n  ${where}`, { cause: error })
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
    this.#history.isDiskReliable = !this.#silent
    this.#history.keepsFlushed = !dropsWrites(fault.effect)
  }

  /** @returns whether the fault was injected. */
  async run(): Promise<boolean> {
    const vfs = this.#vfs
    const session = await this.#work()
    this.#attempt(() => {
      if (session !== undefined) this.#observeAndClose(session)
    })
    this.#disk.endProcess()
    // The fault may hit the reopening instead of the workload.
    this.#attempt(() => this.#observeAndClose(this.#open()))
    if (vfs.injectedCount === 0) return false
    this.#counts.cases++
    this.#counts.injected += vfs.injectedCount
    try {
      vfs.fault = undefined
      await this.#checkDisks()
    } catch (error) {
      const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
      throw new Violation(`${message}\n  after faults in ${vfs.injectedCalls.slice(0, 3).join(', ')}`, {
        cause: error,
      })
    }
    return true
  }

  /** Runs the workload until it completes or too many calls fail. */
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

  /** Opens the subject, and checks its content if it existed before. */
  #open(): SubjectSession {
    const history = this.#history
    const isKnown = history.isCreated
    const session = this.#run.open(this.#vfs, history)
    if (!isKnown) return session
    try {
      history.resumeFrom(session.observe(history, history.oldestAllowed))
      return session
    } catch (error) {
      session.close(false)
      throw error
    }
  }

  /** Checks that a session shows correct content after a fault, or throws an error. */
  #observeAndClose(session: SubjectSession): void {
    this.#attempt(() => session.observe(this.#history, this.#history.oldestAllowed))
    this.#attempt(() => session.close(this.#random.chance(0.5)))
  }

  #attempt(action: () => unknown): void {
    try {
      action()
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
    // Without a power loss, changes that a failed sync has dropped may still be visible.
    await checkDisk(this.#run, disk, this.#history, this.#random, { ...settings, depthMax: 2 }, crashes)
  }

  #expectTyped(error: unknown): void {
    if (!isLdbError(error) || isLdbError(error, 'LDB_INVARIANT')) throw error
    this.#counts.errorsGiven++
  }
}
