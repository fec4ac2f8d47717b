import { DriverError } from '@ldb/cluster'
import { ignoreRejection } from '@ldb/base'
import type { Deadline } from '../session/deadline.js'
import { driverErrorOf, provesRollback } from '../session/error-kinds.js'
import type { Answer, Statement } from '../session/exchange.js'
import type { PinnedSession } from './pinned-session.js'

/**
 * Sends the writes of a transaction and its COMMIT in one round trip. Returns the answer of the last write.
 *
 * @throws DriverError `'commitUnknown'` unless an answer of the server proves that nothing was applied; the kind of the error if one does.
 */
export async function sendCommit(
  pinned: PinnedSession,
  statements: readonly Statement[],
  deadline: Deadline,
): Promise<Answer> {
  const session = await pinned.acquire(deadline)
  if (session.isBroken) {
    // Nothing is sent on it.
    pinned.discard(session)
    throw new DriverError('unavailable', 'the session of the transaction was ended')
  }
  const answered = session.exchange([...pinned.withBegin(statements), { text: 'commit' }])
  let answers: readonly Answer[]
  try {
    answers = await deadline.within(answered, () => {
      pinned.abandon(session)
    })
  } catch (error) {
    if (!provesRollback(error)) {
      pinned.abandon(session)
      throw unknown(error)
    }
    // The server has skipped COMMIT. The next user of the session sends its statements behind this one.
    ignoreRejection(session.query('rollback'))
    pinned.releaseAfter(session, error)
    throw driverErrorOf(error)
  }
  const [write, commit] = answers.slice(-2)
  if (write === undefined || commit?.command !== 'COMMIT') {
    pinned.discard(session)
    throw unknown(new Error('the answers are not those of a commit'))
  }
  pinned.release(session)
  return write
}

function unknown(cause: unknown): DriverError {
  const { message } = driverErrorOf(cause)
  return new DriverError('commitUnknown', `the outcome of the commit is unknown: ${message}`, { cause })
}
