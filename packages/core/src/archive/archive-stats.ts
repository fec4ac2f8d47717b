/** Statistics of an archive. @category Statistics */
export interface ArchiveStats {
  /** Newest commit that is in the archive, on its device. */
  readonly seq: number
  /** Bytes of the log that are not in the archive. */
  readonly lagBytes: number
  /** Age of the oldest commit of this process that is not in the archive, in milliseconds, to a second; 0 without one. */
  readonly lagMs: number
  /** Why the last pass has failed; `undefined` when it has not. The log keeps what is not archived. */
  readonly failure: string | undefined
}
