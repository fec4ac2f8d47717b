import { OperationKind } from '@ldb/base'
import type { BatchReader, BatchSection } from '@ldb/base'
import { decodeReference } from '@ldb/blob'
import { referenceAt } from './value-header.js'

/** Returns the bytes of the values in blob files that a section of a commit names. */
export function referencedValueBytes(section: BatchSection, reader: BatchReader): number {
  let byteCount = 0
  reader.reset(section)
  while (reader.next()) {
    if (reader.kind !== OperationKind.Put) continue
    const at = referenceAt(reader.bytes, reader.valueStart, reader.valueEnd)
    byteCount += at < 0 ? 0 : (decodeReference(reader.bytes, at)?.valueBytes ?? 0)
  }
  return byteCount
}
