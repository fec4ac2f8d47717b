import { assert, LdbError, ResumableTask } from '@ldb/base'
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
 * created by a resumable task. Until that task ends, `segment` is the next segment and `file` still belongs to the previous one.
 */
export class CurrentSegment {
  /** Segment of the records appended now; `undefined` until the first one of this opening is created. */
  segment: Segment | undefined
  /** File that records are written to. */
  file: ActiveSegment | undefined
  /** The rotation in progress. */
  rotation: ResumableTask | undefined
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
   * Starts a rotation at `start`, the end of all flushed records. The returned task creates the file of the next segment.
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

  /** Closes the files without a write, and ends a rotation in progress. */
  release(): void {
    this.rotation?.abort(new LdbError('LDB_CLOSED', 'the log was closed'))
    this.file?.close()
  }

  /**
   * Syncs the old segment, unless its records are on the device, creates the new one, then seals the old one. The seal is written last:
   * until then the header of the new segment alone defines the end of the old one.
   */
  *#rotationSteps(segment: Segment, plan: SegmentPlan, isSynced: boolean): TaskSteps {
    const old = this.file
    const { beforeWriting, values } = this.#options
    try {
      // The first write to an existing log.
      if (old === undefined && beforeWriting !== undefined) yield beforeWriting
      if (old !== undefined) {
        old.truncateTo(segment.baseLsn)
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
        old.writeSeal(sealBefore(segment.header))
        yield old
      } else if (previous !== undefined) {
        const file = this.#vfs.open(previous.path, 'write')
        yield* sealSegmentSteps(this.#vfs, previous, sealBefore(segment.header), file)
      }
      old?.close()
    } catch (error) {
      this.#failure.set(error)
      throw error
    } finally {
      this.rotation = undefined
      // No effect when it is closed already.
      old?.close()
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
    const { preallocateBytes, segmentBytes, ownerId, isUnpublished, values } = this.#options
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
