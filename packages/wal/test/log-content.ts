import type { VerifyFinding } from '@ldb/base'
import type { Wal } from '../src/index.js'

export interface LogRecord {
  readonly lsn: number
  readonly type: number
  readonly seq: number
  readonly payload: string
}

/** Returns all records of a log from a position on. */
export function recordsOf(wal: Wal, from: number = wal.firstLsn): LogRecord[] {
  const records: LogRecord[] = []
  const reader = wal.read(from)
  while (reader.next()) {
    const { lsn, type, seq, payload } = reader
    records.push({ lsn, type, seq, payload: hexOf(payload) })
  }
  reader.close()
  return records
}

export function findingsOf(wal: Wal): VerifyFinding[] {
  const findings: VerifyFinding[] = []
  wal.verify({ finding: (finding) => findings.push(finding), progress: () => {} })
  return findings
}

export function hexOf(bytes: Uint8Array): string {
  let hex = ''
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0')
  return hex
}

/** Returns a payload that is distinct for each number and length. */
export function payloadOf(number: number, byteCount: number): Uint8Array {
  const bytes = new Uint8Array(byteCount)
  for (let index = 0; index < byteCount; index++)
    bytes[index] = (number * 31 + index * 7 + (index >> 8)) & 0xff
  return bytes
}
