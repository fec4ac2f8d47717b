import { corruption, LdbError, ownOptions } from '@ldb/base'
import type { SalvageSink } from '@ldb/base'
import { resolvePath } from '@ldb/vfs'
import type { FilePath, Vfs } from '@ldb/vfs'
import type { CodecTable, UnitCipher } from '@ldb/integrity'
import { codecOfFile } from '../file/file-codec.js'
import type { TreeIdentity } from '../file/options.js'
import { LITTLE_ENDIAN } from '../page/memory.js'
import { findTree } from './candidates.js'
import type { TreeSalvageReport } from './report.js'
import { TreeSalvage } from './tree-salvage.js'

/** Options of {@link salvageTree}. All are optional. @category Salvage */
export interface TreeSalvageOptions {
  /** Identity of the file, if the owner knows it: it is found even when every meta block is damaged. */
  readonly identity?: TreeIdentity
  /** The codecs that values may have. Default: the built-in ones. */
  readonly codecs?: CodecTable
  /** Makes the cipher of an encrypted file. */
  readonly createCipher?: (fileId: Uint8Array) => UnitCipher
}

/**
 * Reads what can be read of the newest checkpoint of a damaged B+tree file. Writes nothing.
 *
 * @remarks A page is live when it is reached from the root, or neither reached nor free. With the free-space pages, no entry is lost with a
 * damaged branch or meta block, and none that was deleted or overwritten is returned. Without them, the newest leaves in the key ranges of
 * damaged branches are returned, and reported as doubts. Reads each page of the checkpoint once, and the whole file if a branch, a
 * meta block or a free-space page is damaged.
 * @param sink - receives entries, losses and doubts.
 * @throws {@link LdbError} LDB_NOT_FOUND when the file is absent; LDB_CORRUPTION when no page of it is intact; LDB_FORMAT, LDB_UNSUPPORTED
 * for a file of another version, and for a value whose codec is unknown; LDB_IO; what the sink throws.
 * @example
 * ```ts
 * import { BTree, salvageTree } from '@ldb/btree'
 * import { MemoryVfs } from '@ldb/vfs'
 *
 * const vfs = new MemoryVfs()
 * const tree = BTree.open(vfs, 'tree.ldb')
 * tree.load([[Uint8Array.of(1), Uint8Array.of(2)]], 1 as never)
 * tree.checkpoint()
 * tree.close()
 * const report = salvageTree(vfs, 'tree.ldb', {
 *   entry: (key, value) => console.log(key[0], value[0]), // 1 2
 *   loss: (loss) => console.log(loss.message),
 *   doubt: (doubt) => console.log(doubt.message),
 * })
 * console.log(report.lostCount) // 0
 * ```
 * @category Salvage
 */
export function salvageTree(
  vfs: Vfs,
  path: FilePath,
  sink: SalvageSink,
  options?: TreeSalvageOptions,
): TreeSalvageReport {
  const { identity, codecs, createCipher } = ownOptions(
    options,
    ['identity', 'codecs', 'createCipher'],
    'options of a salvage',
  ) as TreeSalvageOptions
  if (!LITTLE_ENDIAN) throw new LdbError('LDB_UNSUPPORTED', 'this machine is big-endian')
  const name = resolvePath(vfs, path)
  const file = vfs.open(name, 'read')
  try {
    const tree = findTree(file, identity, codecOfFile(createCipher))
    if (tree === undefined) throw corruption(name, 0, 'no page of the B+tree is intact')
    return new TreeSalvage(file, tree, sink, codecs).run()
  } finally {
    file.close()
  }
}
