import type { StoreObserver } from '@ldb/base'
import { unknownCodec } from '@ldb/integrity'
import type { Clock } from '@ldb/vfs'
import { chooseCompaction, planLevel0, planRange } from '../compaction/choose.js'
import type { CompactionOptions, CompactionPlan } from '../compaction/plan.js'
import { isIdleCompactionDue } from '../compaction/idle.js'
import { compactionSteps, flushSteps, inputsOf } from '../compaction/compaction-job.js'
import type { Memtable } from '../memtable/memtable.js'
import type { LevelCodecs } from '../table/level-codecs.js'
import type { KeyRange } from '../table/table-meta.js'
import type { OutputFiles, TableFiles } from '../version/table-files.js'
import type { Table } from '../version/table.js'
import type { Version } from '../version/version.js'
import type { RemoteCompaction } from './remote-compaction.js'
import type { StoreState } from './store-state.js'

/** Sizes and codecs of the tables that are written. */
interface WorkOptions extends CompactionOptions {
  readonly tableBytes: number
  readonly codecs: LevelCodecs
}

/** A flush in progress. */
interface Flush {
  readonly memtable: Memtable
  readonly output: OutputFiles
  readonly steps: Generator<number, Table[], void>
}

/** A compaction in progress, here or in another thread. */
interface Compaction {
  readonly plan: CompactionPlan
  readonly startMs: number
  readonly fileBytesBefore: number
}

/** A compaction in progress in this thread. */
interface LocalCompaction extends Compaction {
  readonly output: OutputFiles
  readonly steps: Generator<number, Table[], void>
}

/** Tables in level 0 above which commits wait for a compaction of another thread: more than the number that starts one at the latest. */
const PACED_LEVEL0_TABLES = 12

/**
 * Flushes frozen memtables and compacts tables, in steps that its callers run: commits, checkpoints, compactions. One flush and one
 * compaction run at a time; a flush comes first. A large compaction runs in another thread, where there is one; a step installs what it
 * has written.
 *
 * @remarks What a step installs is visible at once and durable with the next checkpoint.
 */
export class BackgroundWork {
  readonly #state: StoreState
  readonly #files: TableFiles
  readonly #options: WorkOptions
  readonly #snapshots: () => number[]
  readonly #clock: Clock
  readonly #observer: StoreObserver
  readonly #remote: RemoteCompaction | undefined
  #flush: Flush | undefined = undefined
  #compaction: LocalCompaction | undefined = undefined
  /** The compaction that another thread runs. */
  #delegated: Compaction | undefined = undefined
  /** False after another thread has failed, until the compaction is done in this one, which meets the error. */
  #mayDelegate = true
  #chosenFor: Version | undefined = undefined
  #chosen: CompactionPlan | undefined = undefined
  #flushCredit = 0
  #compactionCredit = 0

  /** @param snapshots - returns the stamps of the open snapshots, ascending. */
  constructor(
    state: StoreState,
    files: TableFiles,
    options: WorkOptions,
    snapshots: () => number[],
    clock: Clock,
    observer: StoreObserver,
    remote: RemoteCompaction | undefined,
  ) {
    this.#state = state
    this.#files = files
    this.#options = options
    this.#snapshots = snapshots
    this.#clock = clock
    this.#observer = observer
    this.#remote = remote
  }

  /** Runs one step of the flush of the oldest frozen memtable. Returns the bytes of work; 0 when none is frozen. */
  flushStep(): number {
    const memtable = this.#state.oldestFrozen
    if (memtable === undefined) return 0
    if (this.#flush === undefined) {
      const output = this.#files.newOutput(0)
      this.#flush = { memtable, output, steps: flushSteps(memtable, this.#snapshots(), output) }
    }
    const next = this.#flush.steps.next()
    if (next.done !== true) return next.value
    this.#flush = undefined
    const { version } = this.#state
    this.#state.endFlush(memtable, version.with({ removed: new Set(), added: [[0, next.value]] }))
    return 1
  }

  /** True when a step would compact: not while another thread does. */
  get isCompactionNeeded(): boolean {
    if (this.#delegated !== undefined) return this.#remote?.isEnded === true
    return this.#compaction !== undefined || this.#choose() !== undefined
  }

  /** True while another thread compacts. */
  get isDelegated(): boolean {
    return this.#delegated !== undefined
  }

  /**
   * Runs flush and compaction steps in proportion to the bytes that were applied.
   *
   * @param flushPace - bytes of work for each byte applied; likewise `compactionPace`.
   */
  credit(byteCount: number, flushPace: number, compactionPace: number): void {
    this.#flushCredit = this.#spend(this.#flushCredit + byteCount * flushPace, () => this.flushStep())
    if (this.#delegated !== undefined && this.#state.version.level(0).length > PACED_LEVEL0_TABLES) {
      const waitedMs = this.#remote?.pay(byteCount * compactionPace) ?? 0
      if (waitedMs > 0) this.#observer.stalled('compaction', waitedMs)
    }
    this.#compactionCredit = this.#spend(this.#compactionCredit + byteCount * compactionPace, () =>
      this.compactionStep(),
    )
  }

  /** Runs steps until a credit is used up. Returns the rest: 0, or below when the last step did more; 0 when there is nothing to do. */
  #spend(credit: number, step: () => number): number {
    let rest = credit
    while (rest > 0) {
      const done = step()
      if (done === 0) return 0
      rest -= done
    }
    return rest
  }

  /** Chooses the next compaction; the choice is kept until the version changes, or a snapshot is released. */
  #choose(): CompactionPlan | undefined {
    const { version } = this.#state
    if (this.#chosenFor !== version) {
      this.#chosenFor = version
      this.#chosen = this.#chooseNow(false)
    }
    return this.#ifRunnable(this.#chosen)
  }

  /** Returns a plan whose codecs are there; `undefined` while one is not. A codec may be added later, without another version. */
  #ifRunnable(plan: CompactionPlan | undefined): CompactionPlan | undefined {
    return plan === undefined || this.#unknownCodecOf(plan) === undefined ? plan : undefined
  }

  /** Returns the id of a codec that a compaction needs and that the owner has not added yet; `undefined` when it can run. */
  #unknownCodecOf({ inputs, outputLevel }: CompactionPlan): number | undefined {
    const { codecs } = this.#options
    const needed = [codecs.idAt(outputLevel), ...inputs.map(({ meta }) => meta.codecId)]
    return needed.find((id) => codecs.known.find(id) === undefined)
  }

  /**
   * Checks that a compaction of a range can run.
   *
   * @throws {@link LdbError} LDB_UNSUPPORTED when it needs a codec that is unknown.
   */
  assertRangeReadable(range: KeyRange | undefined): void {
    const plan = planRange(this.#state.version, range)
    const unknown = plan === undefined ? undefined : this.#unknownCodecOf(plan)
    if (unknown !== undefined) throw unknownCodec(unknown)
  }

  /** Returns a compaction that can run, if one is needed. */
  #chooseNow(isIdle: boolean): CompactionPlan | undefined {
    const oldestSnapshot = this.#snapshots()[0] ?? Infinity
    return chooseCompaction(this.#state.version, this.#options, { oldestSnapshot, isIdle })
  }

  /** Chooses again, because a snapshot was released that may have kept deletes in the last level. */
  noteSnapshotReleased(): void {
    if (this.#state.version.lastLevelDeletes > 0) this.#chosenFor = undefined
  }

  /** Reports whether a compaction pays while the store is idle. */
  get isIdleCompactionDue(): boolean {
    if (this.#delegated !== undefined) return false
    const { version, pendingBytes } = this.#state
    return (
      this.#ifRunnable(this.#chooseNow(true)) !== undefined ||
      isIdleCompactionDue(version, this.#options.baseBytes, pendingBytes)
    )
  }

  /** As `compactionStep`, also for compactions that are worth their cost only while the store is idle. */
  idleCompactionStep(): number {
    if (this.#delegated !== undefined) return this.#takeDelegated(this.#delegated)
    if (this.#compaction !== undefined) return this.#continue(this.#compaction)
    const plan = this.#ifRunnable(this.#chooseNow(true))
    return plan === undefined ? 0 : this.#continue(this.#begin(plan))
  }

  /**
   * Runs one step of a compaction, if one is needed. Returns the bytes of work; 0 when none is needed, or while another thread compacts.
   */
  compactionStep(): number {
    if (this.#delegated !== undefined) return this.#takeDelegated(this.#delegated)
    if (this.#compaction !== undefined) return this.#continue(this.#compaction)
    const plan = this.#choose()
    if (plan === undefined) return 0
    if (this.#mayDelegate && this.#delegate(plan)) return 0
    return this.#continue(this.#begin(plan))
  }

  /** Installs what another thread has written, and deletes what it has written in vain. Its next compaction begins with the next step. */
  takeDelegated(): void {
    this.#remote?.removeCancelled()
    if (this.#delegated !== undefined) this.#takeDelegated(this.#delegated)
  }

  /** Waits for another thread, for some time, and installs what it has written. */
  waitForCompaction(milliseconds: number): void {
    this.#remote?.wait(milliseconds)
    this.takeDelegated()
  }

  /** Begins a compaction of a range into the last level; one in progress is cancelled. Returns false when there is nothing in it. */
  beginRange(range: KeyRange | undefined): boolean {
    return this.#beginIfRunnable(planRange(this.#state.version, range))
  }

  /** The plan of the compaction in progress, here or in another thread. */
  get runningCompaction(): CompactionPlan | undefined {
    return (this.#compaction ?? this.#delegated)?.plan
  }

  /** Begins a compaction of level 0 into the next level in use, however few tables it has, as {@link BackgroundWork.beginRange}. */
  beginLevel0(): boolean {
    return this.#beginIfRunnable(planLevel0(this.#state.version, this.#options))
  }

  /** Begins to write a table of a level below the first anew, in that level, as {@link BackgroundWork.beginRange}. */
  beginRewrite(table: Table, level: number): boolean {
    return this.#beginIfRunnable({ inputs: [table], outputLevel: level, isMove: false })
  }

  /** Returns false when there is no plan, or a codec that it needs is unknown. */
  #beginIfRunnable(plan: CompactionPlan | undefined): boolean {
    this.cancelCompaction()
    if (plan === undefined || this.#ifRunnable(plan) === undefined) return false
    this.#begin(plan)
    return true
  }

  /** Data key with which another thread writes; `undefined` when none does. */
  get delegatedKeyId(): number | undefined {
    return this.#remote?.dataKeyId
  }

  /** Runs one step of the compaction in progress. Returns false when there is none. */
  continueCompaction(): boolean {
    return this.#compaction !== undefined && this.#continue(this.#compaction) >= 0
  }

  /** Cancels everything in progress and deletes unfinished files. */
  stop(): void {
    this.#flush?.output.abandon()
    this.#flush = undefined
    this.cancelCompaction()
    this.#remote?.stop()
  }

  /** Lets another thread run a compaction. Returns false when this one has to. */
  #delegate(plan: CompactionPlan): boolean {
    if (this.#remote === undefined || plan.isMove) return false
    const { version } = this.#state
    const { outputLevel } = plan
    const codecId = this.#options.codecs.idAt(outputLevel)
    if (!this.#remote.begin(inputsOf(plan, version), this.#snapshots(), outputLevel, codecId)) return false
    this.#delegated = this.#started(plan, version)
    return true
  }

  #takeDelegated(compaction: Compaction): number {
    const tables = this.#remote?.take()
    if (tables === undefined) return 0
    this.#delegated = undefined
    if (tables === 'failed') this.#mayDelegate = false
    else this.#end(compaction, tables)
    return 1
  }

  #started(plan: CompactionPlan, version: Version): Compaction {
    return { plan, startMs: this.#clock.monotonic(), fileBytesBefore: fileBytesOf(version.tables()) }
  }

  #begin(plan: CompactionPlan): LocalCompaction {
    const { version } = this.#state
    const output = this.#files.newOutput(plan.outputLevel)
    const { tableBytes } = this.#options
    const steps = compactionSteps(inputsOf(plan, version), this.#snapshots(), output, tableBytes)
    this.#compaction = { ...this.#started(plan, version), output, steps }
    return this.#compaction
  }

  #continue(compaction: LocalCompaction): number {
    const { plan, steps } = compaction
    if (plan.isMove) {
      this.#end(compaction, plan.inputs)
      return 1
    }
    const next = steps.next()
    if (next.done !== true) return next.value
    this.#end(compaction, next.value)
    return 1
  }

  #end({ plan, startMs, fileBytesBefore }: Compaction, tables: readonly Table[]): void {
    this.#compaction = undefined
    this.#mayDelegate = true
    this.#state.change({ removed: new Set(plan.inputs), added: [[plan.outputLevel, tables]] })
    this.#observer.completed({
      kind: 'compaction',
      durationMs: this.#clock.monotonic() - startMs,
      fileBytesBefore,
      fileBytesAfter: fileBytesOf(this.#state.version.tables()),
    })
  }

  /** Cancels the compaction in progress and deletes its files. */
  cancelCompaction(): void {
    const compaction = this.#compaction
    this.#compaction = undefined
    compaction?.output.abandon()
    this.#delegated = undefined
    this.#remote?.cancel()
  }
}

function fileBytesOf(tables: Iterable<Table>): number {
  let bytes = 0
  for (const { meta } of tables) bytes += meta.fileBytes
  return bytes
}
