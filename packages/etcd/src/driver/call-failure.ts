import { DriverError } from '@ldb/cluster'
import type { DriverErrorKind } from '@ldb/cluster'
import { EtcdCallError, isMemberFailure, RpcStatus } from '../client/rpc-error.js'

/** Returns the error of a read, or of another call that may be repeated. */
export function readFailure(error: unknown): DriverError {
  if (error instanceof DriverError) return error
  if (!(error instanceof EtcdCallError)) return new DriverError('fatal', messageOf(error), { cause: error })
  const kind = isMemberFailure(error) ? 'unavailable' : refusalKind(error)
  return new DriverError(kind, error.message, { cause: error })
}

/**
 * Returns the error of a commit.
 *
 * @remarks Only a refusal that is known to write nothing is not `'commitUnknown'`.
 */
export function commitFailure(error: unknown): DriverError {
  if (error instanceof DriverError) return error
  if (!(error instanceof EtcdCallError))
    return new DriverError('commitUnknown', messageOf(error), { cause: error })
  if (!error.wasSent) return readFailure(error)
  const kind = REFUSALS.has(error.status) ? refusalKind(error) : 'commitUnknown'
  return new DriverError(kind, error.message, { cause: error })
}

/** Reports whether etcd says that it is full: the commit may be applied, as the last one before. */
export function isFull(error: unknown): boolean {
  return error instanceof EtcdCallError && refusalKind(error) === 'noSpace'
}

/** Reports whether etcd has refused a commit because its lease has expired. */
export function isLeaseExpired(error: unknown): boolean {
  return (
    error instanceof EtcdCallError && error.status === RpcStatus.NOT_FOUND && error.message.includes('lease')
  )
}

/** Statuses of an answer that etcd sends instead of writing. */
const REFUSALS: ReadonlySet<number> = new Set([
  RpcStatus.INVALID_ARGUMENT,
  RpcStatus.NOT_FOUND,
  RpcStatus.PERMISSION_DENIED,
  RpcStatus.RESOURCE_EXHAUSTED,
  RpcStatus.FAILED_PRECONDITION,
  RpcStatus.OUT_OF_RANGE,
  RpcStatus.UNIMPLEMENTED,
  RpcStatus.UNAUTHENTICATED,
])

function refusalKind(error: EtcdCallError): DriverErrorKind {
  const { status, message } = error
  if (status === RpcStatus.OUT_OF_RANGE)
    return message.includes('compacted') ? 'snapshotTooOld' : 'unavailable'
  if (status === RpcStatus.RESOURCE_EXHAUSTED) {
    if (message.includes('space')) return 'noSpace'
    return message.includes('larger') ? 'limitExceeded' : 'unavailable'
  }
  if (status === RpcStatus.INVALID_ARGUMENT && /too many operations|too large/.test(message))
    return 'limitExceeded'
  if (status === RpcStatus.UNIMPLEMENTED) return 'unsupported'
  return 'fatal'
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
