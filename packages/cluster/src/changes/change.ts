import { intersectBounds, isEmptyBounds, isWithinBounds } from '@ldb/base'
import type { Bounds } from '../buffer/range-set.js'
import type { WatchedChange } from '../driver/driver-watch.js'
import type { Version } from '../driver/version.js'
import type { OpenKeyspace } from '../keyspace/open-keyspace.js'
import { valueOf } from '../values/stored-value.js'

/** One change of a commit. @category Changes */
export type ClusterChange<K = unknown, V = unknown> =
  | { readonly kind: 'put'; readonly keyspace: string; readonly key: K; readonly value: V }
  /** The removal of an entry, also of one that has expired. */
  | { readonly kind: 'delete'; readonly keyspace: string; readonly key: K }
  /** The removal of a range of encoded keys. Some engines report a `'delete'` of each entry instead. */
  | {
      readonly kind: 'deleteRange'
      readonly keyspace: string
      /** Inclusive lower bound of the encoded keys; `undefined` without one. */
      readonly lower: Uint8Array | undefined
      /** Exclusive upper bound of the encoded keys; `undefined` without one. */
      readonly upper: Uint8Array | undefined
    }

/** The changes of one commit. @category Changes */
export interface ClusterCommit<K = unknown, V = unknown> {
  /** Version of the commit. Pass it as `since` to resume after it. */
  readonly version: Version
  readonly changes: readonly ClusterChange<K, V>[]
}

/** Decodes the changes of a commit within bounds. @param openedOf - by the identity of the keyspace. */
export function decodeChanges(
  watched: readonly WatchedChange[],
  bounds: Bounds,
  openedOf: (id: string) => OpenKeyspace<unknown, unknown> | undefined,
): ClusterChange[] {
  const changes: ClusterChange[] = []
  for (const change of watched) {
    const opened = openedOf(change.keyspace.id)
    if (opened === undefined) continue
    const keyspace = opened.driver.name
    const { codec } = opened
    if (change.kind === 'deleteRange') {
      const { lower, upper } = change
      if (!isEmptyBounds(intersectBounds(bounds, { lower, upper })))
        changes.push({ kind: 'deleteRange', keyspace, lower, upper })
      continue
    }
    if (!isWithinBounds(change.key, bounds)) continue
    const key = codec.decodeKey(change.key)
    // An entry that has expired since was put nevertheless.
    const value = change.kind === 'put' ? valueOf(change.value, 0) : undefined
    if (value === undefined) changes.push({ kind: 'delete', keyspace, key })
    else changes.push({ kind: 'put', keyspace, key, value: codec.decodeValue(value) })
  }
  return changes
}
