/**
 * A copy-on-write B+tree in one file: ordered, checksummed, with snapshots in O(1), durable at each checkpoint.
 *
 * @packageDocumentation
 */
export { BTree } from './btree.js'
export type { BTreeOptions, TreeIdentity } from './file/options.js'
