import { assert, toLsn } from '@ldb/base'
import type { Lsn } from '@ldb/base'
import type { Vfs } from '@ldb/vfs'
import { oldSegments } from './read/old-segments.js'
import type { OldSegments } from './read/old-segments.js'
import type { SegmentList } from './segment/list.js'
import type { LogWriter } from './write/log-writer.js'

/**
 * The segments of a log as identity of its history.
 *
 * @remarks Copies of a log that are opened and appended to begin segments with different random ids. The id of a segment therefore
 * identifies all records that were appended to it and before.
 * @category Log
 */
export class LogHistory {
  readonly #vfs: Vfs
  readonly #segments: SegmentList
  readonly #writer: LogWriter

  /** @internal */
  constructor(vfs: Vfs, segments: SegmentList, writer: LogWriter) {
    this.#vfs = vfs
    this.#segments = segments
    this.#writer = writer
  }

  /**
   * Id of the newest segment on the device: 16 random bytes, not to be written to. After a sync, it or an older segment contains every
   * record that was appended before the sync.
   */
  get segmentId(): Uint8Array {
    const { newest } = this.#segments
    assert(newest !== undefined, 'an open log has a segment')
    return newest.header.segmentId
  }

  /** True when this opening has created a segment, which no copy of the log from before the opening contains. */
  get hasCreatedSegment(): boolean {
    return this.#writer.hasCreatedSegment
  }

  /**
   * Returns the end of the records that were appended to a segment or to older ones; `undefined` when the log does not contain
   * the segment. A record that recovery copied to the next segment counts as one of the segment that it was copied from.
   *
   * @param segmentId - as `segmentId` returned it, in this opening or in an earlier one.
   */
  appendEndOf(segmentId: Uint8Array): Lsn | undefined {
    const end = this.#segments.appendEndOf(segmentId)
    return end === undefined ? undefined : toLsn(Math.min(end, this.#writer.endLsn))
  }

  /**
   * Counts the segments with records on file that are encrypted with older data keys. Reads the first record of each.
   *
   * @param isOld - reports whether a number is that of an older data key.
   * @throws {@link LdbError} LDB_IO.
   */
  oldSegments(isOld: (dataKeyId: number) => boolean): OldSegments {
    return oldSegments(this.#vfs, this.#segments.all, this.#writer.flushedLsn, isOld)
  }
}
