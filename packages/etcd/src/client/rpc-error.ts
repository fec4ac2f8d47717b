/** Status codes of gRPC that etcd uses. */
export const RpcStatus = {
  OK: 0,
  CANCELED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const

/**
 * A call that etcd has refused, or that has no answer.
 *
 * @category Errors
 */
export class EtcdCallError extends Error {
  override readonly name: string = 'EtcdCallError'
  /** Status code of gRPC, for instance 14 for "unavailable". */
  readonly status: number
  /** False if no member can have received the request. */
  readonly wasSent: boolean

  constructor(status: number, message: string, wasSent: boolean) {
    super(message)
    this.status = status
    this.wasSent = wasSent
  }
}

/** Statuses of a member that cannot answer at present: another one may. */
const OTHER_MEMBER_MAY_ANSWER: ReadonlySet<number> = new Set([
  RpcStatus.CANCELED,
  RpcStatus.UNKNOWN,
  RpcStatus.DEADLINE_EXCEEDED,
  RpcStatus.UNAVAILABLE,
])

/** Reports whether the call may succeed at another member. */
export function isMemberFailure(error: unknown): error is EtcdCallError {
  return error instanceof EtcdCallError && OTHER_MEMBER_MAY_ANSWER.has(error.status)
}

/** Reports whether a member and this client do not trust each other: another member may have a better certificate. */
export function isDistrust(error: EtcdCallError): boolean {
  return error.status === RpcStatus.UNAUTHENTICATED && !error.wasSent
}
