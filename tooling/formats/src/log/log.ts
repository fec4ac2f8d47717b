// A whole log: FORMAT.md of packages/wal, "Opening".
import { requireKnown, requireSound } from '../bytes/format-error.js'
import type { DataKeys } from '../encryption/data-keys.js'
import { extendChain, opened, recordAt } from './record.js'
import type { LogRecord } from './record.js'
import { readSegment, RECORDS_OFFSET } from './segment.js'
import type { Segment } from './segment.js'

/** What a log contains. */
export interface Log {
  readonly segments: readonly Segment[]
  readonly records: readonly LogRecord[]
  readonly isClosed: boolean
  readonly startLsn: number
  readonly endLsn: number
  readonly syncedLsn: number
  readonly lastSeq: number
  readonly chainHash: bigint
}

/** Position after a record, and what identifies the records before it. */
interface Progress {
  readonly lsn: number
  readonly lastSeq: number
  readonly chainHash: bigint
}

/**
 * Reads all segments of a log. Keys are file names; other names than those of segments are ignored.
 *
 * @param hasValues - reports whether all values that the payload of a record of type 6 names are intact.
 * @param keys - data keys of an encrypted database.
 */
export function readLog(
  files: ReadonlyMap<string, Uint8Array>,
  hasValues: (payload: Uint8Array) => boolean = () => true,
  keys?: DataKeys,
): Log {
  const segments = [...files]
    .filter(([name]) => /^\d{10}\.wal$/.test(name) && Number(name.slice(0, 10)) > 0)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, bytes]) => readSegment(bytes, Number(name.slice(0, 10)), keys))
  const [oldest] = segments
  const newest = segments.at(-1)
  requireSound(oldest !== undefined && newest !== undefined, 'the log has no segment')
  const records: LogRecord[] = []
  let progress: Progress = { lsn: oldest.baseLsn, lastSeq: oldest.lastSeq, chainHash: oldest.chainHash }
  segments.slice(1).forEach((segment, index) => {
    const previous = segments[index]
    if (previous === undefined) return
    checkSuccessor(previous, segment)
    progress = readRecords(previous, progress, segment.baseLsn, records)
    requireSound(progress.lsn === segment.baseLsn, `a record is bad in segment ${previous.segmentNumber}`)
    requireSound(progress.chainHash === segment.chainHash, 'chain hash of a segment')
    requireSound(progress.lastSeq === segment.lastSeq, 'last seq of a segment')
  })
  const { seal } = newest
  requireSound(seal === 'none' || seal === 'torn' || seal.kind === 'closed', 'the newest segment is missing')
  const startLsn = oldest.baseLsn
  if (seal !== 'none' && seal !== 'torn') {
    progress = readRecords(newest, progress, seal.endLsn, records)
    requireSound(progress.lsn === seal.endLsn, 'a record of a closed log is bad')
    requireSound(progress.chainHash === seal.chainHash, 'chain hash of a closed log')
    requireSound(progress.lastSeq === seal.lastSeq, 'last seq of a closed log')
    return { ...summarize(progress), segments, records, isClosed: true, startLsn, syncedLsn: seal.endLsn }
  }
  const limit = endOfSpace(newest)
  const inNewest: LogRecord[] = []
  progress = readRecords(newest, progress, limit, inNewest)
  const syncedLsn = Math.max(
    newest.durableEndLsn,
    ...inNewest.map((record) => record.syncedPosition),
    ...syncedPositionsAfter(newest, progress.lsn, limit),
  )
  requireSound(progress.lsn >= syncedLsn, 'a synced record is bad')
  const lost = inNewest.findIndex(
    ({ type, lsn, payload }) => type === 6 && lsn >= syncedLsn && !hasValues(payload),
  )
  if (lost >= 0) progress = progressTo(newest, inNewest.slice(0, lost))
  records.push(...(lost < 0 ? inNewest : inNewest.slice(0, lost)))
  return { ...summarize(progress), segments, records, isClosed: false, startLsn, syncedLsn }
}

/** Returns the position after records of a segment, from its start. */
function progressTo(segment: Segment, records: readonly LogRecord[]): Progress {
  let { baseLsn: lsn, lastSeq, chainHash } = segment
  for (const record of records) {
    chainHash = extendChain(chainHash, record.checksum)
    lastSeq = record.seq
    lsn = record.endLsn
  }
  return { lsn, lastSeq, chainHash }
}

/** Returns the lsn at which the search for records ends, whatever the length of the file. */
function endOfSpace(segment: Segment): number {
  const { baseLsn, capacityBytes, view } = segment
  const endOfFile = baseLsn + view.length - RECORDS_OFFSET
  if (endOfFile <= baseLsn + capacityBytes) return endOfFile
  return Math.max(baseLsn + capacityBytes, recordAt(segment, baseLsn, endOfFile)?.endLsn ?? 0)
}

function summarize({ lsn, lastSeq, chainHash }: Progress): Pick<Log, 'endLsn' | 'lastSeq' | 'chainHash'> {
  return { endLsn: lsn, lastSeq, chainHash }
}

function checkSuccessor(previous: Segment, segment: Segment): void {
  requireSound(segment.previousId === previous.segmentId, 'the segment names another predecessor')
  requireSound(segment.ownerId === previous.ownerId, 'the segment has another owner')
  requireSound(segment.baseLsn >= previous.baseLsn, 'the segment begins before its predecessor')
  const reach = previous.baseLsn + previous.view.length - RECORDS_OFFSET
  requireSound(reach >= segment.baseLsn, 'the predecessor ends too early')
  if (previous.seal === 'none' || previous.seal === 'torn') return
  requireSound(previous.seal.endLsn === segment.baseLsn, 'the seal names another end')
  requireSound(previous.seal.chainHash === segment.chainHash, 'the seal names another chain hash')
  const isNamed = previous.seal.kind === 'closed' || previous.seal.successorId === segment.segmentId
  requireSound(isNamed, 'the seal names another successor')
}

/** Appends the good records from `from` to `limit` to `records`. Returns the end of the last one. */
function readRecords(segment: Segment, from: Progress, limit: number, records: LogRecord[]): Progress {
  let { lsn, lastSeq, chainHash } = from
  for (;;) {
    const record = recordAt(segment, lsn, limit)
    if (record === undefined || !record.isGood) return { lsn, lastSeq, chainHash }
    requireKnown(
      record.type <= 4 || record.type === 6 || record.type === 7 || record.type >= 128,
      `record of type ${record.type}`,
    )
    requireSound(record.seq >= lastSeq, 'seqs of records descend')
    records.push(opened(segment, record))
    chainHash = extendChain(chainHash, record.checksum)
    lastSeq = record.seq
    lsn = record.endLsn
  }
}

/** Returns the synced positions that headers at and records after the end of a log prove. */
function syncedPositionsAfter(segment: Segment, end: number, limit: number): number[] {
  const positions: number[] = []
  const atEnd = recordAt(segment, end, limit)
  if (atEnd !== undefined) positions.push(atEnd.syncedPosition)
  for (let lsn = atEnd?.endLsn ?? end + 8; lsn < limit;) {
    const record = recordAt(segment, lsn, limit)
    if (record?.isGood === true) positions.push(record.syncedPosition)
    lsn = record?.isGood === true ? record.endLsn : lsn + 8
  }
  return positions
}
