import { assert, copyWords, readU32, writeU32 } from '@ldb/base'
import type { BatchSection } from '@ldb/base'
import { OutOfLineOperations } from './out-of-line.js'
import { KeySplit } from './key-split.js'
import {
  isRangeKind,
  OUT_OF_LINE,
  OUT_OF_LINE_LOCATION_BYTES,
  keyBytesOf,
  keyEndOf,
  keyStartOf,
  operationEnd,
  valueEndOf,
} from './operation-location.js'
import type { ReplayMemory } from './replay-memory.js'

/** Approximate bytes of operations of a part: they fit in the processor's cache while they are sorted and applied. */
const PART_BYTES = 524_288
const PARTS_MAX = 1024
/** Bytes that are gathered, as a fraction of the expected bytes and as a maximum, before their keys determine how to split. */
const UNSPLIT_SHARE = 16
const UNSPLIT_BYTES_MAX = 4_194_304
/** Sampled keys for each part. */
const SAMPLE_PER_PART = 24
/** Bytes of the head of the key, i32, before each operation; zero before the split. */
export const HEAD_BYTES = 4
/** Bytes of a cache line. */
const LINE_BYTES = 64
/** An operation longer than one in so many parts of a chunk is stored out of line. */
const OUT_OF_LINE_SHARE = 4

/**
 * The operations of many sections, split into parts by key range. The operations of a part are in the order in which they were added,
 * in a linked list of chunks.
 */
export class GatheredOperations {
  readonly memory: ReplayMemory
  readonly outOfLine: OutOfLineOperations
  /** Number of operations, and their bytes in the sections. */
  count = 0
  byteCount = 0
  partCount = 1
  /** Number of operations of the largest part. */
  countMax = 0
  /** Combination of prefetched bytes, stored so that the engine does not eliminate the loads. */
  prefetchSink = 0
  readonly #expectedBytes: number
  readonly #unsplitBytes: number
  /** Bytes in chunks. */
  #chunkedBytes = 0
  #split: KeySplit | undefined = undefined
  /** By part: first and last chunk, -1 for none; offset of the next operation; end of the last chunk; number of operations. */
  #first: Int32Array = new Int32Array([-1])
  #last: Int32Array = new Int32Array([-1])
  #position: Int32Array = new Int32Array(1)
  #limit: Int32Array = new Int32Array(1)
  #counts: Int32Array = new Int32Array(1)
  #sectionView: DataView = new DataView(new ArrayBuffer(0))

  /** @param expectedBytes - expected maximum of bytes of operations. */
  constructor(memory: ReplayMemory, expectedBytes: number) {
    this.memory = memory
    this.outOfLine = new OutOfLineOperations(expectedBytes)
    this.#expectedBytes = expectedBytes
    this.#unsplitBytes = Math.min(UNSPLIT_BYTES_MAX, Math.ceil(expectedBytes / UNSPLIT_SHARE))
  }

  /** Returns an upper bound of the chunks for a section, unless many of its keys are longer than a quarter of a chunk. */
  chunksFor(section: BatchSection): number {
    const { chunkBytes } = this.memory
    const filled = chunkBytes - Math.floor(chunkBytes / OUT_OF_LINE_SHARE)
    const byteCount = section.end - section.start + section.operationCount * HEAD_BYTES
    return Math.ceil(byteCount / filled) + Math.min(section.operationCount, this.partCount) + 1
  }

  /**
   * Copies the operations of a section. Returns false at an operation that cannot be gathered, because it deletes a range, its key is
   * too long, or the memory is full; the operations before it were copied.
   *
   * @param section - a checked section.
   */
  add(section: BatchSection): boolean {
    const { bytes, start } = section
    if (this.#split === undefined && this.#chunkedBytes >= this.#unsplitBytes) this.#splitParts()
    if (this.#sectionView.buffer !== bytes.buffer || this.#sectionView.byteOffset !== bytes.byteOffset) {
      this.#sectionView = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    }
    const view = this.#sectionView
    const split = this.#split
    const longest = Math.floor(this.memory.chunkBytes / OUT_OF_LINE_SHARE) - HEAD_BYTES
    let at = start
    while (at < section.end) {
      if (isRangeKind(bytes[at] as number)) return false
      const keyStart = keyStartOf(bytes, at)
      const keyEnd = keyStart + keyBytesOf(bytes, at)
      const end = valueEndOf(bytes, at, keyEnd)
      const head = split === undefined ? 0 : split.headOf(bytes, view, keyStart, keyEnd)
      const isGathered =
        end - at <= longest
          ? this.#append(head, view, at, end - at)
          : this.#addOutOfLine(head, bytes, at, keyEnd, end)
      if (!isGathered) return false
      this.count++
      this.byteCount += end - at
      at = end
    }
    return true
  }

  /** Stores the start offset and the head of each operation of a part, in the order of addition. Returns their number. */
  list(part: number, starts: Int32Array, heads: Int32Array): number {
    const { bytes, view, end, next, chunkBytes } = this.memory
    let count = 0
    for (let chunk = this.#first[part] as number; chunk >= 0; chunk = next[chunk] as number) {
      const chunkEnd = chunk === this.#last[part] ? (this.#position[part] as number) : (end[chunk] as number)
      let at = chunk * chunkBytes
      this.prefetchSink = prefetch(bytes, at, chunkEnd)
      while (at < chunkEnd) {
        heads[count] = view.getInt32(at, true)
        starts[count++] = at + HEAD_BYTES
        at = operationEnd(bytes, at + HEAD_BYTES)
      }
    }
    return count
  }

  /** Returns the number of operations of a part. */
  countOf(part: number): number {
    return this.#counts[part] as number
  }

  /** Removes the operations of a part, and frees its chunks. */
  release(part: number): void {
    const { next } = this.memory
    let chunk = this.#first[part] as number
    while (chunk >= 0) {
      const following = next[chunk] as number
      this.memory.free(chunk)
      chunk = following
    }
    this.#first[part] = -1
    this.#last[part] = -1
    this.#position[part] = 0
    this.#limit[part] = 0
    this.#counts[part] = 0
  }

  /** Removes all operations. The key ranges of the parts stay. */
  clear(): void {
    for (let part = 0; part < this.partCount; part++) this.release(part)
    this.outOfLine.clear()
    this.count = 0
    this.byteCount = 0
    this.#chunkedBytes = 0
    this.countMax = 0
  }

  /** Appends an operation to its part. Returns false when the memory is full. */
  #append(head: number, source: DataView, start: number, byteCount: number): boolean {
    const part = this.#split === undefined ? 0 : this.#split.partOf(head)
    const { view } = this.memory
    const storedBytes = HEAD_BYTES + byteCount
    let position = this.#position[part] as number
    if (storedBytes > (this.#limit[part] as number) - position) {
      if (this.memory.freeCount === 0) return false
      position = this.#appendChunk(part)
    }
    view.setInt32(position, head, true)
    copyWords(source, start, view, position + HEAD_BYTES, byteCount)
    this.#position[part] = position + storedBytes
    this.#chunkedBytes += storedBytes
    const count = (this.#counts[part] as number) + 1
    this.#counts[part] = count
    if (count > this.countMax) this.countMax = count
    return true
  }

  /** Appends an empty chunk to a part, and returns its offset. */
  #appendChunk(part: number): number {
    const { memory } = this
    const last = this.#last[part] as number
    const chunk = memory.allocate()
    memory.next[chunk] = -1
    if (last < 0) this.#first[part] = chunk
    else {
      memory.next[last] = chunk
      memory.end[last] = this.#position[part] as number
    }
    this.#last[part] = chunk
    const start = chunk * memory.chunkBytes
    this.#limit[part] = start + memory.chunkBytes
    return start
  }

  /** Stores an operation out of line, and gathers a reference. Returns false when the reference is too long, or the memory is full. */
  #addOutOfLine(head: number, bytes: Uint8Array, start: number, keyEnd: number, end: number): boolean {
    const byteCount = keyEnd - start + OUT_OF_LINE_LOCATION_BYTES
    if (byteCount > this.memory.chunkBytes - HEAD_BYTES) return false
    const reference = new Uint8Array(byteCount)
    reference.set(bytes.subarray(start, keyEnd))
    reference[0] = OUT_OF_LINE
    writeU32(reference, keyEnd - start, this.outOfLine.add(bytes, start, end))
    writeU32(reference, keyEnd - start + 4, end - start)
    return this.#append(head, new DataView(reference.buffer), 0, byteCount)
  }

  /** Splits the gathered operations into parts, if there is memory to move them. */
  #splitParts(): void {
    const { memory } = this
    const { bytes, view } = memory
    const chunkedShare = this.#chunkedBytes / this.byteCount
    const partCount = Math.min(PARTS_MAX, Math.ceil((this.#expectedBytes * chunkedShare) / PART_BYTES))
    if (
      partCount < 2 ||
      memory.freeCount < partCount + Math.ceil((2 * this.#chunkedBytes) / memory.chunkBytes)
    )
      return
    const starts = new Int32Array(this.countOf(0))
    const count = this.list(0, starts, new Int32Array(starts.length))
    const sampleCount = Math.min(count, SAMPLE_PER_PART * partCount)
    const sample = new Int32Array(sampleCount)
    for (let index = 0; index < sampleCount; index++) {
      sample[index] = starts[Math.floor((index * count) / sampleCount)] as number
    }
    const first = this.#first[0] as number
    this.#split = new KeySplit(bytes, sample, partCount)
    this.#chunkedBytes = 0
    this.countMax = 0
    this.partCount = partCount
    this.#first = new Int32Array(partCount).fill(-1)
    this.#last = new Int32Array(partCount).fill(-1)
    this.#position = new Int32Array(partCount)
    this.#limit = new Int32Array(partCount)
    this.#counts = new Int32Array(partCount)
    for (const start of starts) {
      const keyStart = keyStartOf(bytes, start)
      const head = this.#split.headOf(bytes, view, keyStart, keyStart + keyBytesOf(bytes, start))
      const isGathered = this.#append(head, view, start, operationEnd(bytes, start) - start)
      assert(isGathered, 'the memory for the split was checked')
    }
    let chunk = first
    while (chunk >= 0) {
      const following = memory.next[chunk] as number
      memory.free(chunk)
      chunk = following
    }
  }
}

/** Loads the cache lines of a range independently. A walk over the operations would wait for each, because one gives the offset of the next. */
function prefetch(bytes: Uint8Array, from: number, to: number): number {
  let sum = 0
  for (let at = from; at < to; at += LINE_BYTES) sum ^= bytes[at] as number
  return sum
}

/** Returns the location of an out-of-line operation from the reference at `start`. */
export function outOfLineLocation(
  bytes: Uint8Array,
  start: number,
): { readonly offset: number; readonly byteCount: number } {
  const at = keyEndOf(bytes, start)
  return { offset: readU32(bytes, at), byteCount: readU32(bytes, at + 4) }
}
