import { isLdbError, ownProperty, runVerifySteps } from '@ldb/base'
import type {
  LdbError,
  VerifyAmount,
  VerifyFinding,
  VerifySeverity,
  VerifySink,
  VerifySteps,
} from '@ldb/base'
import type { UnitCipher } from '@ldb/integrity'
import { isMissingPath, isResourceShortage, resolvePath } from '@ldb/vfs'
import type { FilePath, Vfs } from '@ldb/vfs'
import { RECORD_ALIGNMENT, RECORDS_FILE_OFFSET, SEAL_FILE_OFFSET, SealKind } from './format.js'
import {
  checkLink,
  checkOwner,
  checkNoSuccessorMissing,
  joinPath,
  listLogDirectory,
} from './segment/log-directory.js'
import { RecordLocations } from './segment/record-locations.js'
import { recordSpaceEnd } from './segment/record-space.js'
import type { SegmentList } from './segment/list.js'
import { segmentName } from './segment/name.js'
import { unreadableTypeReason } from './segment/record-type.js'
import { SegmentCursor } from './segment/cursor.js'
import { readSegment } from './segment/segment.js'
import type { FoundSegment } from './segment/segment.js'

/** Records between two progress reports. */
const PROGRESS_RECORDS = 4096
/** Records of a step, and bytes from which on it ends earlier. */
const STEP_RECORDS = 64
const STEP_BYTES = 65_536

/**
 * Verifies every record of a log and the chain of its segments, and continues after each finding. Only reads; the log need not be
 * openable. Records of a torn tail are no findings: the next open drops them. A torn seal is a finding until the next open
 * writes it again.
 *
 * @remarks Reads all segments once. Both `units` and `entries` of the progress count records.
 * @param path - directory of the log: a path, or a `file:` URL.
 * @param endLsn - end of the log, if known: all records below it must be present.
 * @param ownerId - required owner of the log, if known.
 * @param createCipher - makes the cipher of a segment; without it, encrypted payloads are checked as they are stored.
 * @throws {@link LdbError} LDB_IO when descriptors or memory are used up; what the sink throws.
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
  path: FilePath,
  sink: VerifySink,
  endLsn?: number,
  ownerId?: Uint8Array,
  createCipher?: (segmentId: Uint8Array) => UnitCipher,
): void {
  runVerifySteps(verifyWalSteps(vfs, path, sink, { endLsn, ownerId, createCipher }))
}

/** What is known of a log that is verified. */
interface KnownLog {
  /** End of the log when the verification begins. */
  readonly endLsn?: number | undefined
  readonly ownerId?: Uint8Array | undefined
  /** Makes the cipher of a segment of an encrypted log. */
  readonly createCipher?: ((segmentId: Uint8Array) => UnitCipher) | undefined
  /** Reports whether the log was truncated behind a segment, since the verification has begun. */
  readonly isRemoved?: (segmentNumber: number) => boolean
}

/** As {@link verifyWal}, in steps: the first one reads the front of every segment, and the log may be written to between two. */
function* verifyWalSteps(vfs: Vfs, path: FilePath, sink: VerifySink, known: KnownLog): VerifySteps {
  const directory = resolvePath(vfs, path)
  const numbers = attempt(sink, directory, () => listLogDirectory(vfs, directory)?.segmentNumbers)
  if (numbers === undefined || numbers.length === 0) {
    report(sink, 'missing', directory, 0, 'the log has no segment')
    return
  }
  const audits: {
    readonly number: number
    readonly found: FoundSegment
    readonly endLsn: number | undefined
  }[] = []
  let previous: { readonly number: number; readonly found: FoundSegment } | undefined
  for (const number of numbers) {
    const path = joinPath(directory, segmentName(number))
    const next = attempt(sink, path, () => readSegment(vfs, path, number, known.createCipher))
    const owner = known.ownerId ?? previous?.found.segment.header.ownerId
    if (next !== undefined) attempt(sink, path, () => checkOwner(next, owner))
    if (previous !== undefined) {
      const before = previous.found
      if (next !== undefined) attempt(sink, path, () => checkLink(before, next), 'missing')
      audits.push({ ...previous, endLsn: next?.segment.baseLsn })
    }
    // Behind a segment that cannot be read, the records of the one before are bounded by its seal alone.
    previous = next === undefined ? undefined : { number, found: next }
  }
  if (previous !== undefined) {
    const newest = previous.found
    attempt(sink, newest.segment.path, () => checkNoSuccessorMissing(newest), 'missing')
    audits.push({ ...previous, endLsn: known.endLsn })
  }
  const isRemoved = ownProperty(known, 'isRemoved', 'the log')
  for (const { number, found, endLsn } of audits) {
    yield
    yield* verifyRecords(vfs, found, endLsn, sink, () => isRemoved?.(number) === true)
  }
}

/** The log that is open: what is flushed when the first step runs is verified. */
interface OpenLog {
  readonly vfs: Vfs
  readonly segments: SegmentList
  /** @throws {@link LdbError} LDB_CLOSED. */
  assertOpen(): void
}

/** As {@link verifyWalSteps}, of an open log. */
export function* verifyOpenLog(
  log: OpenLog,
  directory: string,
  writer: { readonly flushedLsn: number },
  sink: VerifySink,
): VerifySteps {
  log.assertOpen()
  const { segments } = log
  const known: KnownLog = {
    endLsn: writer.flushedLsn,
    ownerId: segments.newest?.header.ownerId,
    createCipher: segments.createCipher,
    isRemoved: (segmentNumber) => segmentNumber < (segments.oldest?.header.segmentNumber ?? 0),
  }
  for (const step of verifyWalSteps(log.vfs, directory, sink, known)) {
    yield step
    log.assertOpen()
  }
}

/** @param knownEnd - required end of the records, when a source outside of the segment defines it. */
function* verifyRecords(
  vfs: Vfs,
  found: FoundSegment,
  knownEnd: number | undefined,
  sink: VerifySink,
  isRemoved: () => boolean,
): VerifySteps {
  const { segment, seal } = found
  if (isRemoved()) return
  sink.progress({ files: 1, units: 0, entries: 0, bytes: 0 })
  if (seal === 'torn') {
    const message = 'the seal of a log segment is torn or damaged'
    report(sink, 'checksum', segment.path, SEAL_FILE_OFFSET, message, 'warning')
  }
  const endLsn = knownEnd ?? (typeof seal === 'string' ? undefined : seal.endLsn)
  const cursor = attempt(sink, segment.path, () => new SegmentCursor(segment, vfs.open(segment.path, 'read')))
  if (cursor === undefined) return
  const steps = new RecordAudit(found, cursor, sink).run(endLsn)
  try {
    while (attempt(sink, segment.path, () => steps.next())?.done === false) yield
  } finally {
    cursor.close()
  }
}

/** One pass over the records of a segment. */
class RecordAudit {
  readonly #found: FoundSegment
  readonly #cursor: SegmentCursor
  readonly #sink: VerifySink
  readonly #badLsns: number[]
  #syncedLsn: number
  #recordCount: number
  #byteCount: number
  /** Bytes of all records so far. */
  #recordBytes: number
  /** Amounts by type since the last report. */
  #amounts: Map<number, { count: number; bytes: number }>
  readonly #locations: RecordLocations

  constructor(found: FoundSegment, cursor: SegmentCursor, sink: VerifySink) {
    this.#found = found
    this.#cursor = cursor
    this.#sink = sink
    this.#badLsns = []
    this.#syncedLsn = found.segment.header.durableEndLsn
    this.#recordCount = 0
    this.#byteCount = 0
    this.#recordBytes = 0
    this.#amounts = new Map()
    this.#locations = new RecordLocations(found.segment, sink)
  }

  *run(knownEnd: number | undefined): VerifySteps {
    const { segment } = this.#found
    const spaceEnd = recordSpaceEnd(this.#found, this.#cursor)
    const walkEnd = Math.min(knownEnd ?? spaceEnd, spaceEnd)
    const chainHash = segment.header.chainHash.copy()
    let lsn = segment.baseLsn
    let stepLsn = lsn
    let stepRecords = 0
    while (lsn < walkEnd) {
      stepRecords++
      if (stepRecords > STEP_RECORDS || lsn - stepLsn >= STEP_BYTES) {
        stepRecords = 0
        stepLsn = lsn
        yield
      }
      if (this.#cursor.readRecord(lsn, walkEnd)) {
        this.#checkReadable(lsn)
        this.#checkPayload()
        chainHash.add(this.#cursor.checksumLow, this.#cursor.checksumHigh)
        lsn += this.#count(lsn)
      } else {
        this.#badLsns.push(lsn)
        // Recovery uses the header of the first bad record when only its payload is torn.
        if (this.#badLsns.length === 1 && this.#cursor.readHeader(lsn, walkEnd)) this.#checkReadable(lsn)
        const goodLsn = this.#cursor.findRecord(lsn + RECORD_ALIGNMENT, walkEnd)
        if (goodLsn < 0) break
        lsn = goodLsn
      }
    }
    this.#locations.end(this.#found.fileBytes)
    this.#reportProgress(this.#restAmounts())
    const requiredEnd = knownEnd ?? this.#syncedLsn
    for (const badLsn of this.#badLsns) {
      if (badLsn < requiredEnd) this.#report('checksum', badLsn, 'a record of the log is bad')
    }
    if (this.#badLsns.length > 0) return
    if (lsn < requiredEnd) this.#report('missing', lsn, 'records at the end of a log segment are missing')
    const { seal } = this.#found
    const sealed = typeof seal !== 'string' && seal.endLsn === lsn
    if (sealed && !seal.chainHash.equals(chainHash)) {
      this.#report('structure', lsn, 'the records of a log segment do not match the chain hash of its seal')
    }
    if (typeof seal !== 'string' && seal.kind === SealKind.closed && !sealed) {
      this.#report('structure', lsn, 'the records of a log segment do not end where its seal says')
    }
  }

  /** Records after the first bad one may belong to a torn tail: their type does not matter. */
  #checkReadable(lsn: number): void {
    const { type, reserved } = this.#cursor
    if (reserved !== 0) {
      this.#report('structure', lsn, 'a record of the log has reserved bytes that this build does not know')
      return
    }
    const reason = this.#badLsns.length > 0 ? undefined : unreadableTypeReason(type)
    if (reason !== undefined) this.#report('structure', lsn, reason)
  }

  /** Decrypts an encrypted payload: the checksum of a forged record can be right. */
  #checkPayload(): void {
    if (this.#found.segment.codec.cipher === undefined) return
    attempt(this.#sink, this.#found.segment.path, () => this.#cursor.payload)
  }

  #count(lsn: number): number {
    const { recordBytes, syncedLsn, type } = this.#cursor
    this.#locations.add(type, lsn, recordBytes)
    const amount = this.#amounts.get(type) ?? { count: 0, bytes: 0 }
    amount.count++
    amount.bytes += recordBytes
    this.#amounts.set(type, amount)
    this.#recordBytes += recordBytes
    if (syncedLsn > this.#syncedLsn) this.#syncedLsn = syncedLsn
    this.#recordCount++
    this.#byteCount += recordBytes
    if (this.#recordCount === PROGRESS_RECORDS) this.#reportProgress()
    return recordBytes
  }

  #reportProgress(others: readonly VerifyAmount[] = []): void {
    const records = [...this.#amounts].map(([type, amount]): VerifyAmount => ({
      kind: `record-${type}`,
      ...amount,
    }))
    this.#amounts = new Map()
    const amounts = [...others, ...records]
    this.#sink.progress({
      units: this.#recordCount,
      entries: this.#recordCount,
      bytes: this.#byteCount,
      amounts,
    })
    this.#recordCount = 0
    this.#byteCount = 0
  }

  /** Returns the amounts of the bytes of the file that are in no record. */
  #restAmounts(): VerifyAmount[] {
    const amounts: VerifyAmount[] = [{ kind: 'segment-header', count: 1, bytes: RECORDS_FILE_OFFSET }]
    const unusedBytes = this.#found.fileBytes - RECORDS_FILE_OFFSET - this.#recordBytes
    return unusedBytes > 0 ? [...amounts, { kind: 'unused', count: 1, bytes: unusedBytes }] : amounts
  }

  #report(kind: VerifyFinding['kind'], lsn: number, message: string): void {
    const { segment } = this.#found
    report(this.#sink, kind, segment.path, segment.fileOffsetOf(lsn), message)
  }
}

/** Runs a step and reports an error of the log or its files as a finding. Errors of the sink propagate. */
function attempt<T>(
  sink: VerifySink,
  file: string,
  step: () => T,
  corruptionKind: VerifyFinding['kind'] = 'structure',
): T | undefined {
  try {
    return step()
  } catch (error) {
    // Without descriptors nothing is known about the file.
    if (!isLdbError(error) || !isFault(error) || isResourceShortage(error)) throw error
    const { details, message } = error
    report(sink, kindOf(error, corruptionKind), details.file ?? file, details.offset ?? 0, message)
    return undefined
  }
}

function kindOf(error: LdbError, corruptionKind: VerifyFinding['kind']): VerifyFinding['kind'] {
  if (error.code === 'LDB_CORRUPTION' || error.code === 'LDB_FORMAT') return corruptionKind
  return isMissingPath(error) ? 'missing' : 'io'
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
  severity: VerifySeverity = 'error',
): void {
  sink.finding({ kind, file, offset, message, severity })
}
