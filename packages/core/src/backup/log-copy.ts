import { isLdbError, writeU32, writeU64 } from '@ldb/base'
import type { HeldFile, Syncable } from '@ldb/base'
import { HeldBytes } from '@ldb/vfs'
import type { CommitReader } from '../log/change-reader.js'
import {
  LOG_COMMIT_BYTES,
  LOG_COMMIT_OFFSET_PAYLOAD_BYTES,
  LOG_COMMIT_OFFSET_SEQ,
  LOG_COMMIT_OFFSET_TYPE,
  LogRecordType,
} from '../format.js'
import type { SealedCommits } from '../encryption/sealed-commits.js'

/** Bytes of a block of the log and of the catalog. */
export const LOG_BLOCK_BYTES = 65_536
/** Bytes of commits that one step copies. */
const STEP_BYTES = 524_288

/** How commits are copied. */
export interface LogCopyParts {
  /** Encrypts them; `undefined` when the database is not encrypted. */
  readonly sealed: SealedCommits | undefined
  readonly timeSlice: Syncable
  /** Called between two steps. Throws to end the backup. */
  readonly check: () => void
}

/** Returns the commits up to `seq`, one after the other. */
export function* copyCommits(
  commits: CommitReader,
  seq: number,
  parts: LogCopyParts,
): Generator<Syncable, Uint8Array, void> {
  return (yield* copyUpTo(commits, seq, Infinity, parts)) as Uint8Array
}

/**
 * Returns the commits since a backup; `undefined` when they cannot replace blocks: they are more bytes, a bulk load is among them, whose entries are
 * in no log, or the log no longer contains them.
 */
export function* copyCommitsSince(
  commits: CommitReader,
  seq: number,
  bytesMax: number,
  parts: LogCopyParts,
): Generator<Syncable, Uint8Array | undefined, void> {
  try {
    const bytes = yield* copyUpTo(commits, seq, bytesMax, parts)
    return commits.seq === seq ? bytes : undefined
  } catch (error) {
    if (isLdbError(error, 'LDB_NOT_FOUND')) return undefined
    throw error
  }
}

function* copyUpTo(
  commits: CommitReader,
  seq: number,
  bytesMax: number,
  { sealed, timeSlice, check }: LogCopyParts,
): Generator<Syncable, Uint8Array | undefined, void> {
  let bytes = new Uint8Array(LOG_BLOCK_BYTES)
  let end = 0
  let stepEnd = STEP_BYTES
  while (commits.next(seq)) {
    const { payload, type } = commits
    const storedBytes = payload.length + (sealed?.trailerBytes ?? 0)
    const needed = end + LOG_COMMIT_BYTES + storedBytes
    if (needed > bytesMax || (type === LogRecordType.Load && bytesMax < Infinity)) return undefined
    if (needed > bytes.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * bytes.length))
      grown.set(bytes.subarray(0, end))
      bytes = grown
    }
    writeU32(bytes, end + LOG_COMMIT_OFFSET_PAYLOAD_BYTES, storedBytes)
    bytes[end + LOG_COMMIT_OFFSET_TYPE] = type
    writeU64(bytes, end + LOG_COMMIT_OFFSET_SEQ, commits.seq)
    if (sealed === undefined) bytes.set(payload, end + LOG_COMMIT_BYTES)
    else sealed.seal(type, commits.seq, payload, bytes, end + LOG_COMMIT_BYTES)
    end = needed
    commits.endCommit()
    if (end < stepEnd) continue
    stepEnd = end + STEP_BYTES
    check()
    yield timeSlice
  }
  return bytes.subarray(0, end)
}

/** Returns bytes in memory as a held file. */
export function heldBytes(bytes: Uint8Array): HeldFile {
  const shape = { number: 0, length: bytes.length, blockBytes: LOG_BLOCK_BYTES, isImmutable: false }
  return new HeldBytes(shape, bytes)
}
