import { viewOf } from './tree-layout.js'

// Reads a segment of a sound log by its FORMAT.md alone, for the same reason as tree-layout.ts.

const RECORDS_START = 8192
const RECORD_HEADER = 32
const COMMIT = 1

/** A record of a segment. */
export interface LogRecord {
  /** First byte in the file. */
  readonly start: number
  /** Behind the last byte of the payload. */
  readonly end: number
  /** Number of the commit that it is, or comes behind. */
  readonly seq: number
  readonly isCommit: boolean
  /** Position in the file up to which the log was known to be synced when it was appended. */
  readonly syncedEnd: number
}

/** Returns the records of a segment, in their order. */
export function logRecords(bytes: Uint8Array): LogRecord[] {
  const view = viewOf(bytes)
  const records: LogRecord[] = []
  for (let at = RECORDS_START; at + RECORD_HEADER <= bytes.length;) {
    // A record has a check of its header, which zeros are none of.
    if (view.getUint32(at + 8, true) === 0 && view.getUint32(at, true) === 0) break
    const payloadBytes = view.getUint32(at + 12, true)
    records.push({
      start: at,
      end: at + RECORD_HEADER + payloadBytes,
      seq: Number(view.getBigUint64(at + 16, true)),
      isCommit: view.getUint8(at + 28) === COMMIT,
      syncedEnd: at - view.getUint32(at + 24, true),
    })
    at += RECORD_HEADER + Math.ceil(payloadBytes / 8) * 8
  }
  return records
}

/** Position in the file of a segment up to which it was synced before it got its name. */
export function durableEnd(bytes: Uint8Array): number {
  const view = viewOf(bytes)
  const baseLsn = Number(view.getBigUint64(64, true))
  return RECORDS_START + Number(view.getBigUint64(72, true)) - baseLsn
}

/**
 * Returns the oldest commit that a log which was left open may end with when a range of bytes of its newest segment is
 * damaged: what undamaged records say was synced must be there.
 *
 * @param before - the last commit before this segment.
 */
export function leastSeqAfterDamage(bytes: Uint8Array, start: number, end: number, before: number): number {
  const records = logRecords(bytes)
  const whole = records.filter((record) => record.end <= start || record.start >= end)
  const synced = whole.reduce((most, record) => Math.max(most, record.syncedEnd), durableEnd(bytes))
  return records.reduce((seq, record) => (record.end <= synced ? Math.max(seq, record.seq) : seq), before)
}
