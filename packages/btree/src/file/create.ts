import { NO_SEGMENT_ID } from '@ldb/base'
import { FILE_ID_BYTES, UnitKind } from '@ldb/integrity'
import type { UnitCodec, UnitFile } from '@ldb/integrity'
import { directoryOf, makeParents } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import { metaCopyEnd } from '../format.js'
import { clearPage, setChecksum, setPageEpoch, setPageNumber } from '../page/page.js'
import { FreeSpace } from '../space/free-space.js'
import { allocateFreeSpacePages, metaLinks, writeFreeSpaceAtOnce } from './free-space-pages.js'
import type { FreeSpacePages } from './free-space-pages.js'
import type { CodecOfFile } from './file-codec.js'
import { NO_DICTIONARIES } from './meta.js'
import type { Meta } from './meta.js'
import { writeMeta } from './meta-blocks.js'
import type { TreeIdentity } from './options.js'
import { storedPageMemory } from './stored-page.js'

/** The content of the file of an empty tree. @internal */
export interface EmptyTree {
  readonly meta: Meta
  readonly freeSpace: FreeSpace
  readonly freeSpacePages: FreeSpacePages
  /** Every byte of the file. */
  readonly image: Uint8Array
}

/** Returns the content of the file of an empty tree. @internal */
export function encodeEmptyTree({ fileId, pageBytes }: TreeIdentity, codec: UnitCodec): EmptyTree {
  const freeSpace = FreeSpace.ofFile(pageBytes, metaCopyEnd(pageBytes))
  freeSpace.freeAll()
  const rootPage = freeSpace.allocate()
  const freeSpacePages: FreeSpacePages = { pages: [], mirrors: [] }
  allocateFreeSpacePages(pageBytes, pageBytes - codec.trailerBytes, freeSpace, freeSpacePages)
  const { pageCount, freeCount } = freeSpace
  const epoch = 1
  const root = storedPageMemory(pageBytes, codec)
  const hash = new Int32Array(2)
  clearPage(root, 0, 0)
  setPageNumber(root, 0, rootPage)
  setPageEpoch(root, 0, epoch)
  codec.checksum(root.bytes, 8, pageBytes, hash)
  setChecksum(root, 0, hash[0] as number, hash[1] as number)
  const image = new Uint8Array(pageCount * pageBytes)
  const target: UnitFile = {
    write: (bytes, start, byteCount, position) => {
      image.set(bytes.subarray(start, start + byteCount), position)
    },
  }
  codec.write(target, UnitKind.Page, rootPage * pageBytes, 0, root.bytes, 0, pageBytes)
  const chain = writeFreeSpaceAtOnce(target, codec, { pageBytes, epoch }, freeSpace, freeSpacePages)
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
    extentCount: 0,
    hasEncodedValues: false,
    pageCount,
    ...metaLinks(chain),
    freeCount,
    logSegmentId: NO_SEGMENT_ID,
    dictionaries: NO_DICTIONARIES,
  }
  writeMeta(target, codec, meta)
  return { meta, image, freeSpace, freeSpacePages }
}

/**
 * Creates the file of an empty tree. The file gets its name last, after a sync, so that a file of that name is always
 * complete (D1).
 *
 * @internal
 */
export function createTreeFile(vfs: Vfs, path: string, pageBytes: number, codecOf: CodecOfFile): void {
  const temporary = `${path}.new`
  if (vfs.status(directoryOf(path))?.kind !== 'directory') makeParents(vfs, path)
  if (vfs.status(temporary) !== undefined) vfs.remove(temporary)
  const fileId = vfs.random.fill(new Uint8Array(FILE_ID_BYTES))
  const { image } = encodeEmptyTree({ fileId, pageBytes }, codecOf(fileId))
  const file = vfs.open(temporary, 'createNew')
  try {
    file.write(image, 0, image.length, 0)
    file.sync()
  } finally {
    file.close()
  }
  vfs.rename(temporary, path)
  vfs.syncDirectory(directoryOf(path))
}
