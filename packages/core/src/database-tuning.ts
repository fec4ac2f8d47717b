/** Settings that tests turn and users do not. */
export interface DatabaseTuning {
  /** Bytes of a page of a new database; the same for all of its keyspaces. */
  readonly pageBytes: number
  /** Bytes of commits in the log after which a checkpoint comes unasked. */
  readonly checkpointLogBytes: number
  /** Bytes of a segment of the log. */
  readonly segmentBytes: number
  /** Bytes that the log fills with zeros ahead. */
  readonly preallocateBytes: number
}

export const STANDARD_TUNING: DatabaseTuning = Object.freeze({
  pageBytes: 8192,
  checkpointLogBytes: 67_108_864,
  segmentBytes: 67_108_864,
  preallocateBytes: 4_194_304,
})
