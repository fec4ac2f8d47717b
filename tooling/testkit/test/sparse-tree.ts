import { toSeq, WriteBatch } from '@ldb/base'
import { BTree } from '@ldb/btree'
import { MemoryVfs } from '@ldb/vfs'
import { FreeSpace } from '../../../packages/btree/src/space/free-space.js'
import {
  metaLinks,
  pagesPerBitmap,
  writeFreeSpaceAtOnce,
} from '../../../packages/btree/src/file/free-space-pages.js'
import { plainCodec } from '../../../packages/btree/src/file/file-codec.js'
import { readMeta, writeMeta } from '../../../packages/btree/src/file/meta-blocks.js'

/**
 * Creates a tree whose file has `pageCount` pages, nearly all of them unusable holes, so that new pages are allocated after
 * them. The tree, `tree.ldb`, contains one entry, `key0`.
 */
export function withPagesBefore(pageCount: number, pageBytes: number): MemoryVfs {
  const vfs = new MemoryVfs()
  const tree = BTree.open(vfs, 'tree.ldb', { pageBytes })
  const batch = new WriteBatch()
  batch.put(1, Buffer.from('key0'), Buffer.from('first'))
  for (const section of batch.sections()) tree.apply(section, toSeq(1))
  tree.checkpoint()
  tree.close()
  const file = vfs.open('tree.ldb', 'write')
  const meta = readMeta(file)
  const codec = plainCodec(meta.fileId)
  const bitmapCount = Math.ceil(pageCount / pagesPerBitmap(pageBytes))
  const numbers = Array.from({ length: 2 * bitmapCount }, (_, index) => pageCount - 2 * bitmapCount + index)
  file.truncate(pageCount * pageBytes)
  const chain = writeFreeSpaceAtOnce(
    file,
    codec,
    { pageBytes, epoch: meta.epoch },
    FreeSpace.ofFile(pageBytes, pageCount),
    { pages: numbers.slice(0, bitmapCount), mirrors: numbers.slice(bitmapCount) },
  )
  writeMeta(file, codec, {
    ...meta,
    checkpoint: meta.checkpoint + 1,
    pageCount,
    freeCount: 0,
    ...metaLinks(chain),
  })
  file.close()
  return vfs
}
