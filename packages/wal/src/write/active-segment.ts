import { ResumableTask } from '@ldb/base'
import type { DeviceSteps, Syncable } from '@ldb/base'
import { FileSync } from '@ldb/vfs'
import type { Vfs, VfsFile } from '@ldb/vfs'
import { SEAL_FILE_OFFSET } from '../format.js'
import type { RecordBuffer } from './record-buffer.js'
import { encodeSeal } from '../segment/seal.js'
import type { Seal } from '../segment/seal.js'
import { allocate } from './segment-creation.js'
import type { Segment } from '../segment/segment.js'

/** Space is filled ahead, by the sync that comes next, when less than this is left. */
const AHEAD_BYTES_MIN = 64 * 1024
/** Between syncs, space is filled ahead when less than this is left. */
const AHEAD_BYTES_WANTED = 192 * 1024
/** Zeros that are written at once between syncs: some 0.1 ms on the thread. */
const SLICE_BYTES = 256 * 1024
/** Bytes of records that a new segment has allocated; the log's own limit may be lower. */
export const FIRST_ALLOCATION_BYTES: number = 256 * 1024

/** The file of a segment that is being written. */
export class ActiveSegment implements Syncable {
  readonly segment: Segment
  readonly #file: VfsFile
  #preallocateBytes: number
  /** Offset in the file up to which zeros were filled, or records written. */
  #allocatedEnd: number
  readonly #fileSync: FileSync
  /** Of what is filled ahead: who waits for records does not wait for that too. */
  readonly #fillSync: FileSync
  #isFilling: boolean
  #isCut: boolean
  #closed: boolean

  /** @param made - what has synced the file when it was made. */
  constructor(vfs: Vfs, segment: Segment, preallocateBytes: number, made?: FileSync) {
    this.segment = segment
    this.#preallocateBytes = preallocateBytes
    this.#file = vfs.open(segment.path, 'write')
    this.#allocatedEnd = this.#file.length()
    this.#fileSync = new FileSync(vfs, this.#file)
    this.#fillSync = new FileSync(vfs, this.#file)
    if (made !== undefined) this.#fileSync.adopt(made)
    this.#isFilling = false
    this.#isCut = false
    this.#closed = false
  }

  /** Hands encoded records, the first of which begins at `lsn`, to the operating system. */
  write(records: RecordBuffer, lsn: number): void {
    let fileOffset = this.segment.fileOffsetOf(lsn)
    records.writeTo((bytes, start, byteCount) => {
      this.#file.write(bytes, start, byteCount, fileOffset)
      fileOffset += byteCount
    })
    this.#allocatedEnd = Math.max(this.#allocatedEnd, fileOffset)
    this.#fileSync.noteWritten(records.byteCount)
  }

  /**
   * Called before each sync: when the allocated space runs out, fills some more ahead, as much as the segment holds
   * already, within limits. A log that is never synced so never pays for zeros.
   */
  allocateAhead(endLsn: number): void {
    const writtenEnd = this.segment.fileOffsetOf(endLsn)
    if (this.#preallocateBytes === 0 || this.#allocatedEnd - writtenEnd >= AHEAD_BYTES_MIN) return
    this.#fill(writtenEnd, this.#aheadBytesAt(endLsn))
  }

  /**
   * Called between syncs that leave the thread: fills space ahead as `allocateAhead` does, but in slices, each of which is
   * brought to the device before the next one, off this thread and at no commit's cost. Resolves at once where there is enough.
   */
  async fillAhead(endLsn: number): Promise<void> {
    const writtenEnd = this.segment.fileOffsetOf(endLsn)
    if (this.#isFilling || this.#preallocateBytes === 0) return
    if (this.#allocatedEnd - writtenEnd >= AHEAD_BYTES_WANTED) return
    const wantedEnd = writtenEnd + this.#aheadBytesAt(endLsn)
    this.#isFilling = true
    try {
      // The segment may be cut or closed meanwhile, and records may have come.
      while (!this.#closed && !this.#isCut && this.#preallocateBytes > 0 && this.#allocatedEnd < wantedEnd) {
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
    this.#allocatedEnd = allocate(this.#file, from, byteCount)
    // No room: not tried again at every sync.
    if (this.#allocatedEnd === from) this.#preallocateBytes = 0
  }

  sync(): void {
    this.#fileSync.sync()
  }

  syncAsync(): Promise<void> {
    return this.#fileSync.syncAsync()
  }

  /** Cuts off what lies behind the last record: zeros, or what a failed write left. */
  cutTo(lsn: number): void {
    this.#isCut = true
    this.#allocatedEnd = this.segment.fileOffsetOf(lsn)
    this.#file.truncate(this.#allocatedEnd)
  }

  /** Writes the seal, to be synced next. All that it speaks of must be on the device. */
  writeSeal(seal: Seal): void {
    writeSeal(this.#file, this.segment, seal)
  }

  /** Gives the handles back; the one that is being synced, when that is done. Idempotent. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    try {
      this.#file.close()
    } finally {
      this.#fileSync.close()
      this.#fillSync.close()
    }
  }
}

/** Writes the seal of a segment that was found, and syncs it. */
export function sealFoundSegment(vfs: Vfs, segment: Segment, seal: Seal): void {
  new ResumableTask(sealFoundSteps(vfs, segment, seal)).sync()
}

/** As {@link sealFoundSegment}, in steps. */
export function* sealFoundSteps(vfs: Vfs, segment: Segment, seal: Seal): DeviceSteps {
  const file = vfs.open(segment.path, 'write')
  const fileSync = new FileSync(vfs, file)
  try {
    writeSeal(file, segment, seal)
    yield fileSync
  } finally {
    fileSync.close()
    file.close()
  }
}

function writeSeal(file: VfsFile, segment: Segment, seal: Seal): void {
  const bytes = encodeSeal(seal, segment.seed)
  file.write(bytes, 0, bytes.length, SEAL_FILE_OFFSET)
}
