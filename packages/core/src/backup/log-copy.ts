import { writeU32, writeU64 } from '@ldb/base'
import type { HeldFile } from '@ldb/base'
import { HeldBytes } from '@ldb/vfs'
import type { CommitReader } from '../log/change-reader.js'
import {
  LOG_COMMIT_BYTES,
  LOG_COMMIT_OFFSET_PAYLOAD_BYTES,
  LOG_COMMIT_OFFSET_SEQ,
  LOG_COMMIT_OFFSET_TYPE,
} from '../format.js'
import type { SealedCommits } from '../encryption/sealed-commits.js'

/** Bytes of a block of the log and of the catalog. */
export const LOG_BLOCK_BYTES = 65_536

/**
 * Returns the commits up to `seq`, one after the other.
 *
 * @param sealed - encrypts them; `undefined` when the database is not encrypted.
 */
export function copyOfLog(commits: CommitReader, seq: number, sealed: SealedCommits | undefined): HeldFile {
  let bytes = new Uint8Array(LOG_BLOCK_BYTES)
  let end = 0
  while (commits.next(seq)) {
    const { payload, type } = commits
    const storedBytes = payload.length + (sealed?.trailerBytes ?? 0)
    const needed = end + LOG_COMMIT_BYTES + storedBytes
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
  }
  return heldBytes(bytes.subarray(0, end))
}

/** Returns bytes in memory as a held file. */
export function heldBytes(bytes: Uint8Array): HeldFile {
  const shape = { number: 0, length: bytes.length, blockBytes: LOG_BLOCK_BYTES, isImmutable: false }
  return new HeldBytes(shape, bytes)
}
