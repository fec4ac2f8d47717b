import { DriverError } from '@ldb/cluster'
import { ignoreRejection } from '@ldb/base'
import type { Deadline } from '../session/deadline.js'
import { driverErrorOf, provesRollback } from '../session/error-kinds.js'
import type { Answer } from '../session/session.js'
import type { Statement } from './commit-statements.js'
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
  const sent = [...pinned.withBegin(statements), { text: 'commit', values: [] }]
  const answers = sent.map(({ text, values }) => session.query(text, values))
  for (const answer of answers) ignoreRejection(answer)
  const settled = Promise.allSettled(answers)
  let results: PromiseSettledResult<Answer>[]
  try {
    results = await deadline.within(settled, () => {
      pinned.abandon(session)
    })
  } catch (error) {
    throw unknown(error)
  }
  const failure = results.find((result) => result.status === 'rejected')
  if (failure === undefined) {
    const [write, commit] = results
      .slice(-2)
      .map((result) => (result as PromiseFulfilledResult<Answer>).value)
    if (write === undefined || commit?.command !== 'COMMIT') {
      pinned.discard(session)
      throw unknown(new Error('the answers are not those of a commit'))
    }
    pinned.release(session)
    return write
  }
  const error = failure.reason as unknown
  if (!provesRollback(error)) {
    pinned.abandon(session)
    throw unknown(error)
  }
  pinned.releaseAfter(session, error)
  throw driverErrorOf(error)
}

function unknown(cause: unknown): DriverError {
  const { message } = driverErrorOf(cause)
  return new DriverError('commitUnknown', `the outcome of the commit is unknown: ${message}`, { cause })
}
