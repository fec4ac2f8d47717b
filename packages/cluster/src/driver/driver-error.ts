/**
 * Kind of a {@link DriverError}: what failed, and what the layer above may do about it.
 *
 * - `'conflict'`: the transaction lost to another one; nothing was written. The layer above runs it again from fresh reads. A driver may report a
 *   conflict that does not exist, but must not do so forever.
 * - `'commitUnknown'`: the commit was sent and its outcome is unknown. Only `commit` rejects with it. The layer above calls `resolve` with its marker.
 * - `'snapshotTooOld'`: the engine no longer has the state of the snapshot, or the changes after the version of a watch.
 * - `'limitExceeded'`: a key, a value, a transaction or its duration is over a limit of the engine. Nothing was written.
 * - `'noSpace'`: the engine is full. Nothing was written; reads may still work.
 * - `'unavailable'`: no server answered within the time. For `commit`: nothing was written **and nothing ever will be**; a commit that may
 *   have reached a server is `'commitUnknown'`.
 * - `'keyspaceGone'`: a keyspace of the call was dropped.
 * - `'unsupported'`: the engine lacks what the call needs; the message names both.
 * - `'closed'`: the driver was closed.
 * - `'fatal'`: anything else, such as a refused login or an answer that breaks the protocol. It is not retried.
 *
 * @category Errors
 */
export type DriverErrorKind =
  | 'conflict'
  | 'commitUnknown'
  | 'snapshotTooOld'
  | 'limitExceeded'
  | 'noSpace'
  | 'unavailable'
  | 'keyspaceGone'
  | 'unsupported'
  | 'closed'
  | 'fatal'

const ERROR_BRAND = Symbol.for('ldb.DriverError')

/**
 * The error of a driver. `ClusterDatabase` translates it into an `LdbError`, of which it is the `cause`.
 *
 * @remarks Test with {@link isDriverError}, not with `instanceof`: several copies of this package may be loaded.
 * @category Errors
 */
export class DriverError extends Error {
  override readonly name: string = 'DriverError'
  readonly kind: DriverErrorKind
  /** @internal */
  readonly [ERROR_BRAND]: boolean = true

  /** @param options - `cause`: the error of the client or of the engine. */
  constructor(kind: DriverErrorKind, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, Object.hasOwn(options, 'cause') ? { cause: options.cause } : undefined)
    this.kind = kind
  }
}

/** Reports whether `error` is a {@link DriverError}, and of the given kind when one is passed. @category Errors */
export function isDriverError(error: unknown, kind?: DriverErrorKind): error is DriverError {
  if (typeof error !== 'object' || error === null) return false
  const candidate = error as { [ERROR_BRAND]?: unknown; kind?: unknown }
  return candidate[ERROR_BRAND] === true && (kind === undefined || candidate.kind === kind)
}
