import {
  checkSignal,
  invalidArgument,
  kindOf,
  ownOptions,
  resolveRange,
  utf8Bytes,
  utf8Keys,
} from '@ldb/base'
import type { AbortSignalLike, KeyEncoding, KeyPrefix, RangeOptions } from '@ldb/base'
import type { Bounds } from '../buffer/range-set.js'
import type { Version } from '../driver/version.js'
import { ClusterKeyspace } from '../write/cluster-keyspace.js'

/** Length in UTF-8 of the longest name of a consumer. */
const NAME_BYTES_MAX = 256

/** Options of `changes`. @category Changes */
export interface ClusterChangesOptions<K = unknown, V = unknown> {
  /** Version after which the stream starts: that of a commit of an earlier stream, or of a snapshot. Default: the position of the consumer, or the state at this call. */
  readonly since?: Version | undefined
  /** Keyspace whose changes are returned. Default: all that exist at this call. */
  readonly keyspace?: ClusterKeyspace<K, V> | undefined
  /** Prefix of the keys whose changes are returned. Requires `keyspace`, unless the keys are utf8. */
  readonly prefix?: KeyPrefix<K> | undefined
  /** Name of a durable consumer, 1 to 256 bytes in UTF-8: the cluster remembers which commits it has acknowledged. */
  readonly consumer?: string | undefined
  /**
   * How commits are acknowledged: `'next'` for each one when the next one is asked for, `'explicit'` by `acknowledge` and `acknowledgeIn` only.
   * @defaultValue 'next'
   */
  readonly acknowledge?: 'next' | 'explicit' | undefined
  /** Ends the iteration with `LDB_ABORTED`. */
  readonly signal?: AbortSignalLike | undefined
}

/** Checked {@link ClusterChangesOptions}. */
export interface ResolvedChangesOptions {
  readonly since: Version | undefined
  readonly keyspace: ClusterKeyspace<unknown, unknown> | undefined
  readonly bounds: Bounds
  readonly consumer: string | undefined
  readonly acknowledgesNext: boolean
  readonly signal: AbortSignalLike | undefined
}

const KNOWN = ['since', 'keyspace', 'prefix', 'consumer', 'acknowledge', 'signal'] as const

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolveChangesOptions(
  options: ClusterChangesOptions<never, never> | undefined,
): ResolvedChangesOptions {
  const { since, keyspace, prefix, consumer, acknowledge, signal } = ownOptions(options, KNOWN)
  if (since !== undefined && typeof since !== 'string') throw invalidArgument('since must be a version')
  if (keyspace !== undefined && !(keyspace instanceof ClusterKeyspace))
    throw invalidArgument('keyspace must be a keyspace of the database')
  if (acknowledge !== undefined && acknowledge !== 'next' && acknowledge !== 'explicit')
    throw invalidArgument("acknowledge must be 'next' or 'explicit'")
  if (acknowledge !== undefined && consumer === undefined)
    throw invalidArgument('acknowledge requires a consumer')
  const encoding = (keyspace?.opened.codec.keys ?? utf8Keys) as KeyEncoding<unknown>
  const range = prefix === undefined ? undefined : ({ prefix } as RangeOptions<unknown>)
  const { lower, upper } = resolveRange(range, encoding)
  return {
    since: since as Version | undefined,
    keyspace: keyspace as ClusterKeyspace<unknown, unknown> | undefined,
    bounds: { lower, upper },
    consumer: consumer === undefined ? undefined : checkConsumerName(consumer),
    acknowledgesNext: acknowledge !== 'explicit',
    signal: checkSignal(signal),
  }
}

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT unless it is a string of 1 to 256 bytes. */
export function checkConsumerName(name: unknown): string {
  if (typeof name !== 'string') throw invalidArgument(`consumer must be a string, not ${kindOf(name)}`)
  const byteCount = utf8Bytes(name)
  if (byteCount > 0 && byteCount <= NAME_BYTES_MAX) return name
  throw invalidArgument(`the name of a consumer must have 1 to ${NAME_BYTES_MAX} bytes`)
}
