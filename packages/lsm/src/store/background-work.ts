import type { StoreObserver } from '@ldb/base'
import type { Clock } from '@ldb/vfs'
import { chooseCompaction, planRange } from '../compaction/choose.js'
import type { CompactionOptions, CompactionPlan } from '../compaction/choose.js'
import { compactionSteps, flushSteps } from '../compaction/compaction-job.js'
import type { Memtable } from '../memtable/memtable.js'
import type { KeyRange } from '../table/table-meta.js'
import type { OutputFiles, TableFiles } from '../version/table-files.js'
import type { Table } from '../version/table.js'
import type { Version } from '../version/version.js'
import type { StoreState } from './store-state.js'

/** A flush in progress. */
interface Flush {
  readonly memtable: Memtable
  readonly output: OutputFiles
  readonly steps: Generator<number, Table[], void>
}

/** A compaction in progress. */
interface Compaction {
  readonly plan: CompactionPlan
  readonly output: OutputFiles
  readonly steps: Generator<number, Table[], void>
  readonly startMs: number
  readonly fileBytesBefore: number
}

/**
 * Flushes frozen memtables and compacts tables, in steps that its callers run: commits, checkpoints, compactions. One flush and one
 * compaction run at a time; a flush comes first.
 *
 * @remarks What a step installs is visible at once and durable with the next checkpoint.
 */
export class BackgroundWork {
  readonly #state: StoreState
  readonly #files: TableFiles
  readonly #options: CompactionOptions & { readonly tableBytes: number }
  readonly #snapshots: () => number[]
  readonly #clock: Clock
  readonly #observer: StoreObserver
  #flush: Flush | undefined = undefined
  #compaction: Compaction | undefined = undefined
  #chosenFor: Version | undefined = undefined
  #chosen: CompactionPlan | undefined = undefined
  #flushCredit = 0
  #compactionCredit = 0

  /** @param snapshots - returns the stamps of the open snapshots, ascending. */
  constructor(
    state: StoreState,
    files: TableFiles,
    options: CompactionOptions & { readonly tableBytes: number },
    snapshots: () => number[],
    clock: Clock,
    observer: StoreObserver,
  ) {
    this.#state = state
    this.#files = files
    this.#options = options
    this.#snapshots = snapshots
    this.#clock = clock
    this.#observer = observer
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

  /** True when a compaction is in progress or needed. */
  get isCompactionNeeded(): boolean {
    return this.#compaction !== undefined || this.#choose() !== undefined
  }

  /**
   * Runs flush and compaction steps in proportion to the bytes that were applied.
   *
   * @param flushPace - bytes of work for each byte applied; likewise `compactionPace`.
   */
  credit(byteCount: number, flushPace: number, compactionPace: number): void {
    this.#flushCredit = this.#spend(this.#flushCredit + byteCount * flushPace, () => this.flushStep())
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

  /** Chooses the next compaction; the choice is kept until the version changes. */
  #choose(): CompactionPlan | undefined {
    const { version } = this.#state
    if (this.#chosenFor !== version) {
      this.#chosenFor = version
      this.#chosen = chooseCompaction(version, this.#options)
    }
    return this.#chosen
  }

  /** Runs one step of a compaction, if one is needed. Returns the bytes of work; 0 when none is needed. */
  compactionStep(): number {
    if (this.#compaction === undefined) {
      const plan = this.#choose()
      if (plan === undefined) return 0
      return this.#continue(this.#begin(plan))
    }
    return this.#continue(this.#compaction)
  }

  /** Begins a compaction of a range into the last level; one in progress is cancelled. Returns false when there is nothing in it. */
  beginRange(range: KeyRange | undefined): boolean {
    this.#cancelCompaction()
    const plan = planRange(this.#state.version, range)
    if (plan !== undefined) this.#begin(plan)
    return plan !== undefined
  }

  /** Runs one step of the compaction in progress. Returns false when there is none. */
  continueCompaction(): boolean {
    if (this.#compaction === undefined) return false
    this.#continue(this.#compaction)
    return true
  }

  /** Cancels everything in progress and deletes unfinished files. */
  stop(): void {
    this.#flush?.output.abandon()
    this.#flush = undefined
    this.#cancelCompaction()
  }

  #begin(plan: CompactionPlan): Compaction {
    const { version } = this.#state
    const output = this.#files.newOutput(plan.outputLevel)
    const { tableBytes } = this.#options
    this.#compaction = {
      plan,
      output,
      steps: compactionSteps(plan, version, this.#snapshots(), output, tableBytes),
      startMs: this.#clock.monotonic(),
      fileBytesBefore: fileBytesOf(version.tables()),
    }
    return this.#compaction
  }

  #continue(compaction: Compaction): number {
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
    this.#state.change({ removed: new Set(plan.inputs), added: [[plan.outputLevel, tables]] })
    this.#observer.completed({
      kind: 'compaction',
      durationMs: this.#clock.monotonic() - startMs,
      fileBytesBefore,
      fileBytesAfter: fileBytesOf(this.#state.version.tables()),
    })
  }

  #cancelCompaction(): void {
    const compaction = this.#compaction
    this.#compaction = undefined
    compaction?.output.abandon()
  }
}

function fileBytesOf(tables: Iterable<Table>): number {
  let bytes = 0
  for (const { meta } of tables) bytes += meta.fileBytes
  return bytes
}
