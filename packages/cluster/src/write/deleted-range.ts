import { invalidArgument, keySuccessor, ownOptions, resolveRange } from '@ldb/base'
import type { AbortSignalLike, KeyEncoding, RangeOptions, ResolvedRange } from '@ldb/base'
import type { Bounds } from '../buffer/range-set.js'
import type { DriverKeyspace } from '../driver/driver-keyspace.js'
import { VALUE_HEADER_BYTES } from '../format.js'
import { EntryStream } from '../read/entry-stream.js'
import type { ReadSource } from '../read/read-source.js'

const BOUNDS = ['gt', 'gte', 'lt', 'lte', 'prefix'] as const
const KNOWN = [...BOUNDS, 'reverse', 'limit', 'offset'] as const

/** Checks and resolves the range of a `deleteRange`. @throws {@link LdbError} LDB_INVALID_ARGUMENT for an invalid range, or one without a bound. */
export function resolveDeletedRange<K>(range: RangeOptions<K>, keys: KeyEncoding<K>): ResolvedRange {
  const given = ownOptions(range, KNOWN, 'range')
  const resolved = resolveRange(given as RangeOptions<K>, keys)
  if (BOUNDS.some((name) => given[name] !== undefined)) return resolved
  throw invalidArgument('deleteRange needs a bound: gt, gte, lt, lte or prefix; clear() removes every entry')
}

/** Reports whether a range is defined by its bounds alone. */
export function isWholeRange({ limit, offset }: ResolvedRange): boolean {
  return limit === Infinity && offset === 0
}

/** Returns the bounds of the entries that a scan of a range returns; `undefined` for none. */
export async function scannedBounds(
  source: ReadSource,
  keyspace: DriverKeyspace,
  range: ResolvedRange,
  now: () => number,
  signal: AbortSignalLike | undefined,
): Promise<Bounds | undefined> {
  const { lower, upper, reverse, limit, offset } = range
  const request = { lower, upper, reverse, wanted: offset + limit, valueBytes: VALUE_HEADER_BYTES }
  const selection = { offset, limit, now, onExpired: () => undefined }
  const stream = new EntryStream(source.scan(keyspace, request, signal), selection)
  let first: Uint8Array | undefined
  let last: Uint8Array | undefined
  for (let batch = await stream.next(); batch !== undefined; batch = await stream.next()) {
    first ??= batch[0]?.key
    last = batch.at(-1)?.key
  }
  if (first === undefined || last === undefined) return undefined
  return reverse ? { lower: last, upper: keySuccessor(first) } : { lower: first, upper: keySuccessor(last) }
}
