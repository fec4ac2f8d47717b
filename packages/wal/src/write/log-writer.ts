import { assert, isLdbError, LdbError, ResumableTask } from '@ldb/base'
import type { DeviceSteps } from '@ldb/base'
import type { FileSync, Vfs } from '@ldb/vfs'
import { ActiveSegment, FIRST_ALLOCATION_BYTES, sealFoundSegment, sealFoundSteps } from './active-segment.js'
import type { ChainHash } from '../segment/chain-hash.js'
import { PAYLOAD_BYTES_MAX, recordBytesOf, SealKind } from '../format.js'
import { RecordBuffer } from './record-buffer.js'
import { sealBefore } from '../read/recovery.js'
import type { LogPosition } from '../read/recovery.js'
import { createSegment, NO_OWNER_ID, NO_SEGMENT_ID, planSegment, segmentSteps } from './segment-creation.js'
import type { SegmentPlan, TailCopy } from './segment-creation.js'
import type { Segment } from '../segment/segment.js'
import type { SegmentList } from '../segment/list.js'
import type { ResolvedWalOptions } from '../options.js'

/** Counts of what a log has done since it was opened. */
export interface WalCounters {
  recordCount: number
  recordBytes: number
  flushCount: number
  syncCount: number
  segmentCount: number
}

/**
 * The growing end of a log. Invariants:
 * - (1) syncedLsn ≤ flushedLsn ≤ endLsn, and flushedLsn + buffered bytes = endLsn.
 * - (2) The newest segment begins at or below syncedLsn: one segment is synced before the next one is begun.
 * - (3) A segment found on disk is never appended to (W1).
 * - (4) While a rotation runs, records for the new segment wait in the buffer: they are written when it has its name.
 * - (5) After the first failed write or sync nothing more is written, but for the cutting off of that write.
 */
export class LogWriter {
  endLsn: number
  flushedLsn: number
  syncedLsn: number
  lastSeq: number
  seqFloor: number
  readonly counters: WalCounters
  readonly #vfs: Vfs
  readonly #directory: string
  readonly #options: ResolvedWalOptions
  readonly #segments: SegmentList
  readonly #buffer: RecordBuffer
  #chainHash: ChainHash
  /** The file that is written to. */
  #active: ActiveSegment | undefined
  /** Where records go that are appended: another one than that of the file, while a rotation runs. */
  #segment: Segment | undefined
  #rotation: ResumableTask | undefined
  #failure: unknown
  #failed: boolean

  /** @param end - where the log ends; everything before it is on the device, or will be copied by `begin`. */
  constructor(
    vfs: Vfs,
    directory: string,
    options: ResolvedWalOptions,
    segments: SegmentList,
    end: LogPosition,
    seqFloor: number,
  ) {
    this.endLsn = end.lsn
    this.flushedLsn = end.lsn
    this.syncedLsn = end.lsn
    this.lastSeq = end.lastSeq
    this.seqFloor = Math.max(seqFloor, end.lastSeq)
    this.counters = { recordCount: 0, recordBytes: 0, flushCount: 0, syncCount: 0, segmentCount: 0 }
    this.#vfs = vfs
    this.#directory = directory
    this.#options = options
    this.#segments = segments
    this.#buffer = new RecordBuffer(options.bufferBytes)
    this.#chainHash = end.chainHash.copy()
    this.#active = undefined
    this.#segment = undefined
    this.#rotation = undefined
    this.#failure = undefined
    this.#failed = false
  }

  /** True after a failed write or sync. */
  get failed(): boolean {
    return this.#failed
  }

  /** @throws {@link LdbError} LDB_POISONED after a failed write or sync. */
  assertUsable(): void {
    if (!this.#failed) return
    throw new LdbError('LDB_POISONED', 'a write or sync of the log failed before; it must be opened again', {
      cause: this.#failure,
    })
  }

  /** Remembers the first failure; nothing can be written from now on. */
  poison(cause: unknown): void {
    if (this.#failed) return
    this.#failed = true
    this.#failure = cause
  }

  /** Encodes a record behind the others. A payload that is lent stays as it is until everything is flushed. */
  append(payload: Uint8Array, type: number, seq: number, isBorrowed = false): number {
    this.assertUsable()
    if (payload.length > PAYLOAD_BYTES_MAX) {
      throw new LdbError('LDB_TOO_LARGE', `a record of the log may hold ${PAYLOAD_BYTES_MAX} bytes`, {
        details: { expected: PAYLOAD_BYTES_MAX, actual: payload.length },
      })
    }
    const recordBytes = recordBytesOf(payload.length)
    if (recordBytes > Number.MAX_SAFE_INTEGER - this.endLsn) {
      throw new LdbError('LDB_TOO_LARGE', 'the log has used up its positions')
    }
    const segment = this.#segmentFor(recordBytes)
    if (!this.#buffer.hasRoomFor(recordBytes)) this.flush()
    const lsn = this.endLsn
    // (2, 4) When it is written, all that is before its segment is synced.
    const unsyncedBytes = lsn - Math.max(this.syncedLsn, segment.baseLsn)
    this.#buffer.append(payload, type, seq, lsn, unsyncedBytes, segment.seed, this.#chainHash, isBorrowed)
    this.endLsn = lsn + recordBytes
    this.lastSeq = seq
    if (seq > this.seqFloor) this.seqFloor = seq
    this.counters.recordCount++
    this.counters.recordBytes += recordBytes
    return lsn
  }

  /** Hands everything appended to the operating system, in one write. */
  flush(): void {
    this.assertUsable()
    const { byteCount } = this.#buffer
    if (byteCount === 0) return
    this.#rotation?.sync()
    const active = this.#active
    assert(active !== undefined, 'records wait for a segment that was not begun')
    try {
      active.write(this.#buffer, this.flushedLsn)
    } catch (error) {
      throw this.#takeBack(active, error)
    }
    this.flushedLsn += byteCount
    this.#buffer.clear()
    this.counters.flushCount++
    assert(this.flushedLsn === this.endLsn, 'a flush must reach the end of the log')
  }

  /** As {@link LogWriter.flush}, but lets a rotation come to its end off this thread. */
  async flushAsync(): Promise<void> {
    this.assertUsable()
    while (this.#rotation !== undefined) await this.#rotation.syncAsync()
    this.flush()
  }

  /** Makes everything appended durable, and waits for it. */
  sync(): void {
    this.assertUsable()
    this.#rotation?.sync()
    this.flush()
    if (this.syncedLsn === this.flushedLsn) return
    this.#syncActive(false)
  }

  /** As {@link LogWriter.sync}, off this thread; what is appended meanwhile is not covered. */
  async syncAsync(): Promise<void> {
    // Without a rotation to wait for, the sync is on its way when this call returns: its caller may have work for the wait.
    if (this.#rotation === undefined) this.flush()
    else await this.flushAsync()
    const covered = this.flushedLsn
    const active = this.#active
    if (this.syncedLsn >= covered || active === undefined) return
    try {
      active.allocateAhead(covered)
      this.counters.syncCount++
      await active.syncAsync()
    } catch (error) {
      throw this.#syncFailed(error)
    }
    // Another write or sync may have failed meanwhile: then this one's success proves nothing.
    if (this.#failed) throw this.#syncFailed(this.#failure)
    if (covered > this.syncedLsn) this.syncedLsn = covered
    active.fillAhead(this.flushedLsn).catch((error: unknown) => {
      // What that sync was to cover besides zeros is not known to be there.
      this.#syncFailed(error)
    })
  }

  /**
   * Begins a new segment, unless the present one holds nothing yet. What is appended from now on goes to the new one; the
   * work that is given makes its file.
   */
  rotate(): ResumableTask {
    this.assertUsable()
    this.#rotation?.sync()
    if (this.#segment === undefined || this.#segment.baseLsn < this.endLsn) {
      this.flush()
      const plan = this.#plan(this.#place(), undefined)
      this.#segment = planSegment(this.#vfs, this.#directory, plan)
      this.#rotation = new ResumableTask(this.#rotate(this.#segment, plan))
      return this.#rotation
    }
    return new ResumableTask(noSteps())
  }

  /** Makes the first segment of this opening, then seals the one that was found. */
  begin(place: LogPosition, tail: TailCopy | undefined): void {
    const plan = this.#plan(place, tail)
    const { segment, chainHash } = createSegment(this.#vfs, this.#directory, plan)
    this.#chainHash = chainHash
    this.#segment = segment
    const previous = this.#segments.newest
    this.#enter(segment)
    if (previous !== undefined) sealFoundSegment(this.#vfs, previous, sealBefore(segment.header))
  }

  /**
   * Syncs the old segment, makes the next one, then seals the old one. The seal comes last: until then the new segment alone
   * says where the old one ends.
   */
  *#rotate(segment: Segment, plan: SegmentPlan): DeviceSteps {
    const old = this.#active
    const { beforeWriting } = this.#options
    try {
      // The first one behind a log that was found.
      if (old === undefined && beforeWriting !== undefined) yield beforeWriting
      if (old !== undefined) {
        old.cutTo(segment.baseLsn)
        this.counters.syncCount++
        yield old
        // Another write or sync may have failed meanwhile: then this one's success proves nothing.
        if (this.#failed) throw this.#syncFailed(this.#failure)
        this.syncedLsn = segment.baseLsn
      }
      const made = yield* segmentSteps(this.#vfs, this.#directory, segment, plan, plan.place.chainHash.copy())
      const previous = this.#segments.newest
      this.#enter(segment, made)
      if (old !== undefined) {
        old.writeSeal(sealBefore(segment.header))
        yield old
      } else if (previous !== undefined) {
        yield* sealFoundSteps(this.#vfs, previous, sealBefore(segment.header))
      }
      old?.close()
    } catch (error) {
      this.poison(error)
      throw error
    } finally {
      this.#rotation = undefined
      // Nothing, when it is closed.
      old?.close()
    }
  }

  #plan(place: LogPosition, tail: TailCopy | undefined): SegmentPlan {
    const previous = this.#segments.newest
    const { preallocateBytes, segmentBytes, ownerId } = this.#options
    return {
      segmentNumber: this.#segments.takeNumber(),
      previousId: previous?.header.segmentId ?? NO_SEGMENT_ID,
      ownerId: ownerId ?? previous?.header.ownerId ?? NO_OWNER_ID,
      place,
      seqFloor: this.seqFloor,
      tail,
      preallocateBytes: Math.min(preallocateBytes, segmentBytes, FIRST_ALLOCATION_BYTES),
    }
  }

  /** Goes on in a segment that bears its name. */
  #enter(segment: Segment, made?: FileSync): void {
    this.#active = new ActiveSegment(this.#vfs, segment, this.#options.preallocateBytes, made)
    this.counters.segmentCount++
    const { newest } = this.#segments
    if (newest !== undefined) newest.endLsn = segment.baseLsn
    this.#segments.add(segment)
  }

  /** Writes the end down: whatever is missing when the log is opened again was lost. */
  closeCleanly(): void {
    this.#rotation?.sync()
    const active = this.#active
    if (active === undefined) return
    this.flush()
    try {
      active.cutTo(this.flushedLsn)
      this.#syncActive(true)
      const { lsn, lastSeq, chainHash } = this.#place()
      active.writeSeal({ kind: SealKind.closed, endLsn: lsn, lastSeq, chainHash, successorId: NO_SEGMENT_ID })
      active.sync()
    } catch (error) {
      this.poison(error)
      throw error
    }
  }

  /** Gives the files back, and writes nothing. */
  release(): void {
    this.#rotation?.abandon(new LdbError('LDB_CLOSED', 'the log was closed'))
    this.#active?.close()
  }

  #segmentFor(recordBytes: number): Segment {
    const segment = this.#segment
    if (segment !== undefined) {
      const usedBytes = this.endLsn - segment.baseLsn
      // A record larger than a segment gets one of its own (W4).
      if (usedBytes === 0 || recordBytes <= this.#options.segmentBytes - usedBytes) return segment
    }
    // The next flush or sync does it, and may leave the thread for that.
    this.rotate()
    assert(this.#segment !== undefined, 'a segment was begun')
    return this.#segment
  }

  #place(): LogPosition {
    assert(this.flushedLsn === this.endLsn, 'the place at the end is known when nothing is buffered')
    return { lsn: this.endLsn, lastSeq: this.lastSeq, chainHash: this.#chainHash.copy() }
  }

  #syncActive(exact: boolean): void {
    const active = this.#active
    assert(active !== undefined, 'there is nothing to sync without a segment')
    try {
      if (!exact) active.allocateAhead(this.flushedLsn)
      this.counters.syncCount++
      active.sync()
    } catch (error) {
      throw this.#syncFailed(error)
    }
    this.syncedLsn = this.flushedLsn
  }

  #syncFailed(cause: unknown): LdbError {
    this.poison(cause)
    return commitUnknown('records were written to the log, but the sync failed', cause)
  }

  /**
   * A write failed. Part of it may be in the file, records that were reported as failed may be whole among it: they
   * are cut off again, so that they cannot come back. Where that fails too, the outcome is unknown.
   */
  #takeBack(active: ActiveSegment, error: unknown): unknown {
    this.poison(error)
    try {
      active.cutTo(this.flushedLsn)
      active.sync()
    } catch (second) {
      if (!isLdbError(second)) throw second
      return commitUnknown('a write to the log failed and could not be taken back', error)
    }
    return error
  }
}

function commitUnknown(message: string, cause: unknown): LdbError {
  return new LdbError('LDB_COMMIT_UNKNOWN', message, { cause })
}

/** What is left to do when nothing is. */
function* noSteps(): DeviceSteps {}
