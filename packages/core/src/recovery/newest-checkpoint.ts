import type { Wal } from '@ldb/wal'
import { LogRecordType } from '../format.js'
import { decodeCheckpointRecord } from '../log/checkpoint-record.js'
import type { CheckpointRecord } from '../log/checkpoint-record.js'

/**
 * Returns the newest checkpoint record of a log; `undefined` when there is none. Reads the whole log, which is short after a clean close.
 *
 * @param directory - of the log, for errors.
 * @throws {@link LdbError} LDB_CORRUPTION, LDB_IO.
 */
export function newestCheckpoint(wal: Wal, directory: string): CheckpointRecord | undefined {
  const reader = wal.read(wal.firstLsn)
  try {
    let newest: Uint8Array | undefined
    while (reader.next()) if (reader.type === LogRecordType.Checkpoint) newest = reader.payload.slice()
    return newest && decodeCheckpointRecord(newest, directory)
  } finally {
    reader.close()
  }
}
