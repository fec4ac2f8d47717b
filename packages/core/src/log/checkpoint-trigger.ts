const MEBIBYTE = 1_048_576
/** Checkpoints of a shorter log cost more than they save; a longer log takes long to replay. */
const BYTES_MIN = 64 * MEBIBYTE
const BYTES_MAX = 256 * MEBIBYTE

/** Returns the log length in bytes that triggers a checkpoint, for stores that prefer `preferredBytes` together. */
export function logBytesFor(preferredBytes: number): number {
  return Math.min(BYTES_MAX, Math.max(BYTES_MIN, preferredBytes))
}

/**
 * Decides when the log is long enough for an automatic checkpoint.
 *
 * @remarks A checkpoint of a B+tree writes each page that has changed since the last one: with random writes nearly all of its
 * data, however short the log is. The log may therefore become as long as the stores prefer, up to a length that is replayed in
 * about a second. A store may also request a checkpoint earlier.
 */
export class CheckpointTrigger {
  /** Log length in bytes that triggers a checkpoint, as last computed. */
  bytes: number
  readonly #preferredBytes: () => number
  readonly #isFixed: boolean
  #isCurrent = false
  #isRequested = false

  /**
   * @param bytes - the fixed length; `undefined` when it follows the stores.
   * @param preferredBytes - returns the sum of what the stores prefer; expensive, so called once each time the log reaches the last length.
   */
  constructor(bytes: number | undefined, preferredBytes: () => number) {
    this.#preferredBytes = preferredBytes
    this.#isFixed = bytes !== undefined
    this.bytes = bytes ?? BYTES_MIN
  }

  /** Requests a checkpoint at any length of the log. Cleared when one begins. */
  request(): void {
    this.#isRequested = true
  }

  /** Clears a request when a checkpoint begins. */
  clearRequest(): void {
    this.#isRequested = false
  }

  /** Reports whether a checkpoint is due for a log of `logBytes`. */
  isDue(logBytes: number): boolean {
    if (this.#isRequested) return true
    if (logBytes < this.bytes) {
      this.#isCurrent = false
      return false
    }
    if (this.#isFixed || this.#isCurrent) return true
    this.bytes = logBytesFor(this.#preferredBytes())
    this.#isCurrent = logBytes >= this.bytes
    return this.#isCurrent
  }
}
