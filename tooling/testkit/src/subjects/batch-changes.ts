import type { RangeOptions } from '@ldb/core'
import { COMMON_RULES, exceptWholeStores, rootsAfterData } from '../trace/order-rules.js'
import type { OrderRule } from '../trace/order-rules.js'
import type { ModelChange } from '../history/history.js'
import { ttlOf } from '../history/model-changes.js'
import type { EntryShape } from '../history/model-changes.js'
import { isMetaRewrite, isTree, META_END } from './tree-subject.js'
import { isSegment, LOG_RULES } from './wal-subject.js'

/** Directory of the databases of all subjects. */
export const DATABASE_DIRECTORY = 'data'

/**
 * Returns the option `maxOpenFiles` of a run. With two open files, the files of the keyspaces are closed and opened again all the
 * time.
 */
export function openFilesOf({ keyCount }: EntryShape): number {
  return keyCount === 20 ? 2 : 512
}

/** Name of the file that lists the tables of an LSM tree. */
const MANIFEST_NAME = 'MANIFEST'

/**
 * Returns the rules for the order of a database's file operations.
 *
 * @param besideWrites - whether its checkpoints run concurrently with writes.
 */
export function databaseRules(besideWrites: boolean): readonly OrderRule[] {
  const isTreeOfIt = (path: string): boolean => isTree(path) && path.startsWith(`${DATABASE_DIRECTORY}/`)
  return [
    ...COMMON_RULES.map((rule) => exceptWholeStores(rule, MANIFEST_NAME)),
    ...LOG_RULES,
    rootsAfterData(isTreeOfIt, META_END, isSegment, isMetaRewrite, besideWrites),
  ]
}

/** A target of writes: a batch or transaction of either API, on one keyspace. */
export interface ChangeTarget {
  put(key: string, value: string, options?: { readonly ttlMs: number }): unknown
  delete(key: string): unknown
  deleteRange(range: RangeOptions<string>): unknown
}

/** Adds an operation of the model to a batch or transaction and returns the target's result. */
export function addChange(target: ChangeTarget, change: ModelChange): unknown {
  if (change.kind === 'put') return target.put(change.key, change.value, ttlOf(change.value))
  if (change.kind === 'delete') return target.delete(change.key)
  return target.deleteRange(
    change.upper === undefined ? { gte: change.lower } : { gte: change.lower, lt: change.upper },
  )
}
