import { directoryOf } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import { firstPageNumber, META_REGION_BYTES } from '../format.js'
import { FreeSpace } from '../space/free-space.js'
import { writeFreeSpaceAtOnce } from './free-space-pages.js'
import { FILE_ID_BYTES, seedOf, writeMeta } from './meta.js'
import type { Meta } from './meta.js'
import { xxHash64 } from '@ldb/integrity'
import { clearPage, setChecksum, setPageEpoch, setPageNumber } from '../page/page.js'
import { PageMemory } from '../page/memory.js'

/** A page without records needs nobody who reads runs. */
const NO_RUNS = {
  readExtent(): Uint8Array {
    return new Uint8Array(0)
  },
}

/**
 * Creates the file of an empty tree: under a temporary name, synced, and renamed last, so that a file of the given
 * name is always whole (D1).
 *
 * @internal
 */
export function createTreeFile(vfs: Vfs, path: string, pageBytes: number): void {
  const temporary = `${path}.new`
  if (vfs.status(temporary) !== undefined) vfs.remove(temporary)
  const firstPage = firstPageNumber(pageBytes)
  const rootPage = firstPage
  const bitmapPage = firstPage + 1
  const pageCount = firstPage + 2
  const fileId = vfs.random.fill(new Uint8Array(FILE_ID_BYTES))
  const seed = seedOf(fileId)
  const epoch = 1
  const root = new PageMemory(new Uint8Array(pageBytes), pageBytes, NO_RUNS)
  const hash = new Int32Array(2)
  clearPage(root, 0, 0)
  setPageNumber(root, 0, rootPage)
  setPageEpoch(root, 0, epoch)
  xxHash64(root.bytes, 8, pageBytes, seed, hash)
  setChecksum(root, 0, hash[0] as number, hash[1] as number)
  const file = vfs.open(temporary, 'createNew')
  try {
    file.write(new Uint8Array(META_REGION_BYTES), 0, META_REGION_BYTES, 0)
    file.write(root.bytes, 0, pageBytes, rootPage * pageBytes)
    const freeSpace = new FreeSpace(firstPage, pageCount)
    const chain = writeFreeSpaceAtOnce(file, seed, { pageBytes, epoch }, freeSpace, [bitmapPage])
    const meta: Meta = {
      fileId,
      pageBytes,
      checkpoint: 1,
      epoch,
      durableSeq: 0,
      rootPage,
      rootLevel: 0,
      rootChecksumLow: hash[0] as number,
      rootChecksumHigh: hash[1] as number,
      entryCount: 0,
      runCount: 0,
      pageCount,
      freeSpacePage: chain.page,
      freeSpaceChecksumLow: chain.checksumLow,
      freeSpaceChecksumHigh: chain.checksumHigh,
      freeCount: 0,
    }
    writeMeta(file, meta)
    file.sync()
  } finally {
    file.close()
  }
  vfs.rename(temporary, path)
  vfs.syncDirectory(directoryOf(path))
}
