import type { Syncable } from './resumable-task.js'

/** Bytes of the id of a log segment. @category Contracts */
export const SEGMENT_ID_BYTES = 16

/** The id that stands for no log segment: zeros. Not to be written to. @category Contracts */
export const NO_SEGMENT_ID: Uint8Array = new Uint8Array(SEGMENT_ID_BYTES)

/**
 * The log that stores follow, as they see it.
 *
 * @category Contracts
 */
export interface StoreLog extends Syncable {
  /**
   * Id of the newest log segment on the device: 16 bytes, random for each segment, zeros for a log without files. Not to be written
   * to. After a sync, every record that was appended before the sync is in this segment or in an older one.
   *
   * @remarks Two copies of a database never begin segments with one id. The id therefore identifies the history of the commits up to
   * the newest one in the segment.
   */
  readonly segmentId: Uint8Array
}
