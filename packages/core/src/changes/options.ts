import { invalidArgument, ownOptions, resolveRange, utf8Keys } from '@ldb/base'
import type { KeyBounds, KeyEncoding, RangeOptions } from '@ldb/base'
import { AsyncKeyspaceWrites } from '../async/keyspace-writes.js'
import { checkSignal } from '../health/abort-signal.js'
import type { AbortSignalLike } from '../health/abort-signal.js'
import { KeyspaceWrites } from '../write/keyspace-writes.js'

/** Options of `changes`. @category Changes */
export interface ChangesOptions<K = unknown, V = unknown> {
  /** Number of the commit after which the stream starts; 0 for the first commit. Default: the newest commit. */
  readonly since?: number | undefined
  /** Keyspace whose changes are returned, decoded by its encodings. Default: all keyspaces. */
  readonly keyspace?: KeyspaceWrites<K, V> | AsyncKeyspaceWrites<K, V> | undefined
  /** Prefix of the keys whose changes are returned. Requires `keyspace`, unless the keys are utf8. */
  readonly prefix?: K | undefined
  /** Ends the iteration with `LDB_ABORTED`. */
  readonly signal?: AbortSignalLike | undefined
}

/** {@link ChangesOptions} with checked values. */
export interface ResolvedChangesOptions {
  readonly since: number | undefined
  readonly keyspace: KeyspaceWrites<unknown, unknown> | undefined
  /** Bounds of the encoded keys. */
  readonly bounds: KeyBounds
  readonly signal: AbortSignalLike | undefined
}

const KNOWN = ['since', 'keyspace', 'prefix', 'signal'] as const

/** Checks the options of a change stream. @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolveChangesOptions(
  options: ChangesOptions<never, never> | undefined,
): ResolvedChangesOptions {
  const given = ownOptions(options, KNOWN)
  const { since, keyspace: wanted, prefix } = given
  if (since !== undefined && (!Number.isSafeInteger(since) || (since as number) < 0)) {
    throw invalidArgument('since must be the number of a commit, or 0')
  }
  const keyspace = wanted instanceof AsyncKeyspaceWrites ? wanted.writes : wanted
  if (keyspace !== undefined && !(keyspace instanceof KeyspaceWrites)) {
    throw invalidArgument('keyspace must be a keyspace of the database')
  }
  const encoding = (keyspace?.codec.keys ?? utf8Keys) as KeyEncoding<unknown>
  const range = prefix === undefined ? undefined : ({ prefix } as RangeOptions<unknown>)
  const { lower, upper } = resolveRange(range, encoding)
  return {
    since: since as number | undefined,
    keyspace: keyspace as KeyspaceWrites<unknown, unknown> | undefined,
    bounds: { lower, upper },
    signal: checkSignal(given.signal),
  }
}
