import { BatchReader, OperationKind } from '@ldb/base'
import type { BatchSection } from '@ldb/base'

const BYTES_MIN = 65_536
const OPERATIONS_MIN = 1024
/** Room grows by this factor: memory that is not touched costs nothing, moving what is there does. */
const GROWTH = 8
/** Words that are kept of an operation: it begins, its key begins, its key ends, it ends. */
export const PLACE_WORDS = 4
/** Memory of an operation besides its bytes: its places, and four words to sort it. */
const BESIDE_BYTES = 32

/** Operations of many sections, one behind the other, and where each of them and its key stands. */
export class OperationTable {
  /** Operations as they are encoded, without a gap. */
  bytes: Uint8Array = new Uint8Array(BYTES_MIN)
  /** Of {@link OperationTable.bytes}. */
  view: DataView = new DataView(this.bytes.buffer)
  byteCount = 0
  count = 0
  /** Offsets, {@link PLACE_WORDS} of each operation, in one line of the processor's cache. */
  places: Int32Array = new Int32Array(OPERATIONS_MIN * PLACE_WORDS)
  /** Those that are about a range of keys, ascending. */
  readonly ranges: number[] = []
  readonly #reader: BatchReader = new BatchReader()
  readonly #bytesMax: number

  /** @param bytesMax - about as many bytes as it will hold at most. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Memory that the operations take while they are sorted. */
  get memoryBytes(): number {
    return this.byteCount + this.count * BESIDE_BYTES
  }

  /**
   * Takes a copy of the operations of a section, behind the others.
   *
   * @throws {@link LdbError} LDB_CORRUPTION when it is not well formed; the table is then of no use any more.
   */
  add(section: BatchSection): void {
    const { start, end, operationCount } = section
    const reader = this.#reader
    reader.reset(section)
    this.#reserve(end - start, operationCount)
    const offset = this.byteCount - start
    let at = start
    let { count } = this
    const { places } = this
    while (reader.next()) {
      const word = count * PLACE_WORDS
      places[word] = at + offset
      places[word + 1] = reader.keyStart + offset
      places[word + 2] = reader.keyEnd + offset
      at = reader.valueEnd
      places[word + 3] = at + offset
      if (isRangeKind(reader.kind)) this.ranges.push(count)
      count++
    }
    this.bytes.set(section.bytes.subarray(start, end), this.byteCount)
    this.byteCount += end - start
    this.count = count
  }

  /** Tells whether what an operation does is undone by the one that follows it: both are about one key. */
  isReplacedBy(operation: number, next: number): boolean {
    return this.#hasSameKey(operation, next) && !this.#isRange(operation) && !this.#isRange(next)
  }

  /** Of neighbours in order, the last bytes differ most often. */
  #hasSameKey(a: number, b: number): boolean {
    const { bytes, places } = this
    const start = places[a * PLACE_WORDS + 1] as number
    let index = places[a * PLACE_WORDS + 2] as number
    let other = places[b * PLACE_WORDS + 2] as number
    if (index - start !== other - (places[b * PLACE_WORDS + 1] as number)) return false
    while (index > start) if (bytes[--index] !== bytes[--other]) return false
    return true
  }

  #isRange(operation: number): boolean {
    return isRangeKind(this.bytes[this.places[operation * PLACE_WORDS] as number] as number)
  }

  /** Forgets the operations. */
  clear(): void {
    this.byteCount = 0
    this.count = 0
    this.ranges.length = 0
  }

  #reserve(byteCount: number, operationCount: number): void {
    const bytes = this.byteCount + byteCount
    if (bytes > this.bytes.length) {
      const grown = new Uint8Array(Math.max(bytes, Math.min(GROWTH * this.bytes.length, this.#bytesMax)))
      grown.set(this.bytes.subarray(0, this.byteCount))
      this.bytes = grown
      this.view = new DataView(grown.buffer)
    }
    const words = (this.count + operationCount) * PLACE_WORDS
    if (words <= this.places.length) return
    const grown = new Int32Array(Math.max(words, GROWTH * this.places.length))
    grown.set(this.places)
    this.places = grown
  }
}

function isRangeKind(kind: number): boolean {
  return kind === OperationKind.DeleteRange || kind === OperationKind.DeleteFrom
}
