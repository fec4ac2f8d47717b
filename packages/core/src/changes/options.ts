import { assertIterable, copyBytes, invalidArgument, ownOptions, resolveRange, utf8Keys } from '@ldb/base'
import type { KeyEncoding, KeyPrefix, RangeOptions } from '@ldb/base'
import { AsyncKeyspaceWrites } from '../async/keyspace-writes.js'
import { checkSignal } from '../health/abort-signal.js'
import type { AbortSignalLike } from '../health/abort-signal.js'
import { KeyspaceWrites } from '../write/keyspace-writes.js'
import { checkConsumerName } from './consumers.js'
import { KeyFilter } from './key-filter.js'

/** Options of `changes`. @category Changes */
export interface ChangesOptions<K = unknown, V = unknown> {
  /**
   * Number of the commit after which the stream starts; 0 for the first commit. Default: the position of the consumer, or the newest
   * commit. For a consumer, it replaces the position.
   */
  readonly since?: number | undefined
  /** Keyspace whose changes are returned, its creation and removal included, decoded by its encodings. Default: all keyspaces. */
  readonly keyspace?: KeyspaceWrites<K, V> | AsyncKeyspaceWrites<K, V> | undefined
  /** Prefix of the keys whose changes are returned, with the creation and removal of keyspaces. Requires `keyspace`, unless the keys are utf8. */
  readonly prefix?: KeyPrefix<K> | undefined
  /** Keys whose changes are returned, with what may change one of them: range deletes, loads, creation and removal of keyspaces. Requires `keyspace`, unless the keys are utf8. */
  readonly keys?: Iterable<K> | undefined
  /**
   * Name of a durable consumer, 1 to 256 bytes in UTF-8: the database remembers which commits it has acknowledged, over restarts, and keeps the
   * log after them, up to `consumerBacklogBytes` and `consumerIdleMs`.
   */
  readonly consumer?: string | undefined
  /**
   * How commits are acknowledged: `'next'` for each one when the next one is asked for, `'explicit'` by `acknowledge` and `acknowledgeIn` only.
   * @defaultValue 'next'
   */
  readonly acknowledge?: 'next' | 'explicit' | undefined
  /** Ends the iteration with `LDB_ABORTED`. */
  readonly signal?: AbortSignalLike | undefined
}

/** {@link ChangesOptions} with checked values. */
export interface ResolvedChangesOptions {
  readonly since: number | undefined
  readonly keyspace: KeyspaceWrites<unknown, unknown> | undefined
  readonly filter: KeyFilter
  readonly consumer: string | undefined
  /** A commit is acknowledged when the next one is asked for. */
  readonly acknowledgesNext: boolean
  readonly signal: AbortSignalLike | undefined
}

const KNOWN = ['since', 'keyspace', 'prefix', 'keys', 'consumer', 'acknowledge', 'signal'] as const

/** Checks the options of a change stream. @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolveChangesOptions(
  options: ChangesOptions<never, never> | undefined,
): ResolvedChangesOptions {
  const given = ownOptions(options, KNOWN)
  const { since, keyspace: wanted, prefix, keys, consumer, acknowledge } = given
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
  if (acknowledge !== undefined && acknowledge !== 'next' && acknowledge !== 'explicit')
    throw invalidArgument(`acknowledge must be 'next' or 'explicit'`)
  if (acknowledge !== undefined && consumer === undefined)
    throw invalidArgument('acknowledge requires a consumer')
  return {
    since: since as number | undefined,
    keyspace: keyspace as KeyspaceWrites<unknown, unknown> | undefined,
    filter: new KeyFilter({ lower, upper }, keys === undefined ? undefined : encodedKeys(keys, encoding)),
    consumer: consumer === undefined ? undefined : checkConsumerName(consumer),
    acknowledgesNext: acknowledge !== 'explicit',
    signal: checkSignal(given.signal),
  }
}

function encodedKeys(keys: unknown, encoding: KeyEncoding<unknown>): Uint8Array[] {
  if (typeof keys === 'string') throw invalidArgument('keys must be an array of keys, not a string')
  assertIterable('keys', keys)
  return Array.from(keys as Iterable<unknown>, (key) => copyBytes(encoding.encode(key)))
}
