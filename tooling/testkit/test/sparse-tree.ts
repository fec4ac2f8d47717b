import { toSeq, WriteBatch } from '@ldb/base'
import { BTree } from '@ldb/btree'
import { MemoryVfs } from '@ldb/vfs'
import { FreeSpace } from '../../../packages/btree/src/space/free-space.js'
import { pagesPerBitmap, writeFreeSpaceAtOnce } from '../../../packages/btree/src/file/free-space-pages.js'
import { firstPageNumber, META_STRIDE } from '../../../packages/btree/src/format.js'
import { blockOf, encodeMeta, readMeta, seedOf } from '../../../packages/btree/src/file/meta.js'

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
  const bitmapCount = Math.ceil(pageCount / pagesPerBitmap(pageBytes))
  const numbers = Array.from({ length: bitmapCount }, (_, index) => pageCount - bitmapCount + index)
  file.truncate(pageCount * pageBytes)
  const chain = writeFreeSpaceAtOnce(
    file,
    seedOf(meta.fileId),
    { pageBytes, epoch: meta.epoch },
    new FreeSpace(firstPageNumber(pageBytes), pageCount),
    numbers,
  )
  const checkpoint = meta.checkpoint + 1
  const bytes = encodeMeta({
    ...meta,
    checkpoint,
    pageCount,
    freeCount: 0,
    freeSpacePage: chain.page,
    freeSpaceChecksumLow: chain.checksumLow,
    freeSpaceChecksumHigh: chain.checksumHigh,
  })
  file.write(bytes, 0, bytes.length, blockOf(checkpoint) * META_STRIDE)
  file.close()
  return vfs
}
