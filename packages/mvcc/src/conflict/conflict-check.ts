import { isLdbError, LdbError } from '@ldb/base'
import type { KeyBounds, KeyspaceSection } from '@ldb/base'
import { RecentWrites } from './recent-writes.js'
import { positionAfter, recordAt } from '../records/record-index.js'
import type { KeyspaceRead, TransactionReads } from '../read/transaction-reads.js'
import type { WriteBuffer } from '../records/write-buffer.js'
import type { WriteSet } from '../records/write-set.js'

/**
 * Checks the read set and write set of a transaction against the commits that it does not see (M6 to M9).
 *
 * @param writes - `undefined` when the transaction has no writes.
 * @throws {@link LdbError} LDB_CONFLICT, with the conflicting key in `details.key` when it is a single key.
 */
export function checkConflicts(
  recent: RecentWrites,
  reads: TransactionReads,
  writes: WriteSet | undefined,
): void {
  const since = reads.seq
  for (const [keyspaceId, read] of reads.keyspaces) {
    // The common case: no unseen commit has written to the store.
    if (read.viewed.state.conflictSeq <= since) continue
    const buffer = writes?.buffers.get(keyspaceId)
    const isChecked = read.reads !== undefined || read.updateReads !== undefined || buffer?.isEmpty === false
    if (!isChecked) continue
    if (since < recent.droppedSeq) {
      throw new LdbError(
        'LDB_CONFLICT',
        'the transaction was open for longer than the writes of other commits are retained',
      )
    }
    checkReads(recent, keyspaceId, read, since)
    if (buffer !== undefined) checkWrites(recent, keyspaceId, buffer, since)
  }
}

/**
 * Reports whether a commit would conflict with a transaction that does not see it.
 *
 * @param committed - the write set of the commit, and the keys that it read for update.
 * @param writes - as in {@link checkConflicts}.
 */
export function conflictsWith(
  committed: readonly KeyspaceSection[],
  reads: TransactionReads,
  writes: WriteSet | undefined,
): boolean {
  const recent = new RecentWrites(Number.MAX_SAFE_INTEGER)
  recent.add(1, committed)
  try {
    for (const [keyspaceId, read] of reads.keyspaces) {
      checkReads(recent, keyspaceId, read, 0)
      const buffer = writes?.buffers.get(keyspaceId)
      if (buffer !== undefined) checkWrites(recent, keyspaceId, buffer, 0)
    }
    return false
  } catch (error) {
    if (isLdbError(error, 'LDB_CONFLICT')) return true
    throw error
  }
}

function checkReads(recent: RecentWrites, keyspaceId: number, read: KeyspaceRead, since: number): void {
  const visit = (bytes: Uint8Array, start: number, end: number): boolean => {
    if (recent.hasKey(keyspaceId, bytes, start, end, since)) throw keyConflict(bytes.slice(start, end))
    return false
  }
  read.updateReads?.some(visit)
  read.reads?.keys.some(visit)
  for (const range of read.reads?.ranges ?? []) checkRange(recent, keyspaceId, range, since)
}

function checkWrites(recent: RecentWrites, keyspaceId: number, buffer: WriteBuffer, since: number): void {
  const { arena, points, ranges } = buffer
  for (let position = 0, record = recordAt(points, 0); record >= 0; record = recordAt(points, position)) {
    const start = arena.keyStart(record)
    if (recent.hasKey(keyspaceId, arena.bytes, start, start + arena.keyBytes(record), since)) {
      throw keyConflict(arena.key(record))
    }
    position = positionAfter(points, position)
  }
  for (let position = 0, record = recordAt(ranges, 0); record >= 0; record = recordAt(ranges, position)) {
    checkRange(recent, keyspaceId, { lower: arena.key(record), upper: arena.value(record) }, since)
    position = positionAfter(ranges, position)
  }
}

function checkRange(recent: RecentWrites, keyspaceId: number, range: KeyBounds, since: number): void {
  if (!recent.hasRange(keyspaceId, range, since)) return
  throw new LdbError(
    'LDB_CONFLICT',
    'another commit wrote to a range that the transaction has read or deleted',
  )
}

function keyConflict(key: Uint8Array): LdbError {
  return new LdbError('LDB_CONFLICT', 'another commit wrote a key that the transaction has read or written', {
    details: { key },
  })
}
