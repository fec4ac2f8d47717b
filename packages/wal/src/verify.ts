import { isLdbError } from '@ldb/base'
import type { LdbError, VerifyFinding, VerifySink } from '@ldb/base'
import type { Vfs } from '@ldb/vfs'
import { RECORD_ALIGNMENT, SEAL_FILE_OFFSET, SealKind } from './format.js'
import {
  checkLink,
  checkOwner,
  checkNothingMissingBehind,
  joinPath,
  listLogDirectory,
} from './segment/log-directory.js'
import { segmentName } from './segment/name.js'
import { SegmentCursor } from './segment/cursor.js'
import { readSegment } from './segment/segment.js'
import type { FoundSegment } from './segment/segment.js'

/** Records between two reports of progress. */
const PROGRESS_RECORDS = 4096

/**
 * Checks every record of a log, and how its segments hang together; goes on behind what it finds wrong. Only reads,
 * and needs no log that can be opened. Records of a torn tail are not findings: the next open drops them. A seal that a
 * crash has torn is one, until the next open writes it again.
 *
 * @remarks Reads all segments once. `units` and `entries` of the progress both count records.
 * @param endLsn - where the log ends, if that is known: nothing up to there may be missing.
 * @param ownerId - whose log it must be, if that is known.
 * @throws whatever the sink throws; nothing else.
 * @example
 * ```ts
 * import { verifyWal, Wal } from '@ldb/wal'
 * import { MemoryVfs } from '@ldb/vfs'
 *
 * const vfs = new MemoryVfs()
 * Wal.open(vfs, 'log').close()
 * verifyWal(vfs, 'log', { finding: (finding) => console.log(finding), progress: () => {} })
 * ```
 * @category Log
 */
export function verifyWal(
  vfs: Vfs,
  directory: string,
  sink: VerifySink,
  endLsn?: number,
  ownerId?: Uint8Array,
): void {
  const numbers = attempt(sink, directory, () => listLogDirectory(vfs, directory)?.segmentNumbers)
  if (numbers === undefined || numbers.length === 0) {
    report(sink, 'missing', directory, 0, 'there is no segment of a log')
    return
  }
  let previous: FoundSegment | undefined
  for (const number of numbers) {
    const path = joinPath(directory, segmentName(number))
    const next = attempt(sink, path, () => readSegment(vfs, path, number))
    const owner = ownerId ?? previous?.segment.header.ownerId
    if (next !== undefined) attempt(sink, path, () => checkOwner(next, owner))
    if (previous !== undefined) {
      const before = previous
      if (next !== undefined) attempt(sink, path, () => checkLink(before, next), 'missing')
      verifyRecords(vfs, before, next?.segment.baseLsn, sink)
    }
    previous = next
  }
  if (previous === undefined) return
  const newest = previous
  attempt(sink, newest.segment.path, () => checkNothingMissingBehind(newest), 'missing')
  verifyRecords(vfs, newest, endLsn, sink)
}

/** @param knownEnd - where the records must end, when something outside of the segment says so. */
function verifyRecords(vfs: Vfs, found: FoundSegment, knownEnd: number | undefined, sink: VerifySink): void {
  const { segment, seal } = found
  sink.progress({ files: 1, units: 0, entries: 0, bytes: 0 })
  if (seal === 'torn') {
    report(sink, 'checksum', segment.path, SEAL_FILE_OFFSET, 'the seal of a log segment is torn or damaged')
  }
  const endLsn = knownEnd ?? (typeof seal === 'string' ? undefined : seal.endLsn)
  attempt(sink, segment.path, () => {
    const cursor = new SegmentCursor(segment, vfs.open(segment.path, 'read'))
    try {
      new RecordAudit(found, cursor, sink).run(endLsn)
    } finally {
      cursor.close()
    }
  })
}

/** One walk over the records of a segment. */
class RecordAudit {
  readonly #found: FoundSegment
  readonly #cursor: SegmentCursor
  readonly #sink: VerifySink
  readonly #badLsns: number[]
  #syncedLsn: number
  #recordCount: number
  #byteCount: number

  constructor(found: FoundSegment, cursor: SegmentCursor, sink: VerifySink) {
    this.#found = found
    this.#cursor = cursor
    this.#sink = sink
    this.#badLsns = []
    this.#syncedLsn = found.segment.header.durableEndLsn
    this.#recordCount = 0
    this.#byteCount = 0
  }

  run(knownEnd: number | undefined): void {
    const { segment, fileBytes } = this.#found
    const spaceEnd = segment.baseLsn + (fileBytes - segment.fileOffsetOf(segment.baseLsn))
    const walkEnd = Math.min(knownEnd ?? spaceEnd, spaceEnd)
    const chainHash = segment.header.chainHash.copy()
    let lsn = segment.baseLsn
    while (lsn < walkEnd) {
      if (this.#cursor.readRecord(lsn, walkEnd)) {
        chainHash.add(this.#cursor.checksumLow, this.#cursor.checksumHigh)
        lsn += this.#count()
      } else {
        this.#badLsns.push(lsn)
        const goodLsn = this.#cursor.findRecord(lsn + RECORD_ALIGNMENT, walkEnd)
        if (goodLsn < 0) break
        lsn = goodLsn
      }
    }
    this.#tellProgress()
    const mustEnd = knownEnd ?? this.#syncedLsn
    for (const badLsn of this.#badLsns) {
      if (badLsn < mustEnd) this.#tell('checksum', badLsn, 'a record of the log is bad')
    }
    if (this.#badLsns.length > 0) return
    if (lsn < mustEnd) this.#tell('missing', lsn, 'records at the end of a log segment are missing')
    const { seal } = this.#found
    const sealed = typeof seal !== 'string' && seal.endLsn === lsn
    if (sealed && !seal.chainHash.equals(chainHash)) {
      this.#tell('structure', lsn, 'a log segment holds other records than when it was sealed')
    }
    if (typeof seal !== 'string' && seal.kind === SealKind.closed && !sealed) {
      this.#tell('structure', lsn, 'a log segment does not end where it was sealed')
    }
  }

  #count(): number {
    const { recordBytes, syncedLsn } = this.#cursor
    if (syncedLsn > this.#syncedLsn) this.#syncedLsn = syncedLsn
    this.#recordCount++
    this.#byteCount += recordBytes
    if (this.#recordCount === PROGRESS_RECORDS) this.#tellProgress()
    return recordBytes
  }

  #tellProgress(): void {
    this.#sink.progress({ units: this.#recordCount, entries: this.#recordCount, bytes: this.#byteCount })
    this.#recordCount = 0
    this.#byteCount = 0
  }

  #tell(kind: VerifyFinding['kind'], lsn: number, message: string): void {
    const { segment } = this.#found
    report(this.#sink, kind, segment.path, segment.fileOffsetOf(lsn), message)
  }
}

/** Runs a step; an error of the log or its files becomes a finding. What the sink throws goes through. */
function attempt<T>(
  sink: VerifySink,
  file: string,
  step: () => T,
  corruptionKind: VerifyFinding['kind'] = 'structure',
): T | undefined {
  try {
    return step()
  } catch (error) {
    if (!isLdbError(error) || !isFault(error)) throw error
    const { details, message } = error
    const kind = error.code === 'LDB_CORRUPTION' || error.code === 'LDB_FORMAT' ? corruptionKind : 'io'
    report(sink, kind, details.file ?? file, details.offset ?? 0, message)
    return undefined
  }
}

function isFault(error: LdbError): boolean {
  return ['LDB_CORRUPTION', 'LDB_FORMAT', 'LDB_IO', 'LDB_NOT_FOUND'].includes(error.code)
}

function report(
  sink: VerifySink,
  kind: VerifyFinding['kind'],
  file: string,
  offset: number,
  message: string,
): void {
  sink.finding({ kind, file, offset, message })
}
