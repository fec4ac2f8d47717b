import type { VfsFile } from '@ldb/vfs'

/** Bytes that a file keeps of what was fetched and not asked for yet; one span is kept whatever its length. */
const STAGED_BYTES_MAX = 4 << 20

/** A span that is being read, or was. */
interface Span {
  readonly fileOffset: number
  readonly byteCount: number
  /** `undefined` while it is being read. */
  bytes: Uint8Array | undefined
  /** Settles when it was read. */
  ready: Promise<void>
}

/**
 * Spans of one file that were read off-thread, until a read takes them. A write to the file makes what overlaps with it
 * worthless, what is being read just then included.
 */
export class Staging {
  readonly #file: VfsFile
  readonly #spans: Map<number, Span> = new Map()
  #byteCount = 0

  constructor(file: VfsFile) {
    this.#file = file
  }

  /** Copies a span into `target` and forgets it; gives the bytes that there are, or -1 when it is not staged. */
  take(target: Uint8Array, targetOffset: number, byteCount: number, fileOffset: number): number {
    if (this.#spans.size === 0) return -1
    const span = this.#spans.get(fileOffset)
    if (span?.bytes === undefined || span.byteCount !== byteCount) return -1
    target.set(span.bytes, targetOffset)
    this.#forget(span)
    return span.bytes.length
  }

  /** Reports whether a span is staged or on its way. */
  has(fileOffset: number): boolean {
    return this.#spans.has(fileOffset)
  }

  /** Reads a span, unless that is under way. */
  fetch(byteCount: number, fileOffset: number): Promise<void> {
    const present = this.#spans.get(fileOffset)
    if (present?.byteCount === byteCount) return present.ready
    if (present !== undefined) this.#forget(present)
    const span: Span = { fileOffset, byteCount, bytes: undefined, ready: Promise.resolve() }
    this.#spans.set(fileOffset, span)
    this.#byteCount += byteCount
    span.ready = this.#read(span)
    this.#makeRoom(span)
    return span.ready
  }

  /** Forgets what overlaps with a write. */
  invalidate(start: number, end: number): void {
    if (this.#spans.size === 0) return
    for (const span of this.#spans.values()) {
      if (span.fileOffset < end && span.fileOffset + span.byteCount > start) this.#forget(span)
    }
  }

  async #read(span: Span): Promise<void> {
    const { byteCount, fileOffset } = span
    try {
      const bytes = new Uint8Array(byteCount)
      const count = await this.#file.readAsync(bytes, 0, byteCount, fileOffset)
      // Forgotten meanwhile: whoever waits finds nothing, and asks again.
      if (this.#spans.get(fileOffset) === span) span.bytes = bytes.subarray(0, count)
    } catch (error) {
      this.#forget(span)
      throw error
    }
  }

  #forget(span: Span): void {
    if (this.#spans.get(span.fileOffset) !== span) return
    this.#spans.delete(span.fileOffset)
    this.#byteCount -= span.byteCount
  }

  /** Drops the oldest spans that nobody has asked for. */
  #makeRoom(newest: Span): void {
    if (this.#byteCount <= STAGED_BYTES_MAX) return
    for (const span of this.#spans.values()) {
      if (span === newest || this.#byteCount <= STAGED_BYTES_MAX) return
      if (span.bytes !== undefined) this.#forget(span)
    }
  }
}
