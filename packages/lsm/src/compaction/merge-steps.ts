import { INVARIANTS } from '@ldb/base'
import type { Tombstone } from '../entry/tombstones.js'
import type { BufferPart } from '../entry/buffer-part.js'
import type { MergeSource } from '../merge/merge-source.js'
import type { TableWriter } from '../table/table-writer.js'
import { clipTombstones } from './kept-tombstones.js'
import type { Retention } from './retention.js'

/** Bytes that are merged in one step, about a millisecond of work. Small where invariants are checked, to interrupt anywhere. */
const STEP_BYTES = INVARIANTS ? 2048 : 128 * 1024
/** Bytes of work for an entry, besides those of key and value. */
const ENTRY_BYTES = 16

/** Creates the output tables of a merge. */
export interface TableOutput<T> {
  /** Begins a table. @param buffer - memory for its output, if there is any. */
  begin(buffer?: BufferPart): TableWriter
  /** Ends the table begun last. */
  end(tombstones: readonly Tombstone[]): T
}

/**
 * Writes the entries of a source that are kept to new tables, with the range tombstones that are kept, in steps.
 *
 * @param buffer - memory for the output, if there is any.
 * @returns a generator that yields the bytes merged in each step.
 */
export function* mergeSteps<T>(
  merged: MergeSource,
  retention: Retention,
  kept: readonly Tombstone[],
  output: TableOutput<T>,
  tableBytes: number,
  buffer?: BufferPart,
): Generator<number, T[], void> {
  const tables: T[] = []
  let writer: TableWriter | undefined
  let tableLower: Uint8Array | undefined
  let stepBytes = 0
  const keepValues = (): void => {
    writer?.keepValues()
  }
  for (merged.first(keepValues); merged.isValid; merged.next()) {
    const { entry, isNewKey } = merged
    stepBytes += entry.keyEnd - entry.keyStart + (entry.valueEnd - entry.valueStart) + ENTRY_BYTES
    // (L1) A table ends between two keys, never between two versions of one key.
    if (writer !== undefined && writer.byteCount >= tableBytes && isNewKey) {
      const upper = entry.copyKey()
      tables.push(output.end(clipTombstones(kept, tableLower, upper)))
      writer = undefined
      tableLower = upper
    }
    if (retention.keeps(entry, isNewKey)) {
      writer ??= output.begin(buffer)
      writer.add(entry)
    }
    if (stepBytes < STEP_BYTES) continue
    yield stepBytes
    stepBytes = 0
  }
  const rest = clipTombstones(kept, tableLower, undefined)
  if (writer !== undefined || rest.length > 0) {
    if (writer === undefined) output.begin()
    tables.push(output.end(rest))
  }
  return tables
}
