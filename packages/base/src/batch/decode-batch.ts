import {
  SECTION_HEADER_BYTES,
  SECTION_KEYSPACE_ID_OFFSET,
  SECTION_OPERATION_BYTES_OFFSET,
  SECTION_OPERATION_COUNT_OFFSET,
} from './format.js'
import { BatchReader } from './reader.js'
import type { KeyspaceSection } from './section.js'
import { readU32 } from '../bytes/fixed-width.js'
import { corruption } from '../ldb-error.js'

/**
 * Splits an encoded batch into its sections and validates every operation, so that applying a section cannot fail on its encoding
 * half way.
 *
 * @param bytes - the complete batch; the sections borrow it.
 * @param file - path of the file that contains the batch, for errors.
 * @param fileOffset - offset of the batch in that file, for errors.
 * @throws {@link LdbError} LDB_CORRUPTION when the bytes are not an encoded batch.
 * @category Batches
 */
export function decodeBatch(bytes: Uint8Array, file: string, fileOffset: number): KeyspaceSection[] {
  const origin = { file, offset: fileOffset }
  const sections: KeyspaceSection[] = []
  const keyspaceIds = new Set<number>()
  const reader = new BatchReader()
  let at = 0
  while (at < bytes.length) {
    if (bytes.length - at < SECTION_HEADER_BYTES) {
      throw corruption(file, fileOffset + at, 'section header is truncated')
    }
    const keyspaceId = readU32(bytes, at + SECTION_KEYSPACE_ID_OFFSET)
    const operationCount = readU32(bytes, at + SECTION_OPERATION_COUNT_OFFSET)
    const operationBytes = readU32(bytes, at + SECTION_OPERATION_BYTES_OFFSET)
    const start = at + SECTION_HEADER_BYTES
    if (operationBytes > bytes.length - start) {
      throw corruption(file, fileOffset + at, 'section exceeds its batch', { actual: operationBytes })
    }
    if (operationCount === 0) throw corruption(file, fileOffset + at, 'section has no operation')
    if (keyspaceIds.has(keyspaceId)) {
      throw corruption(file, fileOffset + at, 'keyspace has two sections', { actual: keyspaceId })
    }
    keyspaceIds.add(keyspaceId)
    const end = start + operationBytes
    const section = {
      keyspaceId,
      bytes,
      start,
      end,
      operationCount,
      isSorted: undefined,
      starts: undefined,
      origin,
    }
    reader.reset(section)
    while (reader.next());
    sections.push(section)
    at = section.end
  }
  return sections
}
