import { invalidArgument, ownOptions, resolveRange } from '@ldb/base'
import type { KeyEncoding, RangeOptions, ResolvedRange } from '@ldb/base'

const BOUNDS = ['gt', 'gte', 'lt', 'lte', 'prefix'] as const
const KNOWN = [...BOUNDS, 'reverse', 'limit', 'offset'] as const

/**
 * Checks and resolves the range of a `deleteRange`.
 *
 * @remarks A bound that is `undefined` is absent. A range without any bound is probably a mistake of the caller, and would
 * remove all entries.
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT for an invalid range, or one without a bound.
 */
export function resolveDeletedRange<K>(range: RangeOptions<K>, keys: KeyEncoding<K>): ResolvedRange {
  const given = ownOptions(range, KNOWN, 'range')
  const resolved = resolveRange(given as RangeOptions<K>, keys)
  if (BOUNDS.some((name) => given[name] !== undefined)) return resolved
  throw invalidArgument(
    'deleteRange needs a bound: gt, gte, lt, lte or prefix; to remove every entry, call clear() of the keyspace',
  )
}
