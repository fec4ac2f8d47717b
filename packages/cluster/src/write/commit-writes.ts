import { untilAborted } from '@ldb/base'
import type { AbortSignalLike } from '@ldb/base'
import type { WriteSet } from '../buffer/write-set.js'
import { commitOnce } from '../calls/commit.js'
import { checkCommitSize } from '../calls/portable-limits.js'
import type { Session } from '../calls/session.js'
import type { Version } from '../driver/version.js'

/**
 * Commits writes that depend on no read, as one atomic commit, and returns its version where the engine reports it.
 *
 * @remarks An abort of the signal ends the wait for snapshots and between attempts. An attempt that was sent is decided first.
 * @throws {@link LdbError} LDB_TOO_LARGE, LDB_ABORTED and the errors of commits.
 */
export function commitWrites(
  session: Session,
  writes: WriteSet,
  signal: AbortSignalLike | undefined,
): Promise<Version | undefined> {
  const commit = writes.commit()
  checkCommitSize(session.limits, commit.writes.length + commit.deletedRanges.length, commit.byteCount)
  if (commit.writes.length === 0 && commit.deletedRanges.length === 0) return Promise.resolve(undefined)
  const unmarked = {
    writes: commit.writes,
    deletedRanges: commit.deletedRanges,
    readKeys: [],
    readRanges: [],
  }
  const deadline = session.deadline()
  const passed = session.pins.passed()
  const run = async (): Promise<Version | undefined> => {
    if (passed !== undefined) await untilAborted(passed, signal)
    return session.attempts(
      async () => {
        const transaction = session.driver.begin({
          mode: 'readWrite',
          isolation: 'serializable',
          isSingleRead: false,
        })
        try {
          return (await commitOnce(session, transaction, unmarked, deadline)).version
        } finally {
          void transaction.abort()
        }
      },
      signal,
      deadline,
    )
  }
  return session.track(run())
}
