import { ResumableTask } from '@ldb/base'
import type { TaskSteps, Syncable } from '@ldb/base'
import { FileSync } from '@ldb/vfs'
import type { DeadlineSync, Vfs, VfsFile } from '@ldb/vfs'
import type { RecordBuffer } from './record-buffer.js'
import { writeSeal } from '../segment/seal.js'
import type { Seal } from '../segment/seal.js'
import { allocate } from './segment-creation.js'
import type { Segment } from '../segment/segment.js'

/** The next sync preallocates space when less than this is left. */
const AHEAD_BYTES_MIN = 64 * 1024
/** Space is preallocated between syncs when less than this is left. */
const AHEAD_BYTES_WANTED = 192 * 1024
/**
 * Zeros of one preallocation: about 0.1 ms of the thread, and 0.4 ms of a sync that covers them. 4 MiB at once would take 12 ms, which is
 * more than 16 such slices.
 */
const SLICE_BYTES = 256 * 1024
/** Bytes preallocated in a new segment; the options of the log may set less. */
export const FIRST_ALLOCATION_BYTES: number = 256 * 1024

/** The file of a segment, open for appends. */
export class ActiveSegment implements Syncable {
  readonly segment: Segment
  readonly #vfs: Vfs
  readonly #file: VfsFile
  #preallocateBytes: number
  /** File offset up to which zeros or records were written. */
  #allocatedEnd: number
  readonly #fileSync: FileSync
  /** Syncs preallocated zeros, so that a sync of records does not wait for them. */
  readonly #fillSync: FileSync
  /** Syncs the seal. Its requests to another thread do not mix with those for records. */
  #sealSync: FileSync | undefined
  #isFilling: boolean
  #isTruncated: boolean
  #closed: boolean

  /** @param created - sync state of the file from its creation. */
  constructor(vfs: Vfs, segment: Segment, preallocateBytes: number, created?: FileSync) {
    this.segment = segment
    this.#vfs = vfs
    this.#preallocateBytes = preallocateBytes
    this.#file = vfs.open(segment.path, 'write')
    this.#allocatedEnd = this.#file.length()
    this.#fileSync = new FileSync(vfs, this.#file)
    this.#fillSync = new FileSync(vfs, this.#file)
    this.#sealSync = undefined
    if (created !== undefined) this.#fileSync.adopt(created)
    this.#isFilling = false
    this.#isTruncated = false
    this.#closed = false
  }

  /** Writes buffered records to the operating system. The first one begins at `lsn`. */
  write(records: RecordBuffer, lsn: number): void {
    let fileOffset = this.segment.fileOffsetOf(lsn)
    records.writeTo((bytes, start, byteCount) => {
      this.#file.write(bytes, start, byteCount, fileOffset)
      fileOffset += byteCount
    })
    this.#allocatedEnd = Math.max(this.#allocatedEnd, fileOffset)
    this.#fileSync.recordWrite(records.byteCount)
    this.#fileSync.deadlineSync?.noteWritten(fileOffset)
  }

  /**
   * Preallocates one slice before a sync when little space is left, because the sync waits for it. A log that is never synced therefore
   * never writes zeros.
   */
  allocateAhead(endLsn: number): void {
    const writtenEnd = this.segment.fileOffsetOf(endLsn)
    if (this.#preallocateBytes === 0 || this.#allocatedEnd - writtenEnd >= AHEAD_BYTES_MIN) return
    this.#fill(writtenEnd, Math.min(this.#preallocateBytes, SLICE_BYTES))
  }

  /**
   * Preallocates space between asynchronous syncs, in slices: as many bytes as the segment holds already, within limits. Each slice is
   * synced off this thread before the next one, so that no commit waits for it. Resolves at once when enough space is left.
   */
  async fillAhead(endLsn: number): Promise<void> {
    const writtenEnd = this.segment.fileOffsetOf(endLsn)
    if (this.#isFilling || this.#preallocateBytes === 0) return
    if (this.#allocatedEnd - writtenEnd >= AHEAD_BYTES_WANTED) return
    const wantedEnd = writtenEnd + this.#aheadBytesAt(endLsn)
    this.#isFilling = true
    try {
      // During each sync the segment may be truncated or closed, and records may be appended.
      while (
        !this.#closed &&
        !this.#isTruncated &&
        this.#preallocateBytes > 0 &&
        this.#allocatedEnd < wantedEnd
      ) {
        this.#fill(this.#allocatedEnd, Math.min(SLICE_BYTES, wantedEnd - this.#allocatedEnd))
        await this.#fillSync.syncAsync()
      }
    } finally {
      this.#isFilling = false
    }
  }

  #aheadBytesAt(endLsn: number): number {
    const usedBytes = endLsn - this.segment.baseLsn
    return Math.min(this.#preallocateBytes, Math.max(FIRST_ALLOCATION_BYTES, usedBytes))
  }

  #fill(from: number, byteCount: number): void {
    this.#allocatedEnd = allocate(this.#vfs, this.#file, from, byteCount)
    // The device is full: later syncs do not try again.
    if (this.#allocatedEnd === from) this.#preallocateBytes = 0
  }

  sync(): void {
    this.#fileSync.sync()
  }

  /** The syncs of this file by another thread, if there are any. */
  get deadlineSync(): DeadlineSync | undefined {
    return this.#fileSync.deadlineSync
  }

  /**
   * Position up to which that thread has synced the records; the base of the segment before its first sync, and while those syncs prove
   * nothing.
   */
  get deadlineSyncedLsn(): number {
    const { baseLsn } = this.segment
    if (this.#fileSync.hasUnknownWriteback) return baseLsn
    const syncedEnd = this.deadlineSync?.syncedEnd ?? 0
    return baseLsn + Math.max(0, syncedEnd - this.segment.fileOffsetOf(baseLsn))
  }

  /** See `FileSync.hasUnknownWriteback`. */
  get hasUnknownWriteback(): boolean {
    return this.#fileSync.hasUnknownWriteback
  }

  /** Requests a sync of the written records, which end at `lsn`, by another thread; as `FileSync.requestSync`. */
  requestSync(noticeMs: number, delayMs: number, lsn: number): DeadlineSync | undefined {
    return this.#fileSync.requestSync(noticeMs, delayMs, this.segment.fileOffsetOf(lsn))
  }

  syncAsync(): Promise<void> {
    return this.#fileSync.syncAsync()
  }

  /** Returns the space of zeros after the record that ends at `lsn`, and allocates no more. Returns false when there are none. */
  releaseAhead(lsn: number): boolean {
    if (this.#closed || this.#allocatedEnd <= this.segment.fileOffsetOf(lsn)) return false
    this.#preallocateBytes = 0
    this.truncateTo(lsn)
    return true
  }

  /** Truncates the file after the record that ends at `lsn`: removes preallocated zeros, or the rest of a failed write. */
  truncateTo(lsn: number): void {
    this.#isTruncated = true
    this.#allocatedEnd = this.segment.fileOffsetOf(lsn)
    this.#file.truncate(this.#allocatedEnd)
  }

  /** Preallocates nothing more. */
  endFilling(): void {
    this.#preallocateBytes = 0
  }

  /** The sync of the seal. It fails when an earlier sync of the file has failed or fails meanwhile. */
  get sealSync(): FileSync {
    if (this.#sealSync === undefined) {
      this.#sealSync = new FileSync(this.#vfs, this.#file)
      this.#sealSync.adopt(this.#fileSync)
    }
    return this.#sealSync
  }

  /** Writes the seal; the caller syncs it. All records that the seal covers must be on the device. */
  writeSeal(seal: Seal): void {
    writeSeal(this.#file, seal, this.segment.frame)
  }

  /** Closes the file handles. A handle with a running sync is closed after the sync. Idempotent. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    const failures: unknown[] = []
    for (const handle of [this.#file, this.#fileSync, this.#fillSync, this.#sealSync]) {
      try {
        handle?.close()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}

/** Writes the seal of a segment that is not open for appends, and syncs it. */
export function sealSegment(vfs: Vfs, segment: Segment, seal: Seal): void {
  new ResumableTask(sealSegmentSteps(vfs, segment, seal, vfs.open(segment.path, 'write'))).sync()
}

/**
 * As {@link sealSegment}, in steps. Truncates the file after its last record: preallocated zeros, the records that the next segment
 * repeats, and whatever else follows would take space, and time when the segment is verified.
 *
 * @param file - the file of the segment, open for writing; the last step closes it.
 */
export function* sealSegmentSteps(vfs: Vfs, segment: Segment, seal: Seal, file: VfsFile): TaskSteps {
  const fileSync = new FileSync(vfs, file)
  try {
    const fileEnd = segment.fileOffsetOf(seal.endLsn)
    if (file.length() > fileEnd) file.truncate(fileEnd)
    writeSeal(file, seal, segment.frame)
    yield fileSync
  } finally {
    fileSync.close()
    file.close()
  }
}
