import { assert, isLdbError, LdbError, ResumableTask } from '@ldb/base'
import type { TaskSteps } from '@ldb/base'
import type { FileSync, Vfs, VfsFile } from '@ldb/vfs'
import type { ResolvedWalOptions } from '../options.js'
import type { ChainHash } from '../segment/chain-hash.js'
import type { SegmentList } from '../segment/list.js'
import type { LogPosition } from '../segment/log-position.js'
import { sealBefore } from '../segment/seal.js'
import type { Segment } from '../segment/segment.js'
import { ActiveSegment, FIRST_ALLOCATION_BYTES, sealSegment, sealSegmentSteps } from './active-segment.js'
import {
  createSegment,
  NO_BRANCH_ID,
  NO_OWNER_ID,
  NO_SEGMENT_ID,
  planSegment,
  segmentSteps,
} from './segment-creation.js'
import type { SegmentPlan } from './segment-creation.js'
import type { TailCopy } from './tail-copy.js'
import type { WalCounters } from './wal-counters.js'
import type { WriteFailure } from './write-failure.js'

/**
 * The segment that a log appends to, and its rotation. A rotation ends the segment for appends at once; the file of the next one is
 * created by a resumable task. Until that task ends, `segment` is the next segment and `file` still belongs to the previous one. Commits
 * wait for that task, but not for the seal of the previous segment, which another task writes.
 */
export class CurrentSegment {
  /** Segment of the records appended now; `undefined` until the first one of this opening is created. */
  segment: Segment | undefined
  /** File that records are written to. */
  file: ActiveSegment | undefined
  /** The rotation in progress. */
  rotation: ResumableTask | undefined
  /** The sealing of the segment before the last rotation; it ends before the next segment is created. */
  sealing: ResumableTask | undefined
  /** The file that is sealed. */
  #sealed: ActiveSegment | undefined
  readonly #vfs: Vfs
  readonly #directory: string
  readonly #options: ResolvedWalOptions
  readonly #segments: SegmentList
  readonly #counters: WalCounters
  readonly #failure: WriteFailure
  readonly #onSynced: (lsn: number) => void

  /** @param onSynced - called when a rotation has synced all records below a position. */
  constructor(
    vfs: Vfs,
    directory: string,
    options: ResolvedWalOptions,
    segments: SegmentList,
    counters: WalCounters,
    failure: WriteFailure,
    onSynced: (lsn: number) => void,
  ) {
    this.segment = undefined
    this.file = undefined
    this.rotation = undefined
    this.sealing = undefined
    this.#sealed = undefined
    this.#vfs = vfs
    this.#directory = directory
    this.#options = options
    this.#segments = segments
    this.#counters = counters
    this.#failure = failure
    this.#onSynced = onSynced
  }

  /**
   * Creates the first segment of this opening, then seals the newest one that was found.
   *
   * @returns the chain hash after the copied records.
   */
  create(start: LogPosition, seqFloor: number, tail: TailCopy | undefined): ChainHash {
    const plan = this.#plan(start, seqFloor, tail)
    const { segment, chainHash } = createSegment(this.#vfs, this.#directory, plan)
    // The segment exists now, whether or not the sync succeeds: no other one may follow the previous one.
    this.segment = segment
    if (plan.isSynced) this.#vfs.syncDirectory(this.#directory)
    const previous = this.#segments.newest
    this.#enter(segment)
    if (previous !== undefined) sealSegment(this.#vfs, previous, sealBefore(segment.header))
    return chainHash
  }

  /** Continues the only segment of a log, which this process has created and synced. */
  continue(segment: Segment): void {
    this.segment = segment
    this.file = new ActiveSegment(this.#vfs, segment, this.#options.preallocateBytes)
    segment.endLsn = undefined
  }

  /**
   * Starts a rotation at `start`, the end of all flushed records. The returned task creates the file of the next segment. It leaves the
   * seal of the previous one to {@link CurrentSegment.sealing}.
   *
   * @param isSynced - all records are on the device.
   * @throws {@link LdbError} LDB_IO when descriptors are used up: nothing has changed.
   */
  rotate(start: LogPosition, seqFloor: number, isSynced: boolean): ResumableTask {
    assert(this.rotation === undefined, 'rotations do not overlap')
    this.#assertDescriptors()
    const plan = this.#plan(start, seqFloor, undefined)
    this.segment = planSegment(this.#vfs, this.#directory, plan)
    this.rotation = new ResumableTask(this.#rotationSteps(this.segment, plan, isSynced))
    return this.rotation
  }

  /**
   * Continues the sealing of the previous segment as far as possible without waiting. A failure poisons the log, and is no failure of the
   * caller, whose records do not depend on the seal.
   */
  pollSealing(): void {
    try {
      this.sealing?.poll()
    } catch (error) {
      if (!isLdbError(error)) throw error
    }
  }

  /** As {@link CurrentSegment.pollSealing}, for a caller that yields to the event loop and does not wait. Never rejects. */
  async continueSealing(): Promise<void> {
    try {
      await this.sealing?.syncAsync()
    } catch {
      // The sealing has recorded its failure.
    }
  }

  /** Closes the files without a write, and ends a rotation in progress. */
  release(): void {
    const closed = new LdbError('LDB_CLOSED', 'the log was closed')
    this.rotation?.abort(closed)
    this.sealing?.abort(closed)
    this.#sealed?.close()
    this.file?.close()
  }

  /**
   * Syncs the old segment, unless its records are on the device, and creates the new one. The seal of the old one is written last: until
   * then the header of the new segment alone defines its end. The seal before that is on the device by now, because recovery restores the
   * newest one only.
   */
  *#rotationSteps(segment: Segment, plan: SegmentPlan, isSynced: boolean): TaskSteps {
    const old = this.file
    const { beforeWriting, values } = this.#options
    try {
      if (this.sealing !== undefined) yield this.sealing
      // The first write to an existing log.
      if (old === undefined && beforeWriting !== undefined) yield beforeWriting
      if (old !== undefined) {
        old.endFilling()
        if (!isSynced) {
          this.#counters.syncCount++
          if (values?.isSynced === false) yield values
          yield old
        }
        // If another write or sync has failed meanwhile, the success of this sync proves nothing.
        if (this.#failure.isSet) throw this.#failure.setBySync(this.#failure.cause)
        this.#onSynced(segment.baseLsn)
      }
      const created = yield* segmentSteps(
        this.#vfs,
        this.#directory,
        segment,
        plan,
        plan.start.chainHash.copy(),
      )
      const previous = this.#segments.newest
      this.#enter(segment, created)
      if (old !== undefined) {
        this.#sealed = old
        this.sealing = new ResumableTask(this.#sealingSteps(old, segment))
      } else if (previous !== undefined) {
        const file = this.#vfs.open(previous.path, 'write')
        yield* sealSegmentSteps(this.#vfs, previous, sealBefore(segment.header), file)
      }
    } catch (error) {
      this.#failure.set(error)
      old?.close()
      throw error
    } finally {
      this.rotation = undefined
    }
  }

  /** Truncates a segment that has a successor, and seals it. */
  *#sealingSteps(old: ActiveSegment, successor: Segment): TaskSteps {
    try {
      this.#failure.assertNone()
      old.truncateTo(successor.baseLsn)
      old.writeSeal(sealBefore(successor.header))
      yield old.sealSync
      old.close()
    } catch (error) {
      this.#failure.set(error)
      throw error
    } finally {
      this.sealing = undefined
      this.#sealed = undefined
      // No effect when it is closed already.
      old.close()
    }
  }

  /** Opens and closes as many handles as a rotation holds at a time, so that it does not fail halfway for lack of descriptors. */
  #assertDescriptors(): void {
    const { newest } = this.#segments
    if (newest === undefined) return
    const handles: VfsFile[] = []
    try {
      // The first rotation of an opening also seals the segment that was found.
      while (handles.length < (this.file === undefined ? 2 : 1)) {
        handles.push(this.#vfs.open(newest.path, 'read'))
      }
    } finally {
      for (const handle of handles) handle.close()
    }
  }

  #plan(start: LogPosition, seqFloor: number, tail: TailCopy | undefined): SegmentPlan {
    const previous = this.#segments.newest
    const { preallocateBytes, segmentBytes, ownerId, isUnpublished, values, createCipher } = this.#options
    return {
      segmentNumber: this.#segments.allocateNumber(),
      previousId: previous?.header.segmentId ?? NO_SEGMENT_ID,
      ownerId: ownerId ?? previous?.header.ownerId ?? NO_OWNER_ID,
      archiveBranchId: previous?.header.archiveBranchId ?? NO_BRANCH_ID,
      start,
      seqFloor,
      tail,
      segmentBytes,
      preallocateBytes: Math.min(preallocateBytes, segmentBytes, FIRST_ALLOCATION_BYTES),
      isSynced: !isUnpublished || previous !== undefined,
      hasExternalValues: values !== undefined || previous?.header.hasExternalValues === true,
      createCipher,
    }
  }

  /** Opens the file of a created segment for appends and adds the segment to the list. */
  #enter(segment: Segment, created?: FileSync): void {
    this.file = new ActiveSegment(this.#vfs, segment, this.#options.preallocateBytes, created)
    this.#counters.segmentCount++
    const { newest } = this.#segments
    if (newest !== undefined) newest.endLsn = segment.baseLsn
    this.#segments.add(segment)
  }
}
