import { compareBytes, copyBytes, kindOf } from '../bytes/bytes.js'
import { isEmptyBounds, keySuccessor, prefixBounds } from './half-open-range.js'
import type { KeyEncoding } from '../encoding/key-encoding.js'
import { invalidArgument, LdbError } from '../ldb-error.js'
import { KEY_BYTES_MAX } from '../limits.js'
import type { KeyBounds } from '../ordered-store.js'
import { optionalMember, ownProperty } from '../own-options.js'

/**
 * Type of the prefixes of keys of type `K`: any string for strings, and for a tuple of known length its first elements.
 *
 * @category Ranges
 */
export type KeyPrefix<K> = K extends string
  ? string
  : K extends readonly [infer First, ...infer Rest]
    ? readonly [] | readonly [First, ...KeyPrefix<Rest>]
    : K

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
  readonly prefix?: KeyPrefix<K> | undefined
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
  const given = readOptions(options)
  const limit = countOption(given.limit, 'limit', Number.POSITIVE_INFINITY)
  const { prefix, gte, lt, gt, lte } = given
  let lower: Uint8Array | undefined
  let upper: Uint8Array | undefined
  if (prefix !== undefined) {
    const bounds = prefixBounds(copyBytes(encodePrefix(prefix as K, encoding)))
    lower = bounds.lower
    upper = bounds.upper
  }
  if (gte !== undefined) lower = greater(lower, copyBytes(encodeBound(gte as K, encoding)))
  if (lt !== undefined) upper = lesser(upper, copyBytes(encodeBound(lt as K, encoding)))
  let nothingAbove = false
  if (gt !== undefined) {
    const successor = keySuccessor(encodeBound(gt as K, encoding))
    if (successor === undefined) nothingAbove = true
    else lower = greater(lower, successor)
  }
  if (lte !== undefined) upper = lesser(upper, keySuccessor(encodeBound(lte as K, encoding)))
  return {
    lower,
    upper,
    empty: nothingAbove || limit === 0 || isEmptyBounds({ lower, upper }),
    reverse: flagOption(given.reverse, 'reverse'),
    limit,
    offset: countOption(given.offset, 'offset', 0),
  }
}

function greater(a: Uint8Array | undefined, b: Uint8Array): Uint8Array {
  return a === undefined || compareBytes(a, b) < 0 ? b : a
}

function lesser(a: Uint8Array | undefined, b: Uint8Array | undefined): Uint8Array | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return compareBytes(a, b) > 0 ? b : a
}

/** The values of range options, before they are checked. */
class GivenOptions {
  gt: unknown = undefined
  gte: unknown = undefined
  lt: unknown = undefined
  lte: unknown = undefined
  prefix: unknown = undefined
  reverse: unknown = undefined
  limit: unknown = undefined
  offset: unknown = undefined
}

/** Reads each own property once. Only the present ones: most ranges have two or three. */
function readOptions(options: unknown): GivenOptions {
  if (typeof options !== 'object' || options === null || kindOf(options) !== 'an object') {
    throw invalidArgument(`range must be an options object, not ${kindOf(options)}`)
  }
  const given = new GivenOptions()
  for (const name of namesOf(options)) {
    switch (name) {
      case 'gt':
      case 'gte':
      case 'lt':
      case 'lte':
      case 'prefix':
      case 'reverse':
      case 'limit':
      case 'offset':
        given[name] = ownProperty(options as RangeOptions<unknown>, name, 'range')
        break
      default:
        throw invalidArgument(`unknown range option: ${String(name)}`)
    }
  }
  return given
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
