import { decodeBatch, invalidArgument, ownOptions } from '@ldb/base'
import type { VerifyUnitKind } from '@ldb/base'
import { decodeKeyspaceChange } from '../catalog/keyspace-change.js'
import { isBatchType, LogRecordType } from '../format.js'
import type { Health } from '../health/health.js'
import type { KeyspaceTable } from '../keyspace/table.js'
import type { LogRecordReader } from '../log/change-reader.js'
import type { CommitLog } from '../log/commit-log.js'
import { namedKind } from './record-kinds.js'

/** Options of `logRecords`. @category Changes */
export interface LogRecordsOptions {
  /** Position of the first record: `nextLsn` or `endLsn` of an earlier result. Default: the oldest record of the log. */
  readonly from?: number | undefined
  /** Greatest number of records, from 1 to 10,000. @defaultValue 1000 */
  readonly limit?: number | undefined
}

/** A record of the log. @category Changes */
export interface LogRecord {
  /** Position in the log, in bytes since the log was created. */
  readonly lsn: number
  /** Bytes in the file, with header and padding. */
  readonly bytes: number
  /** `'commit-record'`, `'blob-commit-record'` (with values in blob files), `'load-record'`, `'keyspace-record'`, `'checkpoint-record'`, `'catalog-record'`. */
  readonly kind: VerifyUnitKind
  /** Number of its commit; of a record of another kind, that of the newest commit before it. */
  readonly seq: number
  /** Operations of a commit; 0 for other kinds. */
  readonly operationCount: number
  /** Names of the keyspaces that a commit changes, creates or drops; without changes of those that were dropped since. */
  readonly keyspaces: readonly string[]
}

/** Consecutive records of the log. @category Changes */
export interface LogRecords {
  readonly records: readonly LogRecord[]
  /** Position after the last one: pass it as `from`, now or when there are more. */
  readonly nextLsn: number
  /** Position of the oldest record of the log. */
  readonly oldestLsn: number
  /** Position after the newest record in the files. */
  readonly endLsn: number
}

const KNOWN = ['from', 'limit'] as const
const LIMIT_DEFAULT = 1000
const LIMIT_MAX = 10_000
/** Bytes of records after which a result ends. */
const BYTES_MAX = 1_048_576

/** The parts of a database that hold the log. */
interface LogParts {
  readonly health: Health
  readonly log: CommitLog
  readonly keyspaces: KeyspaceTable
}

/** Returns records of the log; documented where it is exported, as `Database.logRecords`. */
export function readLogRecords(
  { health, log, keyspaces }: LogParts,
  options: LogRecordsOptions | undefined,
): LogRecords {
  const { from, limit = LIMIT_DEFAULT } = ownOptions(options, KNOWN)
  if (from !== undefined && (!Number.isSafeInteger(from) || (from as number) < 0))
    throw invalidArgument('from must be a position in the log')
  if (!Number.isInteger(limit) || (limit as number) < 1 || (limit as number) > LIMIT_MAX)
    throw invalidArgument(`limit must be a whole number from 1 to ${LIMIT_MAX}`)
  health.assertReadable()
  const { oldestLsn, endLsn } = log.bounds
  if ((from as number) > endLsn) throw invalidArgument(`the log ends at position ${endLsn}`)
  const reader = log.readRecords((from as number | undefined) ?? oldestLsn)
  if (reader === undefined) return Object.freeze({ records: [], nextLsn: 0, oldestLsn: 0, endLsn: 0 })
  const records: LogRecord[] = []
  try {
    let byteCount = 0
    while (records.length < (limit as number) && byteCount < BYTES_MAX && reader.next()) {
      const record = recordOf(reader, keyspaces)
      byteCount += record.bytes
      records.push(record)
    }
    return Object.freeze({ records, nextLsn: reader.nextLsn, oldestLsn, endLsn })
  } finally {
    reader.close()
  }
}

function recordOf(reader: LogRecordReader, keyspaces: KeyspaceTable): LogRecord {
  const { lsn, nextLsn, type, seq } = reader
  const hasSections = isBatchType(type) || type === LogRecordType.Load
  const sections = hasSections ? decodeBatch(reader.payload, 'wal', seq) : []
  const names =
    type === LogRecordType.Keyspace
      ? [decodeKeyspaceChange(reader.payload, 'wal', seq).name]
      : sections.flatMap(({ keyspaceId }) => keyspaces.byId(keyspaceId)?.descriptor.name ?? [])
  return Object.freeze({
    lsn,
    bytes: nextLsn - lsn,
    kind: namedKind(`record-${type}`),
    seq,
    operationCount: sections.reduce((sum, { operationCount }) => sum + operationCount, 0),
    keyspaces: names,
  })
}
