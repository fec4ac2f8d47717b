import { readU32 } from '@ldb/base'
import type { Vfs } from '@ldb/vfs'
import { SegmentCursor } from '../segment/cursor.js'
import type { Segment } from '../segment/segment.js'

/** Segments with records that are encrypted with older data keys. @category Log */
export interface OldSegments {
  readonly segmentCount: number
  /** Bytes of their records. */
  readonly byteCount: number
}

/** Bytes of the number of the data key, with which the trailer of a payload ends. */
const DATA_KEY_ID_BYTES = 4

/**
 * Counts the segments of a log whose first record on file is encrypted with an older data key: records are encrypted in their order, so that
 * no later one has an older key.
 *
 * @param isOld - reports whether a number is that of an older data key.
 * @throws {@link LdbError} LDB_IO.
 */
export function oldSegments(
  vfs: Vfs,
  segments: readonly Segment[],
  flushedLsn: number,
  isOld: (dataKeyId: number) => boolean,
): OldSegments {
  let segmentCount = 0
  let byteCount = 0
  for (const segment of segments) {
    const endLsn = segment.endLsn ?? flushedLsn
    if (endLsn === segment.baseLsn || segment.codec.trailerBytes === 0) continue
    const dataKeyId = firstDataKeyId(vfs, segment, endLsn)
    // A damaged record may be under any key.
    if (dataKeyId !== undefined && !isOld(dataKeyId)) continue
    segmentCount += 1
    byteCount += endLsn - segment.baseLsn
  }
  return { segmentCount, byteCount }
}

/** Returns the number of the data key of the first record of a segment; `undefined` when it is damaged. */
function firstDataKeyId(vfs: Vfs, segment: Segment, endLsn: number): number | undefined {
  const cursor = new SegmentCursor(segment, vfs.open(segment.path, 'read'))
  try {
    if (!cursor.readRecord(segment.baseLsn, endLsn)) return undefined
    return readU32(cursor.stored, cursor.storedBytes - DATA_KEY_ID_BYTES)
  } finally {
    cursor.close()
  }
}
