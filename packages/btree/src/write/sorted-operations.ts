import { assert, compareByteRanges, OperationKind } from '@ldb/base'
import type { BatchReader } from '@ldb/base'
import { VALUE_FIELD_BYTES } from '../format.js'
import { appendRecord } from '../page/edit.js'
import type { PageMemory } from '../page/memory.js'

/** Words of an operation: the start and end of its key and of its value, and its kind. */
const OPERATION_WORDS = 5

/**
 * A table of parsed operations on single keys in strictly ascending key order. Keys and values stay in the reader's bytes.
 *
 * @internal
 */
export class SortedOperations {
  bytes: Uint8Array = new Uint8Array(0)
  count = 0
  #view: DataView = new DataView(this.bytes.buffer)
  #words = new Int32Array(0)
  #encodedFrom = 0

  /**
   * Parses the operations of a reader, `countMax` of them at most; `view` covers the reader's bytes.
   *
   * @param encodedFrom - values at or above this position are encoded.
   */
  read(reader: BatchReader, countMax: number, view: DataView, encodedFrom: number): void {
    if (this.#words.length < countMax * OPERATION_WORDS)
      this.#words = new Int32Array(countMax * OPERATION_WORDS)
    const words = this.#words
    const { bytes } = reader
    let word = 0
    while (reader.next()) {
      const { keyStart, keyEnd, kind } = reader
      assert(
        kind !== OperationKind.DeleteRange && kind !== OperationKind.DeleteFrom,
        'a sorted batch has no range operations',
      )
      if (word > 0) {
        const isAbove =
          compareByteRanges(
            bytes,
            words[word - OPERATION_WORDS] as number,
            words[word - OPERATION_WORDS + 1] as number,
            bytes,
            keyStart,
            keyEnd,
          ) < 0
        assert(isAbove, 'the operations of a sorted batch are in order')
      }
      words[word] = keyStart
      words[word + 1] = keyEnd
      words[word + 2] = reader.valueStart
      words[word + 3] = reader.valueEnd
      words[word + 4] = kind
      word += OPERATION_WORDS
    }
    this.bytes = bytes
    this.#view = view
    this.#encodedFrom = encodedFrom
    this.count = word / OPERATION_WORDS
  }

  keyStart(index: number): number {
    return this.#words[index * OPERATION_WORDS] as number
  }

  keyEnd(index: number): number {
    return this.#words[index * OPERATION_WORDS + 1] as number
  }

  valueStart(index: number): number {
    return this.#words[index * OPERATION_WORDS + 2] as number
  }

  valueEnd(index: number): number {
    return this.#words[index * OPERATION_WORDS + 3] as number
  }

  kind(index: number): number {
    return this.#words[index * OPERATION_WORDS + 4] as number
  }

  /** Returns the size of the record that an operation puts, without extents. */
  recordBytes(index: number): number {
    const word = index * OPERATION_WORDS
    const words = this.#words
    const keyBytes = (words[word + 1] as number) - (words[word] as number)
    return VALUE_FIELD_BYTES + keyBytes + (words[word + 3] as number) - (words[word + 2] as number)
  }

  /** Appends the record that an operation puts to a page that it fits. */
  writeTo(memory: PageMemory, page: number, index: number): void {
    const words = this.#words
    const word = index * OPERATION_WORDS
    appendRecord(
      memory,
      page,
      this.bytes,
      this.#view,
      words[word] as number,
      words[word + 1] as number,
      words[word + 2] as number,
      words[word + 3] as number,
      (words[word + 2] as number) >= this.#encodedFrom,
    )
  }

  /** Returns the first operation at or after `from` whose key is not below `key`; at most `from + countMax`. */
  firstNotBelow(key: Uint8Array, from: number, countMax: number): number {
    let low = from
    let high = Math.min(this.count, from + countMax)
    while (low < high) {
      const middle = (low + high) >> 1
      const { bytes } = this
      const order = compareByteRanges(bytes, this.keyStart(middle), this.keyEnd(middle), key, 0, key.length)
      if (order < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}
