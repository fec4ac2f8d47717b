import { copyBytes, kindOf } from '../bytes/bytes.js'
import { intersectBounds, isEmptyBounds, keySuccessor, prefixBounds } from './half-open-range.js'
import type { KeyEncoding } from '../encoding/key-encoding.js'
import { invalidArgument, LdbError } from '../ldb-error.js'
import { KEY_BYTES_MAX } from '../limits.js'
import type { KeyBounds } from '../ordered-store.js'
import { optionalMember, ownProperty } from '../own-options.js'

/**
 * Selects a range of entries, their order and their number. All bounds apply: of two lower or two upper bounds, the tighter one is
 * effective. An inverted range is empty, not an error. A field of value `undefined` is the same as an absent one.
 *
 * @category Ranges
 */
export interface RangeOptions<K> {
  /** Exclusive lower bound. */
  readonly gt?: K | undefined
  /** Inclusive lower bound. */
  readonly gte?: K | undefined
  /** Exclusive upper bound. */
  readonly lt?: K | undefined
  /** Inclusive upper bound. */
  readonly lte?: K | undefined
  /** Prefix of the keys: a string, bytes, or the first elements of a tuple. */
  readonly prefix?: K | undefined
  /** Iterates from the last entry to the first. Does not swap the bounds. @defaultValue false */
  readonly reverse?: boolean | undefined
  /** Greatest number of entries. @defaultValue Infinity */
  readonly limit?: number | undefined
  /** Number of entries to skip first. @defaultValue 0 */
  readonly offset?: number | undefined
}

/**
 * A resolved {@link RangeOptions} over encoded keys: half-open, `lower` inclusive, `upper` exclusive.
 *
 * @category Ranges
 */
export interface ResolvedRange extends KeyBounds {
  readonly lower: Uint8Array | undefined
  readonly upper: Uint8Array | undefined
  /** True when the range contains no key, or `limit` is 0. */
  readonly empty: boolean
  readonly reverse: boolean
  /** An integer from 0, or Infinity. */
  readonly limit: number
  readonly offset: number
}

const OPTION_NAMES: ReadonlySet<PropertyKey> = new Set([
  'gt',
  'gte',
  'lt',
  'lte',
  'prefix',
  'reverse',
  'limit',
  'offset',
])

const FULL_RANGE: ResolvedRange = Object.freeze({
  lower: undefined,
  upper: undefined,
  empty: false,
  reverse: false,
  limit: Number.POSITIVE_INFINITY,
  offset: 0,
})

/**
 * Checks range options and encodes their bounds into new arrays, which later changes of the caller's keys do not affect.
 *
 * @param options - only own properties are read.
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT for an unknown option, an option of a wrong type, a limit or offset that is not an
 * integer from 0, a key that the encoding refuses, or a prefix when the encoding has none. LDB_TOO_LARGE for a bound longer than
 * {@link KEY_BYTES_MAX}.
 * @category Ranges
 */
export function resolveRange<K>(
  options: RangeOptions<K> | undefined,
  encoding: KeyEncoding<K>,
): ResolvedRange {
  if (options === undefined) return FULL_RANGE
  checkNames(options)
  let bounds: KeyBounds = FULL_RANGE
  const prefix = ownProperty(options, 'prefix', 'range')
  if (prefix !== undefined) bounds = prefixBounds(copyBytes(encodePrefix(prefix, encoding)))
  const gte = ownProperty(options, 'gte', 'range')
  if (gte !== undefined)
    bounds = intersectBounds(bounds, {
      lower: copyBytes(encodeBound(gte, encoding)),
      upper: undefined,
    })
  const lt = ownProperty(options, 'lt', 'range')
  if (lt !== undefined)
    bounds = intersectBounds(bounds, { lower: undefined, upper: copyBytes(encodeBound(lt, encoding)) })
  const gt = ownProperty(options, 'gt', 'range')
  let nothingAbove = false
  if (gt !== undefined) {
    const lower = keySuccessor(encodeBound(gt, encoding))
    nothingAbove = lower === undefined
    bounds = intersectBounds(bounds, { lower, upper: undefined })
  }
  const lte = ownProperty(options, 'lte', 'range')
  if (lte !== undefined)
    bounds = intersectBounds(bounds, { lower: undefined, upper: keySuccessor(encodeBound(lte, encoding)) })

  const limit = countOption(ownProperty(options, 'limit', 'range'), 'limit', Number.POSITIVE_INFINITY)
  return {
    lower: bounds.lower,
    upper: bounds.upper,
    empty: nothingAbove || limit === 0 || isEmptyBounds(bounds),
    reverse: flagOption(ownProperty(options, 'reverse', 'range'), 'reverse'),
    limit,
    offset: countOption(ownProperty(options, 'offset', 'range'), 'offset', 0),
  }
}

function checkNames(options: unknown): void {
  if (typeof options !== 'object' || options === null || kindOf(options) !== 'an object') {
    throw invalidArgument(`range must be an options object, not ${kindOf(options)}`)
  }
  for (const name of namesOf(options)) {
    if (!OPTION_NAMES.has(name)) throw invalidArgument(`unknown range option: ${String(name)}`)
  }
}

function namesOf(options: object): readonly PropertyKey[] {
  try {
    return Reflect.ownKeys(options)
  } catch (cause) {
    throw new LdbError('LDB_INVALID_ARGUMENT', 'range cannot be read', { cause })
  }
}

function encodePrefix<K>(prefix: K, encoding: KeyEncoding<K>): Uint8Array {
  const encode = optionalMember(encoding, 'encodePrefix')
  if (encode === undefined) {
    throw invalidArgument(`key encoding ${encoding.name} does not support prefixes`)
  }
  return checkLength(encode.call(encoding, prefix))
}

function encodeBound<K>(key: K, encoding: KeyEncoding<K>): Uint8Array {
  return checkLength(encoding.encode(key))
}

function checkLength(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= KEY_BYTES_MAX) return bytes
  throw new LdbError(
    'LDB_TOO_LARGE',
    `bound of ${bytes.length} bytes is over the limit of ${KEY_BYTES_MAX}`,
    {
      details: { expected: KEY_BYTES_MAX, actual: bytes.length },
    },
  )
}

function countOption(value: unknown, name: string, fallback: number): number {
  if (value === undefined) return fallback
  if (typeof value === 'number' && value >= 0 && (Number.isSafeInteger(value) || value === fallback))
    return value + 0
  throw invalidArgument(
    `${name} must be an integer from 0, not ${typeof value === 'number' ? String(value) : kindOf(value)}`,
  )
}

function flagOption(value: unknown, name: string): boolean {
  if (value === undefined) return false
  if (typeof value === 'boolean') return value
  throw invalidArgument(`${name} must be true or false, not ${kindOf(value)}`)
}
