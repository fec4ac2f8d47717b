import { compareBytes, equalBytes, untilAborted } from '@ldb/base'
import type { AbortSignalLike } from '@ldb/base'
import { commitOnce } from '../calls/commit.js'
import { checkCommitSize } from '../calls/portable-limits.js'
import type { Session } from '../calls/session.js'
import type { DriverKeyspace } from '../driver/driver-keyspace.js'
import type { DriverWrite } from '../driver/driver-transaction.js'
import { expiryOf } from '../values/stored-value.js'

/** What becomes of a key: its next stored value, `undefined` to delete it, or `'unchanged'`. */
export type NextStored = Uint8Array | undefined | 'unchanged'

/**
 * Reads keys and writes what `decide` returns for each, as one serializable commit, again from fresh reads after a conflict.
 *
 * @param keys - ascending, each once.
 * @param decide - called for each key in each attempt, with the stored value. What it throws ends the attempts.
 * @returns whether something was written.
 * @throws {@link LdbError} LDB_TOO_LARGE, LDB_ABORTED and the errors of commits.
 */
export function changeKeys(
  session: Session,
  keyspace: DriverKeyspace,
  keys: readonly Uint8Array[],
  decide: (stored: Uint8Array | undefined, index: number) => NextStored,
  signal: AbortSignalLike | undefined,
): Promise<boolean> {
  const deadline = session.deadline()
  const passed = session.pins.passed()
  const readKeys = keys.map((key) => ({ keyspace, key }))
  const attempt = async (): Promise<boolean> => {
    const transaction = session.driver.begin({
      mode: 'readWrite',
      isolation: 'serializable',
      isSingleRead: true,
    })
    try {
      const stored = await transaction.getMany(readKeys, session.callOptions(deadline))
      const writes: DriverWrite[] = []
      let byteCount = 0
      for (const [index, { key }] of readKeys.entries()) {
        const value = decide(stored[index], index)
        if (value === 'unchanged') continue
        writes.push({ keyspace, key, value })
        byteCount += key.length + (value?.length ?? 0)
      }
      checkCommitSize(session.limits, writes.length, byteCount)
      if (writes.length === 0) {
        await transaction.finish(session.callOptions(deadline))
        return false
      }
      const commit = { writes, deletedRanges: [], readKeys, readRanges: [] }
      await commitOnce(session, transaction, commit, deadline)
      return true
    } finally {
      void transaction.abort()
    }
  }
  const run = async (): Promise<boolean> => {
    if (passed !== undefined) await untilAborted(passed, signal)
    return session.attempts(attempt, signal, deadline)
  }
  return session.track(run())
}

/** Deletes the keys that are still expired, and returns their number. @param keys - in any order. */
export async function removeExpired(
  session: Session,
  keyspace: DriverKeyspace,
  keys: readonly Uint8Array[],
  signal?: AbortSignalLike,
): Promise<number> {
  const ascending = [...keys].sort(compareBytes)
  const distinct = ascending.filter(
    (key, index) => index === 0 || !equalBytes(key, ascending[index - 1] as Uint8Array),
  )
  const nowMs = session.environment.now()
  const removed = new Set<number>()
  const decide = (stored: Uint8Array | undefined, index: number): NextStored => {
    if (index === 0) removed.clear()
    if (stored === undefined || expiryOf(stored) > nowMs) return 'unchanged'
    removed.add(index)
    return undefined
  }
  await changeKeys(session, keyspace, distinct, decide, signal)
  return removed.size
}
