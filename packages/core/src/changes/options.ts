import { invalidArgument, resolveRange, utf8Keys } from '@ldb/base'
import type { KeyBounds, KeyEncoding, RangeOptions } from '@ldb/base'
import { AsyncKeyspaceWrites } from '../async/keyspace-writes.js'
import { checkSignal } from '../health/abort-signal.js'
import type { AbortSignalLike } from '../health/abort-signal.js'
import { ownOptions } from '../health/options.js'
import { KeyspaceWrites } from '../write/keyspace-writes.js'

/** Which changes to read. @category Changes */
export interface ChangesOptions<K = unknown, V = unknown> {
  /** Number of the commit behind which to begin; 0 is the beginning. Default: the newest one. */
  readonly since?: number | undefined
  /** Only those of this keyspace, decoded by its encodings. Default: those of all. */
  readonly keyspace?: KeyspaceWrites<K, V> | AsyncKeyspaceWrites<K, V> | undefined
  /** Only those of keys that begin so. Needs a `keyspace`, unless its keys are texts. */
  readonly prefix?: K | undefined
  /** Ends the iteration with `LDB_ABORTED`. */
  readonly signal?: AbortSignalLike | undefined
}

/** {@link ChangesOptions}, checked. */
export interface ResolvedChangesOptions {
  readonly since: number | undefined
  readonly keyspace: KeyspaceWrites<unknown, unknown> | undefined
  /** Bounds of the keys. */
  readonly bounds: KeyBounds
  readonly signal: AbortSignalLike | undefined
}

const KNOWN = ['since', 'keyspace', 'prefix', 'signal']

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolveChangesOptions(
  options: ChangesOptions<never, never> | undefined,
): ResolvedChangesOptions {
  const given = ownOptions(options, KNOWN, new Map())
  const since = given.get('since')
  if (since !== undefined && (!Number.isSafeInteger(since) || (since as number) < 0)) {
    throw invalidArgument('since must be the number of a commit, or 0')
  }
  const wanted = given.get('keyspace')
  const keyspace = wanted instanceof AsyncKeyspaceWrites ? wanted.writes : wanted
  if (keyspace !== undefined && !(keyspace instanceof KeyspaceWrites)) {
    throw invalidArgument('keyspace must be a keyspace of the database')
  }
  const prefix = given.get('prefix')
  const encoding = (keyspace?.codec.keys ?? utf8Keys) as KeyEncoding<unknown>
  const range = prefix === undefined ? undefined : ({ prefix } as RangeOptions<unknown>)
  const { lower, upper } = resolveRange(range, encoding)
  return {
    since: since as number | undefined,
    keyspace: keyspace as KeyspaceWrites<unknown, unknown> | undefined,
    bounds: { lower, upper },
    signal: checkSignal(given.get('signal')),
  }
}
