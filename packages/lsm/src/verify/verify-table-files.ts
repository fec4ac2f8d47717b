import { isLdbError, runVerifySteps } from '@ldb/base'
import type { VerifySink } from '@ldb/base'
import { BlockCache } from '@ldb/cache'
import type { CodecTable, DataKeys } from '@ldb/integrity'
import type { Vfs } from '@ldb/vfs'
import type { Block } from '../block/block.js'
import { HEADER_BYTES, TABLE_KIND } from '../format.js'
import { decodeHeader } from '../table/file-header.js'
import type { TableProperties } from '../table/properties.js'
import { tableNumberOf, tablePath } from '../table/table-meta.js'
import type { TableMeta } from '../table/table-meta.js'
import { TableReader } from '../table/table-reader.js'
import { findingOf } from './fault-finding.js'
import { UnitAmounts } from './unit-amounts.js'
import { verifyTable } from './verify-table.js'

/** Verification reads past the cache. */
const CACHE_BYTES = 65_536

/**
 * Verifies all tables in the directory of a store whose manifest is damaged: as far as they tell by themselves, and without the manifest's
 * description of them.
 *
 * @param keys - the data keys of an encrypted store.
 * @throws what the sink throws.
 * @category LSM tree
 */
export function verifyTableFiles(
  vfs: Vfs,
  directory: string,
  codecs: CodecTable,
  keys: DataKeys | undefined,
  sink: VerifySink,
): void {
  const cache = new BlockCache<Block>(CACHE_BYTES)
  for (const name of vfs.list(directory)) {
    const number = tableNumberOf(name)
    if (number === undefined) continue
    const amounts = new UnitAmounts()
    const path = tablePath(directory, number)
    try {
      const meta = metaOf(vfs, directory, number, cache, codecs, keys)
      const reader = new TableReader(vfs, directory, meta, cache.attach(), codecs, keys)
      try {
        runVerifySteps(verifyTable(reader, sink, amounts))
      } finally {
        reader.close()
      }
    } catch (error) {
      if (!isLdbError(error)) throw error
      sink.finding(findingOf(error, path, 0))
    }
    sink.progress({ units: 0, entries: 0, bytes: 0, amounts: amounts.take() })
  }
}

/** Returns what the header and the properties of a table say of it; its bounds are unknown. */
function metaOf(
  vfs: Vfs,
  directory: string,
  number: number,
  cache: BlockCache<Block>,
  codecs: CodecTable,
  keys: DataKeys | undefined,
): TableMeta {
  const { fileId, fileBytes } = readFront(vfs, tablePath(directory, number), keys !== undefined)
  const bounds = { lower: new Uint8Array(), upper: undefined }
  const counts = { entryCount: 1, deleteCount: 0, tombstoneCount: 0, minStamp: 0, maxStamp: 0 }
  const meta = { number, fileId, fileBytes, rawBytes: fileBytes, codecId: 0, ...bounds, ...counts }
  const reader = new TableReader(vfs, directory, meta, cache.attach(), codecs, keys)
  try {
    const properties: TableProperties = reader.properties()
    const rawBytes = fileBytes + properties.rawBytes - properties.storedBytes
    const { entryCount, deleteCount, tombstoneCount, minStamp, maxStamp } = properties
    return { ...meta, rawBytes, entryCount, deleteCount, tombstoneCount, minStamp, maxStamp }
  } catch (error) {
    // The walk reports it.
    if (!isLdbError(error, 'LDB_CORRUPTION')) throw error
    return meta
  } finally {
    reader.close()
  }
}

function readFront(
  vfs: Vfs,
  path: string,
  isEncrypted: boolean,
): { readonly fileId: Uint8Array; readonly fileBytes: number } {
  const file = vfs.open(path, 'read')
  try {
    const header = new Uint8Array(HEADER_BYTES)
    const byteCount = file.read(header, 0, HEADER_BYTES, 0)
    const { fileId } = decodeHeader(header.subarray(0, byteCount), TABLE_KIND, path, isEncrypted)
    return { fileId, fileBytes: file.length() }
  } finally {
    file.close()
  }
}
