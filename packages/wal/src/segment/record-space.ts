import type { SegmentCursor } from './cursor.js'
import type { FoundSegment } from './segment.js'

/**
 * Returns the lsn at or below which the records of a segment end, whatever the length of its file: the end of the file, or the
 * capacity of the segment if that is less. A file may be longer than its writer made it, and a hole of a terabyte is not searched for
 * records.
 *
 * @remarks A record larger than the capacity is the only one of its segment. If its header is torn, no other record follows it.
 */
export function recordSpaceEnd({ segment, fileBytes }: FoundSegment, cursor: SegmentCursor): number {
  const { baseLsn, header } = segment
  const fileEnd = baseLsn + (fileBytes - segment.fileOffsetOf(baseLsn))
  const capacityEnd = baseLsn + header.capacityBytes
  if (fileEnd <= capacityEnd) return fileEnd
  return cursor.readHeader(baseLsn, fileEnd)
    ? Math.max(capacityEnd, baseLsn + cursor.recordBytes)
    : capacityEnd
}
