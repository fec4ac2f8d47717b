import { viewOf } from './tree-layout.js'

// Decodes a segment of an intact log from its FORMAT.md alone, for the same reason as tree-layout.ts.

const RECORDS_START = 8192
const RECORD_HEADER = 32
const COMMIT = 1

/** A record of a segment. */
export interface LogRecord {
  /** File offset of the first byte. */
  readonly start: number
  /** File offset after the last byte of the payload. */
  readonly end: number
  /** Sequence number of the commit, or of the newest commit before a record of another type. */
  readonly seq: number
  readonly isCommit: boolean
  /** File offset up to which the log was known to be synced when the record was appended. */
  readonly syncedEnd: number
}

/** Returns the records of a segment in order. */
export function logRecords(bytes: Uint8Array): LogRecord[] {
  const view = viewOf(bytes)
  const records: LogRecord[] = []
  for (let at = RECORDS_START; at + RECORD_HEADER <= bytes.length;) {
    // The checksum of a record header is not zero; zeros are preallocated space.
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

/** Returns the file offset up to which a segment was synced before it was renamed to its name. */
export function durableEnd(bytes: Uint8Array): number {
  const view = viewOf(bytes)
  const baseLsn = Number(view.getBigUint64(64, true))
  return RECORDS_START + Number(view.getBigUint64(72, true)) - baseLsn
}

/**
 * Returns the oldest commit at which a log that was not closed may end after damage to a range of its newest segment.
 * Everything that undamaged records report as synced must be recovered.
 *
 * @param before - the last commit before this segment.
 */
export function leastSeqAfterDamage(bytes: Uint8Array, start: number, end: number, before: number): number {
  const records = logRecords(bytes)
  const whole = records.filter((record) => record.end <= start || record.start >= end)
  const synced = whole.reduce((most, record) => Math.max(most, record.syncedEnd), durableEnd(bytes))
  return records.reduce((seq, record) => (record.end <= synced ? Math.max(seq, record.seq) : seq), before)
}
