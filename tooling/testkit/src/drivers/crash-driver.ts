import { isLdbError } from '@ldb/base'
import { CrashVfs } from '../crash/crash-vfs.js'
import { CANONICAL_MODES, crashPlan, randomCrashPlan } from '../crash/plan.js'
import type { CrashPlan } from '../crash/plan.js'
import { History } from '../history/history.js'
import type { Subject, SubjectRun, SubjectSession } from '../suite/subject.js'
import { seededRandom } from '../base/test-random.js'
import type { TestRandom } from '../base/test-random.js'
import { TraceVfs } from '../trace/trace-vfs.js'
import { Violation } from '../base/violation.js'
import { DEFAULT_CRASH_SETTINGS, noCrashCounts } from './crash-settings.js'
import type { CrashCounts, CrashSettings } from './crash-settings.js'

interface PendingImage {
  readonly disk: CrashVfs
  readonly history: History
  readonly plan: CrashPlan
  /** Oldest commit at which the image may be found. */
  readonly least: number
  readonly at: string
}

/**
 * Runs one random workload and simulates power loss at every operation, including the operations of recoveries.
 *
 * @throws Violation with the location in its message when a guarantee is violated.
 * @category Drivers
 */
export async function crashRun(
  subject: Subject,
  seed: number,
  settings: CrashSettings = DEFAULT_CRASH_SETTINGS,
  counts: CrashCounts = noCrashCounts(),
): Promise<CrashCounts> {
  const random = seededRandom(seed)
  const run = subject.newRun(random.fork())
  await new CrashDriver(run, settings, counts, random).run()
  counts.runs++
  return counts
}

/** Checks one disk after a crash, and crashes during the recovery from it. */
export async function checkDisk(
  run: SubjectRun,
  disk: CrashVfs,
  history: History,
  random: TestRandom,
  settings: CrashSettings,
  counts: CrashCounts,
): Promise<void> {
  const driver = new CrashDriver(run, settings, counts, random)
  const plan = crashPlan('all', 0)
  await driver.check({ disk, history, plan, least: history.durable, at: 'the end' }, 1)
}

class CrashDriver {
  readonly #run: SubjectRun
  readonly #settings: CrashSettings
  readonly #counts: CrashCounts
  readonly #workload: TestRandom
  readonly #images: TestRandom
  #pending: PendingImage[] = []

  constructor(run: SubjectRun, settings: CrashSettings, counts: CrashCounts, random: TestRandom) {
    this.#run = run
    this.#settings = settings
    this.#counts = counts
    this.#workload = random.fork()
    this.#images = random.fork()
  }

  async run(): Promise<void> {
    const { stepCount, profile } = this.#settings
    const lyingSyncs = profile === 'lying' ? 0.2 : 0
    const disk = new CrashVfs({ seed: this.#workload.word(), lyingSyncs })
    const trace = new TraceVfs(disk, { rules: this.#run.rules })
    const history = new History()
    disk.onOperation = (operation, order): void => {
      if (!this.#images.chance(this.#settings.imageShare * (this.#run.injectionShare ?? 1))) return
      this.#takeImages(disk, history, `operation ${order}, ${operation.kind} ${operation.path}`)
    }
    let session: SubjectSession | undefined
    for (let step = 0; step < stepCount; step++) {
      try {
        if (session === undefined) session = this.#run.open(trace, history)
        else await this.#step(session, this.#workload, history, trace)
        this.#checkTrace(trace)
        await this.#checkPending()
      } catch (error) {
        throw this.#located(error, `in step ${step}`)
      }
    }
    disk.onOperation = undefined
    session?.close(false)
    this.#counts.operations += disk.operationCount
  }

  /** Opens an image, checks it, continues the workload on it, and takes nested images. */
  async check(pending: PendingImage, depth: number): Promise<void> {
    const { disk, plan, at } = pending
    const counts = this.#counts
    counts.images++
    if (depth > 1) counts.nested++
    counts.depthReached = Math.max(counts.depthReached, depth)
    const nested: PendingImage[] = []
    try {
      await this.#live(pending, depth < this.#settings.depthMax ? nested : undefined)
    } catch (error) {
      const { mode, seed } = plan
      throw this.#located(error, `in an image of kind ${mode} (${seed}) at ${at}, depth ${depth}`)
    } finally {
      disk.onOperation = undefined
    }
    for (const next of nested) await this.check(next, depth + 1)
  }

  async #live(pending: PendingImage, nested: PendingImage[] | undefined): Promise<void> {
    const { disk, history, least, plan } = pending
    const images = this.#images
    if (nested !== undefined) {
      const share = images.pick([0, 0, 0.05, 0.2])
      disk.onOperation = (operation, order): void => {
        if (nested.length > 0 || !images.chance(share)) return
        nested.push(this.#imageOf(disk, history, `operation ${order}, ${operation.kind} ${operation.path}`))
      }
    }
    const trace = new TraceVfs(disk, { rules: this.#run.rules })
    const session = this.#openTolerantly(trace, history)
    if (session === undefined) return
    const found = this.#observeTolerantly(session, history, least)
    if (found === undefined) {
      session.close(false)
      return
    }
    history.isDiskReliable = true
    history.resumeFrom(found)
    if (nested !== undefined && (plan.mode === 'killed' || images.chance(0.2))) {
      // The state that recovery has exposed must survive a later power loss, also when it was in the disk's cache only.
      nested.push(this.#imageOf(disk, history, 'the end of recovery'))
    }
    const stepCount = images.chance(0.3) ? images.between(1, 4) : 0
    try {
      for (let step = 0; step < stepCount; step++) await this.#step(session, images, history, trace)
    } catch (error) {
      // A step may read pages that the check did not read, such as branch pages.
      if (!this.#mayBeFoundOut(error)) throw error
      this.#counts.detected++
    }
    if (this.#settings.profile === 'powersafe') this.#checkTrace(trace)
    session.close(images.chance(0.5))
  }

  async #step(session: SubjectSession, random: TestRandom, history: History, trace: TraceVfs): Promise<void> {
    const before = history.durable
    const life = history.life
    await session.step(random, history)
    // The trace shows the order only when no later write of the same step followed the acknowledgement.
    if (session.hasUnsyncedRecord === true) return
    if (history.life === life && history.durable > before && history.durable === history.submitted) {
      trace.acknowledged(this.#run.isLog)
    }
  }

  #openTolerantly(trace: TraceVfs, history: History): SubjectSession | undefined {
    try {
      return this.#run.open(trace, history)
    } catch (error) {
      if (!this.#mayBeFoundOut(error)) throw error
      this.#counts.detected++
      return undefined
    }
  }

  #observeTolerantly(session: SubjectSession, history: History, least: number): number | undefined {
    const tolerant = this.#settings.profile !== 'powersafe'
    try {
      const found = session.observe(history, tolerant ? 0 : least)
      this.#counts.verified++
      const findings = session.verify()
      if (findings.length > 0) {
        if (!tolerant) throw new Violation(`verify finds: ${findings.slice(0, 3).join('; ')}`)
        // The damage was reported; further steps would fail on it.
        this.#counts.detected++
        return undefined
      }
      if (found < least) this.#counts.lost++
      return found
    } catch (error) {
      if (!this.#mayBeFoundOut(error)) throw error
      this.#counts.detected++
      return undefined
    }
  }

  /** Reports whether the error is an acceptable report of damage done by a disk that violates its guarantees. */
  #mayBeFoundOut(error: unknown): boolean {
    if (this.#settings.profile === 'powersafe') return false
    return (
      isLdbError(error, 'LDB_CORRUPTION') ||
      isLdbError(error, 'LDB_FORMAT') ||
      isLdbError(error, 'LDB_NOT_FOUND')
    )
  }

  #takeImages(disk: CrashVfs, history: History, at: string): void {
    const { profile, randomImages } = this.#settings
    const fork = history.fork()
    if (profile !== 'neighbours') {
      for (const mode of CANONICAL_MODES) {
        this.#pending.push(this.#imageWith(disk, fork.fork(), crashPlan(mode, this.#images.word()), at))
      }
    }
    for (let count = 0; count < randomImages; count++) this.#pending.push(this.#imageOf(disk, fork, at))
  }

  #imageOf(disk: CrashVfs, history: History, at: string): PendingImage {
    const isKill = this.#images.chance(0.1)
    const plan = isKill
      ? crashPlan('killed', this.#images.word())
      : randomCrashPlan(this.#images, this.#settings.profile === 'neighbours')
    return this.#imageWith(disk, history.fork(), plan, at)
  }

  #imageWith(disk: CrashVfs, history: History, plan: CrashPlan, at: string): PendingImage {
    // In modes `all` and `killed` nothing is lost: only the process has ended.
    if (plan.mode !== 'all' && plan.mode !== 'killed') history.flushed = history.durable
    return { disk: disk.image(plan), history, plan, least: Math.max(history.durable, history.flushed), at }
  }

  async #checkPending(): Promise<void> {
    const pending = this.#pending
    this.#pending = []
    for (const image of pending) await this.check(image, 1)
  }

  #checkTrace(trace: TraceVfs): void {
    const [first] = trace.violations
    if (first !== undefined) throw new Violation(`order of file operations: ${first}`)
  }

  #located(error: unknown, where: string): Violation {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    return new Violation(`${message}\n  ${where}`, { cause: error })
  }
}
