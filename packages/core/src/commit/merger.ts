import { BatchReader, copyBytesInto, toSeq } from '@ldb/base'
import type { BatchSection, Seq } from '@ldb/base'

/** The part of a store that commits use. */
export interface MergedStore {
  /** As `OrderedStore.apply`. */
  apply(section: BatchSection, seq: Seq): void
}

/** Longer sections are applied directly: the copy would cost more than the merge saves. */
const COPIED_BYTES_MAX = 16_384
/** Bytes of a merge buffer. A full buffer is applied. */
const BUFFER_BYTES = 131_072
/** Stores that have a merge buffer at the same time. */
const BUFFERS_MAX = 8

/**
 * Merges the sections that consecutive commits have for a store into one, so that the store applies them together: it then processes
 * many entries at a time, and waits less for memory.
 *
 * (G1) Each store gets the operations in commit order, and the number of the last commit. (G2) Between `add` and `finish` a store may
 * contain any part of the commits, so it must not be read. (G3) After an error a part of the commits may be in the stores, so
 * they must not be read any more.
 */
export class CommitMerger {
  readonly #buffers: MergeBuffer[] = []
  readonly #freeBuffers: MergeBuffer[] = []
  readonly #reader: BatchReader = new BatchReader()

  /**
   * Adds a section of a commit. The caller may reuse its bytes afterwards.
   *
   * @param seq - number of the commit; never less than in an earlier call.
   * @throws {@link LdbError} what the store throws, for this section or for earlier ones; LDB_CORRUPTION when a section
   * that was read from a file is malformed, with its position in the file.
   */
  add(store: MergedStore, section: BatchSection, seq: number): void {
    const byteCount = section.end - section.start
    let buffer = this.#find(store)
    if (byteCount > COPIED_BYTES_MAX) {
      if (buffer !== undefined) buffer.apply()
      store.apply(section, toSeq(seq))
      return
    }
    // The merged section has no position in a file, so corruption must be detected here.
    if (section.origin !== undefined) this.#check(section)
    buffer ??= this.#open(store)
    if (byteCount > BUFFER_BYTES - buffer.end) buffer.apply()
    buffer.add(section, seq)
  }

  /** Applies all buffers, and releases the stores. @throws {@link LdbError} what the stores throw. */
  finish(): void {
    const buffers = this.#buffers
    try {
      for (const buffer of buffers) buffer.apply()
    } finally {
      for (const buffer of buffers) {
        buffer.clear()
        this.#freeBuffers.push(buffer)
      }
      buffers.length = 0
    }
  }

  #find(store: MergedStore): MergeBuffer | undefined {
    const buffers = this.#buffers
    for (let index = 0; index < buffers.length; index++) {
      const buffer = buffers[index] as MergeBuffer
      if (buffer.store === store) return buffer
    }
    return undefined
  }

  #open(store: MergedStore): MergeBuffer {
    if (this.#buffers.length >= BUFFERS_MAX) this.finish()
    const buffer = this.#freeBuffers.pop() ?? new MergeBuffer()
    buffer.store = store
    this.#buffers.push(buffer)
    return buffer
  }

  #check(section: BatchSection): void {
    const reader = this.#reader
    reader.reset(section)
    while (reader.next());
  }
}

/** The merged operations for one store. */
class MergeBuffer implements BatchSection {
  readonly bytes: Uint8Array = new Uint8Array(BUFFER_BYTES)
  readonly start = 0
  end = 0
  operationCount = 0
  readonly isSorted = undefined
  readonly starts = undefined
  readonly origin = undefined
  store: MergedStore | undefined = undefined
  #seq = 0

  add(section: BatchSection, seq: number): void {
    copyBytesInto(this.bytes, this.end, section.bytes, section.start, section.end)
    this.end += section.end - section.start
    this.operationCount += section.operationCount
    this.#seq = seq
  }

  /** Applies the operations to the store, and empties the buffer. */
  apply(): void {
    if (this.operationCount === 0) return
    this.store?.apply(this, toSeq(this.#seq))
    this.end = 0
    this.operationCount = 0
  }

  /** Drops the store and the operations. */
  clear(): void {
    this.store = undefined
    this.end = 0
    this.operationCount = 0
  }
}
