import { LdbError } from '@ldb/base'
import type { CommitOutcome } from '../driver/driver.js'
import { DriverError, isDriverError } from '../driver/driver-error.js'
import type { CommitResult, CommitRequest, DriverTransaction } from '../driver/driver-transaction.js'
import type { Marker } from '../driver/marker.js'
import type { Session } from './session.js'

/** A commit without its marker: each attempt gets a fresh one. */
export type UnmarkedCommit = Omit<CommitRequest, 'marker'>

/**
 * Commits once, and resolves an unknown outcome by the marker. Never sends the same writes again: that is for the caller, who begins anew.
 *
 * @throws DriverError `'conflict'` when an unknown outcome turned out as not applied, and never will be.
 * @throws {@link LdbError} LDB_COMMIT_UNKNOWN when no server answered what became of the commit.
 */
export async function commitOnce(
  session: Session,
  transaction: DriverTransaction,
  commit: UnmarkedCommit,
  deadline: number,
): Promise<CommitResult> {
  const marker = session.environment.marker()
  try {
    return await transaction.commit({ marker, ...commit }, session.callOptions(deadline))
  } catch (error) {
    if (!isDriverError(error, 'commitUnknown')) throw error
    const outcome = await resolveOutcome(session, marker, error)
    if (outcome === 'applied') return { version: undefined }
    throw new DriverError('conflict', 'a commit without an answer was not applied', { cause: error })
  }
}

/** Resolves a marker, for as long as one operation may last: user code must not run again before. */
async function resolveOutcome(
  session: Session,
  marker: Marker,
  unknown: DriverError,
): Promise<CommitOutcome> {
  const { driver } = session
  const deadline = session.deadline()
  for (let attempt = 1; ; attempt++) {
    try {
      return await driver.resolve(marker, session.callOptions(deadline))
    } catch (error) {
      const isTransient = isDriverError(error, 'unavailable') || isDriverError(error, 'conflict')
      if (isTransient && (await session.pause(attempt, deadline))) continue
      const message = `${driver.engine}: whether the commit ${marker} is applied is not known: ${unknown.message}`
      throw new LdbError('LDB_COMMIT_UNKNOWN', message, { cause: error })
    }
  }
}
