/**
 * A copy-on-write B+tree in one file: ordered, checksummed, with snapshots in O(1), durable at each checkpoint.
 *
 * @packageDocumentation
 */
export { BTree } from './btree.js'
export { TreeWindow } from './read/tree-window.js'
export type { BTreeOptions, TreeCompression, TreeIdentity } from './file/options.js'
export { salvageTree } from './salvage/salvage-tree.js'
export type { TreeSalvageOptions } from './salvage/salvage-tree.js'
export type { TreeSalvageReport } from './salvage/report.js'
export type { SalvageDoubt, SalvageLoss, SalvageSink } from '@ldb/base'
