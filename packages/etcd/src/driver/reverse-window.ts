import { commonPrefixBytes, compareBytes, prefixSuccessor } from '@ldb/base'
import type { EtcdRangeRequest, EtcdRangeResponse } from '../messages/range.js'
import type { EtcdRange } from '../layout/key-layout.js'

/** Executes reads at one revision, in one round trip. */
export type ReadRanges = (requests: readonly EtcdRangeRequest[]) => Promise<readonly EtcdRangeResponse[]>

/** Keys that etcd sorts in about a millisecond: a range with no more is not narrowed. */
export const SORTED_KEYS_MAX = 1000
/** Parts of the rest that are probed in one round trip, less one. */
const PROBES = 15
/** Prefixes of a key that are probed in one round trip, about. */
const PREFIXES = 8
const ROUNDS_MAX = 32
/** Bytes behind the common prefix of two keys that are taken for a number. */
const DIGITS = 6

/**
 * Finds a part at the end of a range that has at least `count` keys, and not many more: etcd sorts a whole range to return its end, which takes
 * 20 times as long as counting its keys.
 *
 * @remarks Each round counts the keys from several points of the range to its end, and continues between the two points around the one looked for.
 * @param hints - ascending starts that may have about so many keys behind them.
 * @returns the part; the whole range if it has few keys.
 */
export async function endOfRange(
  range: EtcdRange,
  count: number,
  hints: readonly Uint8Array[],
  read: ReadRanges,
): Promise<EtcdRange> {
  const { rangeEnd } = range
  const enough = Math.max(SORTED_KEYS_MAX, 4 * count)
  // At least `count` keys are in [low, rangeEnd), fewer in [high, rangeEnd).
  let low = range.key
  let high = rangeEnd
  let keysBehindLow = Infinity
  let probes = hints.filter((hint) => compareBytes(hint, low) > 0 && compareBytes(hint, high) < 0)
  // To count the keys of a long range costs more than all other probes.
  if (probes.length === 0) probes = [low]
  for (let round = 0; round < ROUNDS_MAX && probes.length > 0; round++) {
    const answers = await read(probes.map((key) => ({ key, rangeEnd, limit: 1, keysOnly: true })))
    for (const [index, answer] of answers.entries()) {
      const probe = probes[index] as Uint8Array
      const [first] = answer.kvs
      if (answer.count < count || first === undefined) {
        if (probe === range.key) return range
        if (compareBytes(probe, high) < 0) high = probe
      } else if (compareBytes(first.key, low) >= 0) {
        low = first.key
        keysBehindLow = answer.count
      }
    }
    if (keysBehindLow <= enough) return { key: low, rangeEnd }
    probes = keysBehindLow === Infinity ? [low] : pointsBetween(low, high)
  }
  return { key: low, rangeEnd }
}

/** Returns starts of windows like the last one of a scan in descending order, for {@link endOfRange}. */
export function nextWindows(last: EtcdRange): Uint8Array[] {
  const { key, rangeEnd } = last
  const prefixBytes = commonPrefixBytes(key, rangeEnd)
  const start = digitsAt(key, prefixBytes)
  const before = start - (digitsAt(rangeEnd, prefixBytes) - start)
  return before < 0 ? [key] : [keyOfDigits(key.subarray(0, prefixBytes), before), key]
}

/** Returns keys between two others, ascending: about equally far from each other, and behind what shares a prefix with `low`. */
function pointsBetween(low: Uint8Array, high: Uint8Array): Uint8Array[] {
  const prefixBytes = commonPrefixBytes(low, high)
  const points = [...spreadPoints(low, high, prefixBytes), ...prefixEnds(low, prefixBytes)]
  return points
    .filter((point) => compareBytes(point, low) > 0 && compareBytes(point, high) < 0)
    .sort(compareBytes)
}

/** Divides what is between two keys into equal parts. */
function spreadPoints(low: Uint8Array, high: Uint8Array, prefixBytes: number): Uint8Array[] {
  let offset = prefixBytes
  let start = digitsAt(low, offset)
  let distance = digitsAt(high, offset) - start
  // The next digits of `low` can only grow, as long as those before stay.
  while (distance < 2) {
    offset += DIGITS
    start = digitsAt(low, offset)
    distance = 256 ** DIGITS - start
  }
  const prefix = new Uint8Array(offset)
  prefix.set(low.subarray(0, offset))
  const points: Uint8Array[] = []
  for (let index = 1; index <= PROBES; index++) {
    points.push(keyOfDigits(prefix, start + Math.floor((distance * index) / (PROBES + 1))))
  }
  return points
}

/** Returns the ends of the ranges that share prefixes of different lengths with a key. */
function prefixEnds(key: Uint8Array, prefixBytes: number): Uint8Array[] {
  const points: Uint8Array[] = []
  const step = Math.max(1, Math.floor((key.length - prefixBytes) / PREFIXES))
  for (let length = prefixBytes + step; length <= key.length; length += step) {
    const end = prefixSuccessor(key.subarray(0, length))
    if (end !== undefined) points.push(end)
  }
  return points
}

function digitsAt(key: Uint8Array, offset: number): number {
  let value = 0
  for (let index = 0; index < DIGITS; index++) value = value * 256 + (key[offset + index] ?? 0)
  return value
}

function keyOfDigits(prefix: Uint8Array, value: number): Uint8Array {
  const key = new Uint8Array(prefix.length + DIGITS)
  key.set(prefix)
  let rest = value
  for (let index = key.length - 1; index >= prefix.length; index--) {
    key[index] = rest % 256
    rest = Math.floor(rest / 256)
  }
  return key
}
