import { isLdbError } from '@ldb/base'
import type { VfsFile } from '@ldb/vfs'
import { Dictionaries } from '../dictionary/dictionaries.js'
import type { ExtentFile } from '../extents/extent-file.js'
import { encodeReference } from '../extents/extent-reference.js'
import type { ExtentReference } from '../extents/extent-reference.js'
import { NO_DICTIONARIES } from '../file/meta.js'
import type { Meta } from '../file/meta.js'
import {
  EXTENT_REFERENCE_BYTES,
  firstPageNumber,
  OVERFLOW_EXTENT_CONTENT_BYTES_OFFSET,
  PageKind,
} from '../format.js'
import type { PageMemory } from '../page/memory.js'
import { checksumHigh, checksumLow, pageEpoch, pageKind, pageNumberOf } from '../page/page.js'

/**
 * Returns the dictionaries of a damaged file: those of the meta block of the checkpoint; when it is lost, the newest ones in the file, and
 * else those of an older meta block. Where the file is encrypted, only those of a meta block can be found.
 *
 * @param meta - the newest intact meta block.
 * @param isNewest - it is that of the checkpoint.
 * @param memory - one page.
 * @param epoch - of the checkpoint.
 */
export function foundDictionaries(
  file: VfsFile,
  extentFile: ExtentFile,
  meta: Meta | undefined,
  isNewest: boolean,
  pageCount: number,
  memory: PageMemory,
  epoch: number,
): Dictionaries {
  const parts = { filePath: file.path, extentFile }
  const known = new Dictionaries(meta?.dictionaries ?? NO_DICTIONARIES, parts)
  if (isNewest && meta !== undefined) return known
  let newest: Dictionaries | undefined
  let newestEpoch = -1
  for (let page = firstPageNumber(memory.pageBytes); page < pageCount; page += 1) {
    const reference = referenceAt(file, memory, page)
    if (reference === undefined || reference.epoch <= newestEpoch || reference.epoch > epoch) continue
    const bytes = new Uint8Array(EXTENT_REFERENCE_BYTES)
    encodeReference(new DataView(bytes.buffer), reference)
    const found = new Dictionaries(bytes, parts)
    if (!isReadable(found)) continue
    newest = found
    newestEpoch = reference.epoch
  }
  return newest ?? known
}

/** Returns the reference that matches the extent at a page, if one begins there. */
function referenceAt(file: VfsFile, memory: PageMemory, page: number): ExtentReference | undefined {
  file.read(memory.bytes, 0, memory.pageBytes, page * memory.pageBytes)
  if (pageKind(memory, 0) !== PageKind.Extent || pageNumberOf(memory, 0) !== page) return undefined
  return {
    page,
    contentBytes: memory.view.getUint32(OVERFLOW_EXTENT_CONTENT_BYTES_OFFSET, true),
    epoch: pageEpoch(memory, 0),
    checksumLow: checksumLow(memory, 0),
    checksumHigh: checksumHigh(memory, 0),
  }
}

function isReadable(dictionaries: Dictionaries): boolean {
  try {
    return dictionaries.count > 0
  } catch (error) {
    if (!isLdbError(error, 'LDB_CORRUPTION')) throw error
    return false
  }
}
