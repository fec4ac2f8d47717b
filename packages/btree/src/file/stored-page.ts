import { UnitKind } from '@ldb/integrity'
import type { UnitCodec } from '@ldb/integrity'
import type { VfsFile } from '@ldb/vfs'
import { PageMemory } from '../page/memory.js'
import type { ExtentReader } from '../page/memory.js'
import { checksumHigh, checksumLow } from '../page/page.js'

/** Extent reader of page memories whose long keys are never read. */
const NO_EXTENTS: ExtentReader = {
  readExtent(): Uint8Array {
    return new Uint8Array(0)
  },
}

/** Returns the memory of one page of a file, whose long keys are never read. @internal */
export function storedPageMemory(pageBytes: number, { trailerBytes }: UnitCodec): PageMemory {
  return new PageMemory(new Uint8Array(pageBytes), pageBytes, NO_EXTENTS, undefined, trailerBytes)
}

/** Fault of a page that is not completely in the file. @internal */
export const FILE_ENDS_WITHIN_PAGE = 'the file ends within a page'

/**
 * Reads a tree page from the file to the start of a memory, past the cache, and checks its checksum.
 *
 * @param expected - the checksum that the parent records.
 * @returns the fault of the page, or `undefined`.
 * @throws {@link LdbError} LDB_IO.
 * @internal
 */
export function readStoredPage(
  file: VfsFile,
  codec: UnitCodec,
  memory: PageMemory,
  pageNumber: number,
  expected: { readonly low: number; readonly high: number },
): string | undefined {
  const { bytes, pageBytes } = memory
  const fileOffset = pageNumber * pageBytes
  if (file.read(bytes, 0, pageBytes, fileOffset) !== pageBytes) return FILE_ENDS_WITHIN_PAGE
  if (!codec.decode(UnitKind.Page, fileOffset, 0, bytes, 0, pageBytes)) return 'a page cannot be decrypted'
  const low = checksumLow(memory, 0)
  const high = checksumHigh(memory, 0)
  if (!codec.isIntact(bytes, 8, pageBytes, low, high)) return 'a page does not match its checksum'
  if (low !== expected.low || high !== expected.high) {
    return 'a page does not match the checksum that its parent records'
  }
  return undefined
}
