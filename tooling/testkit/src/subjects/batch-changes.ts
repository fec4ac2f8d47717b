import type { RangeOptions } from '@ldb/core'
import { COMMON_RULES, rootsAfterData } from '../trace/order-rules.js'
import type { OrderRule } from '../trace/order-rules.js'
import type { ModelChange } from '../history/history.js'
import { ttlOf } from '../history/model-changes.js'
import { isMetaRewrite, isTree, META_END } from './tree-subject.js'
import { isSegment, LOG_RULES } from './wal-subject.js'

/** Where the databases of all subjects are. */
export const DATABASE_DIRECTORY = 'data'

/**
 * Returns the order of file operations that a database promises.
 *
 * @param besideWrites - its checkpoints are made beside writes.
 */
export function databaseRules(besideWrites: boolean): readonly OrderRule[] {
  const isTreeOfIt = (path: string): boolean => isTree(path) && path.startsWith(`${DATABASE_DIRECTORY}/`)
  return [
    ...COMMON_RULES,
    ...LOG_RULES,
    rootsAfterData(isTreeOfIt, META_END, isSegment, isMetaRewrite, besideWrites),
  ]
}

/** What takes writes: a batch or a transaction of either face, aimed at a keyspace. */
export interface ChangeTarget {
  put(key: string, value: string, options?: { readonly ttlMs: number }): unknown
  delete(key: string): unknown
  deleteRange(range: RangeOptions<string>): unknown
}

/** Adds an operation of the model to a batch or transaction; gives its answer. */
export function addChange(target: ChangeTarget, change: ModelChange): unknown {
  if (change.kind === 'put') return target.put(change.key, change.value, ttlOf(change.value))
  if (change.kind === 'delete') return target.delete(change.key)
  return target.deleteRange(
    change.upper === undefined ? { gte: change.lower } : { gte: change.lower, lt: change.upper },
  )
}
