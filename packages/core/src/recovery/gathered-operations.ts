import { assert, copyWords, readU32, writeU32 } from '@ldb/base'
import type { BatchSection } from '@ldb/base'
import { OutOfLineOperations } from './out-of-line.js'
import { KeySplit } from './key-split.js'
import {
  isRangeKind,
  KEPT_APART,
  KEPT_APART_PLACE_BYTES,
  keyBytesOf,
  keyEndOf,
  keyStartOf,
  operationEnd,
  valueEndOf,
} from './operation-location.js'
import type { ReplayMemory } from './replay-memory.js'

/** Bytes of operations that a part has about: the processor's cache holds them while they are sorted and taken. */
const PART_BYTES = 524_288
const PARTS_MAX = 1024
/** This part of the bytes is gathered before the keys among them tell where to divide, and no more than so many. */
const UNDIVIDED_SHARE = 16
const UNDIVIDED_BYTES_MAX = 4_194_304
/** Keys that are looked at to divide, for each part. */
const SAMPLE_PER_PART = 24
/** In front of each operation stands the head of its key, i32; zero while keys are not divided. */
export const HEAD_BYTES = 4
/** Bytes that come into the processor's cache together. */
const LINE_BYTES = 64
/** Longer operations are kept apart: this part of a chunk. */
const APART_SHARE = 4

/**
 * Operations of many sections, divided into parts by ranges of keys as they come. Those of a part stand in the order in which they
 * came, in chunks of memory that hang together as a list.
 */
export class GatheredOperations {
  readonly memory: ReplayMemory
  readonly apart: OutOfLineOperations
  /** Operations, and their bytes as the sections had them. */
  count = 0
  byteCount = 0
  partCount = 1
  /** Operations of the part that has most. */
  countMax = 0
  /** What was loaded ahead; kept so that the loads are not left out as useless. */
  touched = 0
  readonly #expectedBytes: number
  readonly #undividedBytes: number
  /** Bytes that were put into chunks. */
  #chunkedBytes = 0
  #split: KeySplit | undefined = undefined
  /** By part: first and last chunk, -1 for none; where the next operation goes; the end of the chunk; operations. */
  #first: Int32Array = new Int32Array([-1])
  #last: Int32Array = new Int32Array([-1])
  #place: Int32Array = new Int32Array(1)
  #limit: Int32Array = new Int32Array(1)
  #counts: Int32Array = new Int32Array(1)
  #sectionView: DataView = new DataView(new ArrayBuffer(0))

  /** @param expectedBytes - about as many as come, at most. */
  constructor(memory: ReplayMemory, expectedBytes: number) {
    this.memory = memory
    this.apart = new OutOfLineOperations(expectedBytes)
    this.#expectedBytes = expectedBytes
    this.#undividedBytes = Math.min(UNDIVIDED_BYTES_MAX, Math.ceil(expectedBytes / UNDIVIDED_SHARE))
  }

  /** Chunks that a section takes at most, unless many of its keys are longer than a quarter of one. */
  chunksFor(section: BatchSection): number {
    const { chunkBytes } = this.memory
    const filled = chunkBytes - Math.floor(chunkBytes / APART_SHARE)
    const byteCount = section.end - section.start + section.operationCount * HEAD_BYTES
    return Math.ceil(byteCount / filled) + Math.min(section.operationCount, this.partCount) + 1
  }

  /**
   * Takes copies of the operations of a section. False when one of them cannot be gathered: it is about a range of keys, its key is
   * too long, or no room is left. Those before it were taken then.
   *
   * @param section - one that was checked.
   */
  add(section: BatchSection): boolean {
    const { bytes, start } = section
    if (this.#split === undefined && this.#chunkedBytes >= this.#undividedBytes) this.#divide()
    if (this.#sectionView.buffer !== bytes.buffer || this.#sectionView.byteOffset !== bytes.byteOffset) {
      this.#sectionView = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    }
    const view = this.#sectionView
    const split = this.#split
    const longest = Math.floor(this.memory.chunkBytes / APART_SHARE) - HEAD_BYTES
    let at = start
    while (at < section.end) {
      if (isRangeKind(bytes[at] as number)) return false
      const keyStart = keyStartOf(bytes, at)
      const keyEnd = keyStart + keyBytesOf(bytes, at)
      const end = valueEndOf(bytes, at, keyEnd)
      const head = split === undefined ? 0 : split.headOf(bytes, view, keyStart, keyEnd)
      const isTaken =
        end - at <= longest
          ? this.#append(head, view, at, end - at)
          : this.#addApart(head, bytes, at, keyEnd, end)
      if (!isTaken) return false
      this.count++
      this.byteCount += end - at
      at = end
    }
    return true
  }

  /** Writes down where each operation of a part begins, in the order in which they came, and its head; gives how many there are. */
  list(part: number, starts: Int32Array, heads: Int32Array): number {
    const { bytes, view, end, next, chunkBytes } = this.memory
    let count = 0
    for (let chunk = this.#first[part] as number; chunk >= 0; chunk = next[chunk] as number) {
      const chunkEnd = chunk === this.#last[part] ? (this.#place[part] as number) : (end[chunk] as number)
      let at = chunk * chunkBytes
      this.touched = touch(bytes, at, chunkEnd)
      while (at < chunkEnd) {
        heads[count] = view.getInt32(at, true)
        starts[count++] = at + HEAD_BYTES
        at = operationEnd(bytes, at + HEAD_BYTES)
      }
    }
    return count
  }

  /** Operations of a part. */
  countOf(part: number): number {
    return this.#counts[part] as number
  }

  /** Gives the chunks of a part back; its operations are forgotten. */
  release(part: number): void {
    const { next } = this.memory
    let chunk = this.#first[part] as number
    while (chunk >= 0) {
      const following = next[chunk] as number
      this.memory.give(chunk)
      chunk = following
    }
    this.#first[part] = -1
    this.#last[part] = -1
    this.#place[part] = 0
    this.#limit[part] = 0
    this.#counts[part] = 0
  }

  /** Forgets all operations. Where the keys are divided stays. */
  clear(): void {
    for (let part = 0; part < this.partCount; part++) this.release(part)
    this.apart.clear()
    this.count = 0
    this.byteCount = 0
    this.#chunkedBytes = 0
    this.countMax = 0
  }

  /** Puts an operation behind the others of its part; false when there is no room. */
  #append(head: number, source: DataView, start: number, byteCount: number): boolean {
    const part = this.#split === undefined ? 0 : this.#split.partOf(head)
    const { view } = this.memory
    const takenBytes = HEAD_BYTES + byteCount
    let place = this.#place[part] as number
    if (takenBytes > (this.#limit[part] as number) - place) {
      if (this.memory.room === 0) return false
      place = this.#takeChunk(part)
    }
    view.setInt32(place, head, true)
    copyWords(source, start, view, place + HEAD_BYTES, byteCount)
    this.#place[part] = place + takenBytes
    this.#chunkedBytes += takenBytes
    const count = (this.#counts[part] as number) + 1
    this.#counts[part] = count
    if (count > this.countMax) this.countMax = count
    return true
  }

  /** Hangs an empty chunk behind the others of a part, and gives where it begins. */
  #takeChunk(part: number): number {
    const { memory } = this
    const last = this.#last[part] as number
    const chunk = memory.take()
    memory.next[chunk] = -1
    if (last < 0) this.#first[part] = chunk
    else {
      memory.next[last] = chunk
      memory.end[last] = this.#place[part] as number
    }
    this.#last[part] = chunk
    const place = chunk * memory.chunkBytes
    this.#limit[part] = place + memory.chunkBytes
    return place
  }

  /** Keeps an operation apart and takes what stands for it; false when even that is too long, or has no room. */
  #addApart(head: number, bytes: Uint8Array, start: number, keyEnd: number, end: number): boolean {
    const byteCount = keyEnd - start + KEPT_APART_PLACE_BYTES
    if (byteCount > this.memory.chunkBytes - HEAD_BYTES) return false
    const standIn = new Uint8Array(byteCount)
    standIn.set(bytes.subarray(start, keyEnd))
    standIn[0] = KEPT_APART
    writeU32(standIn, keyEnd - start, this.apart.add(bytes, start, end))
    writeU32(standIn, keyEnd - start + 4, end - start)
    return this.#append(head, new DataView(standIn.buffer), 0, byteCount)
  }

  /** Divides what is gathered, if there is room to move it. */
  #divide(): void {
    const { memory } = this
    const { bytes, view } = memory
    const chunkedShare = this.#chunkedBytes / this.byteCount
    const partCount = Math.min(PARTS_MAX, Math.ceil((this.#expectedBytes * chunkedShare) / PART_BYTES))
    if (partCount < 2 || memory.room < partCount + Math.ceil((2 * this.#chunkedBytes) / memory.chunkBytes))
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
    this.#place = new Int32Array(partCount)
    this.#limit = new Int32Array(partCount)
    this.#counts = new Int32Array(partCount)
    for (const start of starts) {
      const keyStart = keyStartOf(bytes, start)
      const head = this.#split.headOf(bytes, view, keyStart, keyStart + keyBytesOf(bytes, start))
      const isTaken = this.#append(head, view, start, operationEnd(bytes, start) - start)
      assert(isTaken, 'there is room to divide')
    }
    let chunk = first
    while (chunk >= 0) {
      const following = memory.next[chunk] as number
      memory.give(chunk)
      chunk = following
    }
  }
}

/** Loads bytes: the processor waits for all of them at once, where a walk over operations must know one to find the next. */
function touch(bytes: Uint8Array, from: number, to: number): number {
  let sum = 0
  for (let at = from; at < to; at += LINE_BYTES) sum ^= bytes[at] as number
  return sum
}

/** Returns the place of an operation that is kept apart, by what stands for it at `start`. */
export function placeApart(
  bytes: Uint8Array,
  start: number,
): { readonly offset: number; readonly byteCount: number } {
  const at = keyEndOf(bytes, start)
  return { offset: readU32(bytes, at), byteCount: readU32(bytes, at + 4) }
}
