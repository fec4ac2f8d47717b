import type { UnitCipher } from '@ldb/integrity'
import { resolvePath } from '@ldb/vfs'
import type { FilePath, Vfs } from '@ldb/vfs'
import { RECORD_ALIGNMENT, SealKind } from './format.js'
import { readIntactSegment, restoreSegment } from './read/salvaged-segment.js'
import { SegmentCursor } from './segment/cursor.js'
import { equalIds } from './segment/header.js'
import { joinPath, listLogDirectory } from './segment/log-directory.js'
import { segmentName } from './segment/name.js'
import { recordSpaceEnd } from './segment/record-space.js'
import type { CreateCipher, FoundSegment } from './segment/segment.js'

/** A record of a damaged log. @category Salvage */
export interface SalvagedRecord {
  readonly lsn: number
  readonly seq: number
  readonly type: number
  /** Borrowed until the call returns. */
  readonly payload: Uint8Array
  /** False when the record may not have been synced: external values that it names may be missing, and the log then ends before it. */
  readonly isSynced: boolean
}

/** A part of a log that cannot be read. @category Salvage */
export interface LogLoss {
  readonly file: string
  readonly offset: number
  readonly message: string
}

/** Receives what a salvage reads of a log. @category Salvage */
export interface LogSalvageSink {
  /** Receives a record, in the order of the log. When it returns false, the log ends before the record. */
  record(record: SalvagedRecord): boolean
  /** Receives a loss before the records that follow it. */
  loss(loss: LogLoss): void
}

/** What a salvage has found of a log. @category Salvage */
export interface LogSalvageReport {
  /** Id of the owner; `undefined` when no header names one. */
  readonly ownerId: Uint8Array | undefined
  /** Greatest seq that is proved to be in the log, by records, headers and seals. */
  readonly lastSeq: number
  /** Records that were read. */
  readonly recordCount: number
  /** True when nothing of the log is known to be missing. */
  readonly isComplete: boolean
  /** True when records behind the last one that was read may be missing, of which nothing proves how many they are. */
  readonly mayLackEnd: boolean
}

/**
 * Reads the records of a damaged log that are intact. Writes nothing.
 *
 * @remarks Records that follow a damaged one are read as far as they are proved to be in the log: by a later segment, a seal, or a
 * synced position. A segment whose header is damaged is read if its neighbours or its records prove its id. Reads each segment once, and
 * the newest one twice if it was left open.
 * @param path - directory of the log.
 * @param ownerId - segments of other owners are losses.
 * @param createCipher - makes the cipher of a segment of an encrypted log.
 * @throws {@link LdbError} LDB_FORMAT for an intact segment of another version; LDB_IO; what the sink throws.
 * @example
 * ```ts
 * import { salvageLog, Wal } from '@ldb/wal'
 * import { MemoryVfs } from '@ldb/vfs'
 *
 * const vfs = new MemoryVfs()
 * const wal = Wal.open(vfs, 'log')
 * wal.append(Uint8Array.of(1))
 * wal.close()
 * const report = salvageLog(vfs, 'log', {
 *   record: ({ payload }) => payload.length > 0,
 *   loss: ({ message }) => console.log(message),
 * })
 * console.log(report.recordCount) // 1
 * ```
 * @category Salvage
 */
export function salvageLog(
  vfs: Vfs,
  path: FilePath,
  sink: LogSalvageSink,
  ownerId?: Uint8Array,
  createCipher?: (segmentId: Uint8Array) => UnitCipher,
): LogSalvageReport {
  const directory = resolvePath(vfs, path)
  const numbers = listLogDirectory(vfs, directory)?.segmentNumbers ?? []
  const salvage = new LogSalvage(vfs, directory, sink, createCipher)
  if (numbers.length === 0) salvage.loseEnd(directory, 0, 'the log has no segment')
  const segments = salvage.find(numbers, ownerId)
  for (const [index, found] of segments.entries()) {
    if (!salvage.read(found, segments[index + 1])) break
  }
  return salvage.report(ownerId ?? segments[0]?.segment.header.ownerId)
}

class LogSalvage {
  readonly #vfs: Vfs
  readonly #directory: string
  readonly #sink: LogSalvageSink
  readonly #createCipher: CreateCipher | undefined
  #lastSeq = 0
  #recordCount = 0
  #isComplete = true
  #mayLackEnd = false

  constructor(vfs: Vfs, directory: string, sink: LogSalvageSink, createCipher: CreateCipher | undefined) {
    this.#vfs = vfs
    this.#directory = directory
    this.#sink = sink
    this.#createCipher = createCipher
  }

  report(ownerId: Uint8Array | undefined): LogSalvageReport {
    return {
      ownerId,
      lastSeq: this.#lastSeq,
      recordCount: this.#recordCount,
      isComplete: this.#isComplete,
      mayLackEnd: this.#mayLackEnd,
    }
  }

  lose(file: string, offset: number, message: string): void {
    this.#isComplete = false
    this.#sink.loss({ file, offset, message })
  }

  loseEnd(file: string, offset: number, message: string): void {
    this.#mayLackEnd = true
    this.lose(file, offset, message)
  }

  /** Returns the segments that can be read. */
  find(numbers: readonly number[], ownerId: Uint8Array | undefined): FoundSegment[] {
    const paths = numbers.map((number) => joinPath(this.#directory, segmentName(number)))
    const intact = numbers.map((number, index) =>
      readIntactSegment(this.#vfs, paths[index] as string, number, this.#createCipher),
    )
    const owner = ownerId ?? intact.find((found) => found !== undefined)?.segment.header.ownerId
    const segments: FoundSegment[] = []
    for (const [index, number] of numbers.entries()) {
      const file = paths[index] as string
      const found =
        intact[index] ??
        restoreSegment(
          this.#vfs,
          file,
          number,
          { previous: segments.at(-1), next: intact[index + 1] },
          this.#createCipher,
        )
      this.#mayLackEnd = found === undefined
      if (found === undefined) this.lose(file, 0, 'the header of a log segment is damaged')
      else if (
        intact[index] !== undefined &&
        owner !== undefined &&
        !equalIds(found.segment.header.ownerId, owner)
      ) {
        this.lose(file, 0, 'a log segment belongs to another owner')
      } else segments.push(found)
    }
    return segments
  }

  /** Reads the records of a segment. Returns false when the log ends within it. */
  read(found: FoundSegment, next: FoundSegment | undefined): boolean {
    const { segment, seal } = found
    const cursor = new SegmentCursor(segment, this.#vfs.open(segment.path, 'read'))
    try {
      const spaceEnd = recordSpaceEnd(found, cursor)
      const knownEnd = this.#knownEnd(found, next)
      const end = Math.min(knownEnd ?? spaceEnd, spaceEnd)
      const syncedEnd = knownEnd ?? syncedEndOf(found, cursor, spaceEnd)
      if (!this.#readRecords(found, cursor, end, syncedEnd)) return false
      if (knownEnd !== undefined && knownEnd > spaceEnd) {
        this.lose(segment.path, found.fileBytes, 'a log segment is too short for its records')
      }
    } finally {
      cursor.close()
    }
    if (next !== undefined) this.#lastSeq = Math.max(this.#lastSeq, next.segment.header.lastSeq)
    if (typeof seal !== 'object') return true
    this.#lastSeq = Math.max(this.#lastSeq, seal.lastSeq)
    const isSuccessorKnown = next !== undefined && equalIds(next.segment.header.segmentId, seal.successorId)
    if (seal.kind === SealKind.continued && !isSuccessorKnown) {
      const message = 'the successor of this log segment is missing'
      if (next === undefined) this.loseEnd(segment.path, found.fileBytes, message)
      else this.lose(segment.path, found.fileBytes, message)
    }
    return true
  }

  /** Returns the end of the records of a segment, if its successor or its seal defines it. */
  #knownEnd({ segment, seal }: FoundSegment, next: FoundSegment | undefined): number | undefined {
    if (next !== undefined && equalIds(next.segment.header.previousId, segment.header.segmentId)) {
      return next.segment.baseLsn
    }
    return typeof seal === 'object' ? seal.endLsn : undefined
  }

  #readRecords(found: FoundSegment, cursor: SegmentCursor, end: number, syncedEnd: number): boolean {
    const { segment } = found
    let lsn = segment.baseLsn
    while (lsn < end) {
      if (cursor.readRecord(lsn, end)) {
        cursor.checkReadable()
        const { seq, type, payload } = cursor
        const isSynced = lsn < syncedEnd
        if (!this.#sink.record({ lsn, seq, type, payload, isSynced })) return false
        this.#recordCount += 1
        this.#lastSeq = Math.max(this.#lastSeq, seq)
        lsn += cursor.recordBytes
        continue
      }
      if (lsn >= syncedEnd) return true
      this.lose(segment.path, segment.fileOffsetOf(lsn), 'a record of the log is bad')
      const isHeaderIntact = cursor.readHeader(lsn, end)
      if (isHeaderIntact) this.#lastSeq = Math.max(this.#lastSeq, cursor.seq)
      lsn = cursor.findRecord(lsn + (isHeaderIntact ? cursor.recordBytes : RECORD_ALIGNMENT), end)
      if (lsn < 0) return true
    }
    return true
  }
}

/** Returns the greatest position of a segment that was left open which a good record or header proves to be synced. */
function syncedEndOf({ segment }: FoundSegment, cursor: SegmentCursor, spaceEnd: number): number {
  let synced = segment.header.durableEndLsn
  for (let lsn = segment.baseLsn; lsn >= 0 && lsn < spaceEnd;) {
    if (cursor.readHeader(lsn, spaceEnd)) {
      synced = Math.max(synced, cursor.syncedLsn)
      lsn += cursor.recordBytes
    } else lsn = cursor.findRecord(lsn + RECORD_ALIGNMENT, spaceEnd)
  }
  return synced
}
