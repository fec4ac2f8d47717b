import { assert, INVARIANTS, ownProperty, ResumableTask } from '@ldb/base'
import type { CompactionRequest, KeyBounds, LdbError, StoreLog, TaskSteps, Seq, Syncable } from '@ldb/base'
import type { FreeSpacePages } from '../file/free-space-pages.js'
import type { Meta } from '../file/meta.js'
import type { OpenSnapshots } from '../read/open-snapshots.js'
import type { Rebuildable } from '../verify/tree-verifier.js'
import type { TreeStatus } from '../tree-status.js'
import type { TreeEncoding } from '../write/tree-encoding.js'
import type { TreeState } from '../write/tree-state.js'
import { freezeTree, writeFrozen } from './checkpoint.js'
import type { FrozenTree } from './checkpoint.js'
import { SLICE_EXAMINED, SLICE_MOVED } from '../space/time-slices.js'
import { TreeShrinking } from './shrink.js'
import { PlainValues } from './plain-values.js'
import { TreePacking } from './tree-packing.js'
import { TreeRenewals } from './tree-renewals.js'

/** Upper bound of the rounds of a compaction: copied branches and other writes may leave pages behind the limit for the next round. */
const COMPACTION_ROUNDS_MAX = 5

/** Pages that are packed between two checkpoints, at least. */
const PACKED_MIN = INVARIANTS ? 16 : 64

/** The last checkpoint in the file of a tree. @internal */
export interface StoredCheckpoint {
  readonly meta: Meta
  /** Known free-space pages of the checkpoint. */
  readonly freeSpacePages: FreeSpacePages
  /** Damage in place of which something else was read. */
  readonly healed: readonly LdbError[]
}

/** Makes the checkpoints of one tree, one at a time, and ends its epochs. @internal */
export class TreeCheckpoints {
  readonly #tree: TreeState
  readonly #status: TreeStatus
  readonly #freeSpacePages: FreeSpacePages
  #meta: Meta
  /** The last checkpoint that was begun. */
  #last: ResumableTask | undefined = undefined
  /** The tree has changed since the last checkpoint was begun. */
  #hasChanged = false
  /** The next checkpoint replaces what is damaged, even if the tree has not changed. */
  #mustRepair: boolean
  /** A page was written in the current epoch, so that a snapshot must end it. */
  #isEpochUsed = false
  #isReplaying = false
  readonly renewals: TreeRenewals
  readonly #snapshots: OpenSnapshots
  readonly #encoding: TreeEncoding | undefined

  /** @param encoding - encodes values in a compaction of full effort. */
  constructor(
    tree: TreeState,
    status: TreeStatus,
    stored: StoredCheckpoint,
    snapshots: OpenSnapshots,
    encoding: TreeEncoding | undefined,
  ) {
    this.#tree = tree
    this.#encoding = encoding
    this.#snapshots = snapshots
    this.#status = status
    this.#meta = stored.meta
    this.#freeSpacePages = stored.freeSpacePages
    this.#mustRepair = stored.healed.length > 0
    this.renewals = new TreeRenewals(tree, status, this)
  }

  /** The meta block of the last durable checkpoint. */
  get meta(): Meta {
    return this.#meta
  }

  /** Free-space pages of the last checkpoint. */
  get freeSpacePages(): FreeSpacePages {
    return this.#freeSpacePages
  }

  /** Reports whether a replay is in progress: sections are applied out of commit order, and no checkpoint may contain a part of them. */
  get isReplaying(): boolean {
    return this.#isReplaying
  }

  /** Corrects the free space by what a verification has found, and makes the next checkpoint write it. */
  rebuild({ leaked, inUseAndFree, isRedundancyLost }: Rebuildable): void {
    const { freeSpace } = this.#tree.pages
    // A leaked page stays one: only free pages are allocated.
    for (const page of leaked) freeSpace.free(page, 1)
    // It may have been allocated since, which the next verification finds: then the page is in use twice.
    for (const page of inUseAndFree) if (freeSpace.isFree(page)) freeSpace.take(page)
    if (leaked.length > 0 || inUseAndFree.length > 0 || isRedundancyLost) this.#mustRepair = true
  }

  /** Forbids checkpoints until {@link TreeCheckpoints.endReplay}. */
  beginReplay(): void {
    assert(!this.#isReplaying && !this.#hasChanged, 'a replay begins at the last checkpoint')
    this.#isReplaying = true
  }

  endReplay(): void {
    assert(this.#isReplaying, 'a replay has begun before it ends')
    this.#isReplaying = false
  }

  /** Notes that the tree is about to change, and pins the live snapshots. */
  noteChange(): void {
    if (this.#snapshots.hasLive) this.#snapshots.pinLive(this.#endEpoch())
    this.#hasChanged = true
    this.#isEpochUsed = true
  }

  /** Ends the current epoch if it has writes. Returns the epoch of a snapshot of the present state. */
  #endEpoch(): number {
    const { epoch } = this.#tree.pages
    // Without writes, the previous epoch has the same pages.
    if (!this.#isEpochUsed) return epoch.current - 1
    const ended = epoch.current
    epoch.advance()
    this.#isEpochUsed = false
    return ended
  }

  /**
   * Completes the last checkpoint, and begins the next one.
   *
   * @throws {@link LdbError} as {@link TreeCheckpoints.assertWritable} does, and what the previous checkpoint throws.
   * @param seq - seq of the newest commit in the tree.
   * @param log - synced before the meta block is written (C6), which records its newest segment.
   * @param timeSlice - yielded about every millisecond.
   */
  begin(seq: Seq, log: StoreLog | undefined, timeSlice: Syncable | undefined): ResumableTask {
    this.assertWritable()
    assert(!this.#isReplaying, 'no checkpoint contains a part of a replay')
    this.complete()
    let frozen: FrozenTree | undefined
    if (this.#hasChanged || this.#mustRepair) {
      if (this.#snapshots.hasLive) this.#snapshots.pinLive(this.#endEpoch())
      this.#status.guardWrites(() => {
        frozen = freezeTree(this.#tree, this.#meta, seq, this.#freeSpacePages)
      })
      this.#hasChanged = false
      this.#mustRepair = false
      this.#isEpochUsed = false
    }
    this.#last = new ResumableTask(this.#steps(frozen, log, timeSlice))
    return this.#last
  }

  /** Completes the last checkpoint that was begun. */
  complete(): void {
    this.#last?.sync()
  }

  /** Abandons the checkpoint in progress, if any: its task fails with `error`. */
  abandon(error: unknown): void {
    this.#last?.abort(error)
  }

  /** Makes a checkpoint; packs the pages if the effort is full; and shrinks the file in rounds, each with a checkpoint of its own. */
  *compactionSteps(request: CompactionRequest, seq: () => Seq): TaskSteps {
    const log = ownProperty(request, 'log', 'the request')
    const timeSlice = ownProperty(request, 'timeSlice', 'the request')
    const { freeSpace } = this.#tree.pages
    const checkpoint = (): ResumableTask => this.begin(seq(), log, timeSlice)
    yield checkpoint()
    if (ownProperty(request, 'effort', 'the request') === 'full') {
      const bounds = ownProperty(request, 'bounds', 'the request') ?? {}
      yield* this.#encode(bounds, checkpoint, timeSlice)
      yield* this.#pack(bounds, checkpoint, timeSlice)
    }
    for (let round = 0; round < COMPACTION_ROUNDS_MAX; round += 1) {
      const before = freeSpace.pageCount
      yield* this.#shrink(timeSlice)
      yield checkpoint()
      // Writes meanwhile may have left a page at the end, which the next round moves.
      if (round > 0 && freeSpace.pageCount >= before) break
      if (!new TreeShrinking(this.#tree).isWorthwhile) break
    }
  }

  /** Encodes the values of a range that are stored as they are, with a checkpoint after so many leaves as {@link TreeCheckpoints.#pack}. */
  *#encode(bounds: KeyBounds, checkpoint: () => ResumableTask, timeSlice: Syncable | undefined): TaskSteps {
    if (this.#encoding === undefined) return
    const { freeSpace } = this.#tree.pages
    const values = new PlainValues(this.#tree, this.#encoding.encoder, bounds)
    let changedMax = 0
    while (!values.isDone) {
      changedMax = Math.max(PACKED_MIN, changedMax * 2, freeSpace.freeCount)
      let changed = 0
      while (!values.isDone && changed < changedMax) {
        this.assertWritable()
        this.noteChange()
        this.#status.guardChange(() => {
          for (let left = SLICE_MOVED; left > 0 && !values.isDone; left -= 1) if (values.step()) changed += 1
        })
        if (timeSlice !== undefined) yield timeSlice
      }
      if (changed > 0) yield checkpoint()
    }
  }

  /**
   * Packs the pages of a range. A page that is packed is copied first, and its old version is free after the next checkpoint: the checkpoints
   * in between keep the file from growing by all of the copies.
   */
  *#pack(bounds: KeyBounds, checkpoint: () => ResumableTask, timeSlice: Syncable | undefined): TaskSteps {
    const { freeSpace } = this.#tree.pages
    const packing = new TreePacking(this.#tree, bounds)
    let copiesMax = 0
    while (!packing.isDone) {
      copiesMax = Math.max(PACKED_MIN, copiesMax * 2, freeSpace.freeCount)
      let copies = 0
      while (!packing.isDone && copies < copiesMax) {
        copies += this.#packSlice(packing)
        if (timeSlice !== undefined) yield timeSlice
      }
      if (copies > 0) yield checkpoint()
    }
  }

  /** Performs the packing of one time slice. Returns the number of packed pages. */
  #packSlice(packing: TreePacking): number {
    // Other work may have closed the tree, or failed, since the last slice.
    this.assertWritable()
    let packed = 0
    for (let left = SLICE_EXAMINED; left > 0 && packed < SLICE_MOVED; packed += 1) {
      const examined = packing.find(left)
      if (examined < 0) break
      left -= examined
      this.noteChange()
      this.#status.guardChange(() => {
        packing.pack()
      })
    }
    return packed
  }

  /** Makes a checkpoint, even if the tree has not changed. */
  beginAnew(seq: Seq, log: StoreLog | undefined, timeSlice: Syncable | undefined): ResumableTask {
    this.#mustRepair = true
    return this.begin(seq, log, timeSlice)
  }

  /** Moves pages from the end of the file to free pages before it. */
  *#shrink(timeSlice: Syncable | undefined): TaskSteps {
    const shrinking = new TreeShrinking(this.#tree)
    for (let isMoved = false; !isMoved;) {
      // Other work may have closed the tree, or failed, since the last slice.
      this.assertWritable()
      this.noteChange()
      this.#status.guardWrites(() => {
        isMoved = shrinking.step(SLICE_MOVED)
      })
      if (!isMoved && timeSlice !== undefined) yield timeSlice
    }
  }

  /** @throws {@link LdbError} LDB_POISONED, LDB_CLOSED or LDB_INVALID_ARGUMENT when the tree must not be written. */
  assertWritable(): void {
    this.#status.assertWritable(this.#tree.pages.writeBack.failure)
  }

  /** Writes the frozen tree; when nothing has changed, only completes the meta rewrite. */
  *#steps(
    frozen: FrozenTree | undefined,
    log: StoreLog | undefined,
    timeSlice: Syncable | undefined,
  ): TaskSteps {
    try {
      if (frozen === undefined) yield this.#tree.pages.metaRewrite
      else {
        const parts = { state: this.#tree, freeSpacePages: this.#freeSpacePages, log, timeSlice }
        this.#meta = yield* writeFrozen(frozen, parts)
      }
    } catch (error) {
      this.#status.fail(error)
      throw error
    }
  }
}
