import { copyBytes, kindOf } from '../bytes/bytes.js'
import { intersectBounds, isEmptyBounds, keySuccessor, prefixBounds } from './half-open-range.js'
import type { KeyEncoding } from '../encoding/key-encoding.js'
import { invalidArgument, LdbError } from '../ldb-error.js'
import { KEY_BYTES_MAX } from '../limits.js'
import type { KeyBounds } from '../ordered-store.js'

/**
 * Which entries, in what direction and how many. Bounds hold together: of two lower or two upper ones, the tighter
 * counts. A range in which nothing can lie is empty, not an error. A field that is `undefined` is as if absent.
 *
 * @category Ranges
 */
export interface RangeOptions<K> {
  /** Keys above this one only. */
  readonly gt?: K | undefined
  /** This key and those above only. */
  readonly gte?: K | undefined
  /** Keys below this one only. */
  readonly lt?: K | undefined
  /** This key and those below only. */
  readonly lte?: K | undefined
  /** Keys that begin with this only: a string, bytes, or the first elements of a tuple. */
  readonly prefix?: K | undefined
  /** From the last entry to the first. Does not swap the bounds. Default false. */
  readonly reverse?: boolean | undefined
  /** Greatest number of entries. Default Infinity. */
  readonly limit?: number | undefined
  /** Entries to pass over first. Default 0. */
  readonly offset?: number | undefined
}

/**
 * What a {@link RangeOptions} comes to, over encoded keys: half-open, `lower` inclusive, `upper` exclusive.
 *
 * @category Ranges
 */
export interface ResolvedRange extends KeyBounds {
  readonly lower: Uint8Array | undefined
  readonly upper: Uint8Array | undefined
  /** True when no entry can be in the range, or `limit` is 0. */
  readonly empty: boolean
  readonly reverse: boolean
  /** A whole number, or Infinity. */
  readonly limit: number
  readonly offset: number
}

const NAMES: ReadonlySet<PropertyKey> = new Set([
  'gt',
  'gte',
  'lt',
  'lte',
  'prefix',
  'reverse',
  'limit',
  'offset',
])

const EVERYTHING: ResolvedRange = Object.freeze({
  lower: undefined,
  upper: undefined,
  empty: false,
  reverse: false,
  limit: Number.POSITIVE_INFINITY,
  offset: 0,
})

/**
 * Checks range options and encodes their bounds, into memory of their own: what the caller does to a key
 * afterwards does not move a bound.
 *
 * @param options - only own properties are read.
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT for an unknown option, an option of a wrong type, a limit or offset that is
 * not a whole number from 0 on, a key that the encoding refuses, or a prefix of an encoding that has none. LDB_TOO_LARGE
 * for a bound longer than a key may be.
 * @category Ranges
 */
export function resolveRange<K>(
  options: RangeOptions<K> | undefined,
  encoding: KeyEncoding<K>,
): ResolvedRange {
  if (options === undefined) return EVERYTHING
  checkNames(options)
  let bounds: KeyBounds = {}
  const prefix = own(options, 'prefix')
  if (prefix !== undefined) bounds = prefixBounds(copyBytes(encodePrefix(prefix, encoding)))
  const gte = own(options, 'gte')
  if (gte !== undefined) bounds = intersectBounds(bounds, { lower: copyBytes(encodeBound(gte, encoding)) })
  const lt = own(options, 'lt')
  if (lt !== undefined) bounds = intersectBounds(bounds, { upper: copyBytes(encodeBound(lt, encoding)) })
  const gt = own(options, 'gt')
  let nothingAbove = false
  if (gt !== undefined) {
    const lower = keySuccessor(encodeBound(gt, encoding))
    nothingAbove = lower === undefined
    bounds = intersectBounds(bounds, { lower })
  }
  const lte = own(options, 'lte')
  if (lte !== undefined) bounds = intersectBounds(bounds, { upper: keySuccessor(encodeBound(lte, encoding)) })

  const limit = countOption(own(options, 'limit'), 'limit', Number.POSITIVE_INFINITY)
  return {
    lower: bounds.lower,
    upper: bounds.upper,
    empty: nothingAbove || limit === 0 || isEmptyBounds(bounds),
    reverse: flagOption(own(options, 'reverse'), 'reverse'),
    limit,
    offset: countOption(own(options, 'offset'), 'offset', 0),
  }
}

function checkNames(options: unknown): void {
  if (
    typeof options !== 'object' ||
    options === null ||
    Array.isArray(options) ||
    ArrayBuffer.isView(options)
  ) {
    throw invalidArgument(`range must be an object of options, not ${kindOf(options)}`)
  }
  for (const name of Reflect.ownKeys(options)) {
    if (!NAMES.has(name)) throw invalidArgument(`unknown option of a range: ${String(name)}`)
  }
}

function own<K, Name extends keyof RangeOptions<K>>(
  options: RangeOptions<K>,
  name: Name,
): RangeOptions<K>[Name] | undefined {
  return Object.hasOwn(options, name) ? options[name] : undefined
}

function encodePrefix<K>(prefix: K, encoding: KeyEncoding<K>): Uint8Array {
  if (encoding.encodePrefix === undefined) {
    throw invalidArgument(`key encoding ${encoding.name} has no prefixes`)
  }
  return checkLength(encoding.encodePrefix(prefix))
}

function encodeBound<K>(key: K, encoding: KeyEncoding<K>): Uint8Array {
  return checkLength(encoding.encode(key))
}

function checkLength(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= KEY_BYTES_MAX) return bytes
  throw new LdbError('LDB_TOO_LARGE', `bound of ${bytes.length} bytes is longer than a key may be`, {
    details: { expected: KEY_BYTES_MAX, actual: bytes.length },
  })
}

function countOption(value: unknown, name: string, fallback: number): number {
  if (value === undefined) return fallback
  if (typeof value === 'number' && value >= 0 && (Number.isSafeInteger(value) || value === fallback))
    return value + 0
  throw invalidArgument(
    `${name} must be a whole number from 0 on, not ${typeof value === 'number' ? String(value) : kindOf(value)}`,
  )
}

function flagOption(value: unknown, name: string): boolean {
  if (value === undefined) return false
  if (typeof value === 'boolean') return value
  throw invalidArgument(`${name} must be true or false, not ${kindOf(value)}`)
}
