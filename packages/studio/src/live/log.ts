import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerResponse } from 'node:http'
import { isLdbError } from '@ldb/base'
import type { AsyncDatabase, LogRecord, LogRecords } from '@ldb/core'
import { sendLines } from './line-stream.js'
import type { Session } from '../session.js'

/** Time between two readings of a log that has no new record. */
const POLL_MS = 200
/** Records that were in the log before the page came, of which the newest are sent. */
const OLD_RECORDS_MAX = 200
/** A longer log is not searched for them. */
const OLD_BYTES_MAX = 67_108_864

/** Writes the records of the log as lines of JSON, as they come, until the page closes the response. */
export async function sendLog(session: Session, response: ServerResponse): Promise<void> {
  const { database } = session
  await sendLines(response, (signal) => recordsOf(database, signal))
}

/** Yields the newest records of the log, then each new one with the time at which it was read: the log has no times. */
async function* recordsOf(
  database: AsyncDatabase,
  signal: AbortSignal,
): AsyncGenerator<LogRecord & { readonly timeMs?: number }> {
  const { records, nextLsn } = await newestRecords(database, signal)
  yield* records
  let from = nextLsn
  while (!signal.aborted) {
    const read = await readFrom(database, from)
    const timeMs = Date.now()
    for (const record of read.records) yield { ...record, timeMs }
    from = read.nextLsn
    if (read.records.length === 0) await sleep(POLL_MS, undefined, { signal }).catch(() => undefined)
  }
}

async function newestRecords(database: AsyncDatabase, signal: AbortSignal): Promise<LogRecords> {
  let read = await database.logRecords({ limit: 1 })
  const { oldestLsn, endLsn } = read
  if (endLsn - oldestLsn > OLD_BYTES_MAX) return { ...read, records: [], nextLsn: endLsn }
  let records = read.records
  while (read.nextLsn < endLsn && !signal.aborted) {
    read = await readFrom(database, read.nextLsn)
    records = [...records, ...read.records].slice(-OLD_RECORDS_MAX)
  }
  return { ...read, records }
}

/** Reads from a position on; from the oldest record when a checkpoint has removed the one at the position. */
async function readFrom(database: AsyncDatabase, from: number): Promise<LogRecords> {
  try {
    return await database.logRecords({ from })
  } catch (error) {
    if (!isLdbError(error, 'LDB_NOT_FOUND')) throw error
    return database.logRecords()
  }
}
