/**
 * A log-structured merge tree in one directory: memtables, sorted tables, leveled compaction, durable at each checkpoint.
 *
 * @packageDocumentation
 */
export { LsmTree } from './lsm-tree.js'
export type { LsmTreeOptions } from './options.js'
