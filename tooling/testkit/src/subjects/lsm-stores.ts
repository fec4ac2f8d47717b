import { LsmTree } from '@ldb/lsm'
import type { LsmTreeOptions } from '@ldb/lsm'
import { MemoryVfs } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import type { StoreMaker } from '../store/store-maker.js'

/** Returns a maker of LSM trees whose memtables, blocks and tables are so small that a few hundred operations fill levels. @category Subjects */
export function lsmStoresOf(options: LsmTreeOptions): StoreMaker {
  const { memtableBytes, blockBytes, tableBytes } = options
  return {
    name: `LSM tree, memtables of ${memtableBytes} bytes, blocks of ${blockBytes}, tables of ${tableBytes}`,
    make: (layer = (below: Vfs) => below) => {
      const vfs = layer(new MemoryVfs())
      return { open: () => LsmTree.open(vfs, 'store', options) }
    },
  }
}
