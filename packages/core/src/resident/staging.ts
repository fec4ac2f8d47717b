import { isLdbError } from '@ldb/base'
import type { VfsFile } from '@ldb/vfs'
import type { StagedSpan } from './read-gate.js'

/** Bytes of staged spans that one file retains. The newest span is retained whatever its length. */
const STAGED_BYTES_MAX = 4 << 20

/** A span of a file that is loading or loaded. */
class Span implements StagedSpan {
  readonly fileOffset: number
  readonly byteCount: number
  /** `undefined` until the span is read, and after it is discarded. */
  bytes: Uint8Array | undefined = undefined
  /** Resolves when the span is read. */
  ready: Promise<void> = Promise.resolve()
  readonly #staging: Staging

  constructor(staging: Staging, fileOffset: number, byteCount: number) {
    this.#staging = staging
    this.fileOffset = fileOffset
    this.byteCount = byteCount
  }

  discard(): void {
    this.#staging.discard(this)
  }
}

/**
 * The spans of one file that were read off the thread. A write to the file discards the spans that it overlaps, loading
 * ones included.
 */
export class Staging {
  readonly #file: VfsFile
  readonly #spans: Map<number, Span> = new Map()
  #byteCount = 0

  constructor(file: VfsFile) {
    this.#file = file
  }

  /** Returns the staged span of exactly these bytes, or `undefined`. The caller discards it after its last use. */
  find(byteCount: number, fileOffset: number): Span | undefined {
    if (this.#spans.size === 0) return undefined
    const span = this.#spans.get(fileOffset)
    return span?.bytes === undefined || span.byteCount !== byteCount ? undefined : span
  }

  /** Removes a span, and frees its bytes. Idempotent. */
  discard(span: Span): void {
    span.bytes = undefined
    if (this.#spans.get(span.fileOffset) !== span) return
    this.#spans.delete(span.fileOffset)
    this.#byteCount -= span.byteCount
  }

  /** Reads a span off the thread, unless it is loading already. */
  fetch(byteCount: number, fileOffset: number): Promise<void> {
    const present = this.#spans.get(fileOffset)
    if (present?.byteCount === byteCount) return present.ready
    if (present !== undefined) this.discard(present)
    const span = new Span(this, fileOffset, byteCount)
    this.#spans.set(fileOffset, span)
    this.#byteCount += byteCount
    span.ready = this.#read(span)
    this.#evictOldest(span)
    return span.ready
  }

  /** Discards the spans that a write overlaps. */
  invalidate(start: number, end: number): void {
    if (this.#spans.size === 0) return
    for (const span of this.#spans.values()) {
      if (span.fileOffset < end && span.fileOffset + span.byteCount > start) this.discard(span)
    }
  }

  async #read(span: Span): Promise<void> {
    const { byteCount, fileOffset } = span
    try {
      const bytes = new Uint8Array(byteCount)
      const count = await this.#file.readAsync(bytes, 0, byteCount, fileOffset)
      // A discarded span stays without bytes: the retry of the operation misses again.
      if (this.#spans.get(fileOffset) === span) span.bytes = bytes.subarray(0, count)
    } catch (error) {
      this.discard(span)
      // An engine that does not need the file any more has closed it. The retry of the operation reads what it needs now.
      if (!isLdbError(error, 'LDB_CLOSED')) throw error
    }
  }

  /** Discards the oldest loaded spans beyond the limit. */
  #evictOldest(newest: Span): void {
    if (this.#byteCount <= STAGED_BYTES_MAX) return
    for (const span of this.#spans.values()) {
      if (span === newest || this.#byteCount <= STAGED_BYTES_MAX) return
      if (span.bytes !== undefined) this.discard(span)
    }
  }
}
