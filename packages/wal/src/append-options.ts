import { invalidArgument } from '@ldb/base'
import type { Seq } from '@ldb/base'
import { isOwnerType } from './segment/record-type.js'

/** Options of `Wal.append`. @category Log */
export interface AppendOptions {
  /**
   * Record type, 0 to 3. The owner of the log defines its meaning. Type 6, with the option `values` of the log, names values outside of
   * it. Default 0.
   */
  readonly type?: number
  /** Commit number; at least that of the previous record. Default: that of the previous record. */
  readonly seq?: Seq | number
  /**
   * The log borrows the payload until the next `flush`, `flushAsync`, `sync` or `syncAsync` returns. The payload's buffer must have 32 bytes
   * before it and 7 bytes after it, which the log may overwrite. The log then writes a large payload from the caller's memory without a copy.
   * Without these margins it copies the payload. Default false.
   */
  readonly isBorrowed?: boolean
}

/**
 * Checks the arguments of an append, of a log whose newest record has the seq `lastSeq`.
 *
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT.
 */
export function checkRecord(payload: Uint8Array, type: number, seq: number, lastSeq: number): void {
  if (!(payload instanceof Uint8Array)) throw invalidArgument('the payload of a record must be a Uint8Array')
  if (!Number.isInteger(type) || !isOwnerType(type)) {
    throw invalidArgument('the type of a record must be an integer from 0 to 3, or 6')
  }
  if (!Number.isSafeInteger(seq) || seq < lastSeq) {
    throw invalidArgument('the seq of a record must not be less than that of the previous record', {
      expected: lastSeq,
      actual: seq,
    })
  }
}
