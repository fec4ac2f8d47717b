const MEBIBYTE = 1_048_576
/** Less is not worth a checkpoint, more would take long to recover. */
const BYTES_MIN = 64 * MEBIBYTE
const BYTES_MAX = 256 * MEBIBYTE
/** Returns the bytes of the log after which a checkpoint of so much data pays. */
export function logBytesFor(dataBytes: number): number {
  return Math.min(BYTES_MAX, Math.max(BYTES_MIN, dataBytes))
}

/**
 * How long the log may become before a checkpoint comes unasked. A checkpoint writes each page that has changed since the last one:
 * when commits come everywhere, nearly all of the data, however short the log is. So the log may become as long as the data, and
 * checkpoints write no more than commits do, up to a length that an opening reads in about a second.
 */
export class LogLimit {
  /** Bytes of commits in the log, as worked out last. */
  bytes: number
  readonly #dataBytes: () => number
  readonly #isFixed: boolean
  #isCurrent = false

  /**
   * @param bytes - the limit, where it does not follow the data.
   * @param dataBytes - tells how much there is; not cheap.
   */
  constructor(bytes: number | undefined, dataBytes: () => number) {
    this.#dataBytes = dataBytes
    this.#isFixed = bytes !== undefined
    this.bytes = bytes ?? BYTES_MIN
  }

  /** Reports whether a log of so many bytes is long enough for a checkpoint. Looks at the data once each time the log gets there. */
  isReached(logBytes: number): boolean {
    if (logBytes < this.bytes) {
      this.#isCurrent = false
      return false
    }
    if (this.#isFixed || this.#isCurrent) return true
    this.bytes = logBytesFor(this.#dataBytes())
    this.#isCurrent = logBytes >= this.bytes
    return this.#isCurrent
  }
}
