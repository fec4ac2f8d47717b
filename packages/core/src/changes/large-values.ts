import { BatchReader, OperationKind } from '@ldb/base'
import type { KeyspaceSection } from '@ldb/base'
import { referenceAt } from '../blob/value-header.js'
import type { KeyspaceStore } from '../keyspace/store.js'
import type { ReadGate } from '../resident/read-gate.js'

const reader = new BatchReader()

/** The values in blob files that a section of a commit names, by the offset of the stored value in the bytes of the section. */
export type LargeValues = ReadonlyMap<number, Uint8Array>

const NO_VALUES: LargeValues = new Map()

/**
 * Reads the values in blob files that a section of a commit names, off the thread.
 *
 * @param check - called before each read; throws to end the operation.
 */
export async function loadLargeValues(
  section: KeyspaceSection,
  { blobs }: KeyspaceStore,
  gate: ReadGate,
  check: () => void,
): Promise<LargeValues> {
  const offsets = blobs?.files === undefined ? [] : referringOffsets(section)
  if (blobs === undefined || offsets.length === 0) return NO_VALUES
  const values = new Map<number, Uint8Array>()
  for (const [valueStart, at] of offsets) {
    values.set(valueStart, await gate.read(() => blobs.read(section.bytes, at), check))
  }
  return values
}

/** Returns the offset of each stored value that refers to a blob, and that of its reference. */
function referringOffsets(section: KeyspaceSection): [valueStart: number, at: number][] {
  const offsets: [number, number][] = []
  reader.reset(section)
  while (reader.next()) {
    if (reader.kind !== OperationKind.Put) continue
    const at = referenceAt(reader.bytes, reader.valueStart, reader.valueEnd)
    if (at >= 0) offsets.push([reader.valueStart, at])
  }
  reader.release()
  return offsets
}
