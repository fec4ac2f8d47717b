import { BatchReader, decodeVarint, OperationKind, varintBytes } from '@ldb/base'
import type { BatchSection } from '@ldb/base'

const BYTES_MIN = 65_536
const OPERATIONS_MIN = 1024
/** Room grows by this factor: memory that is not touched costs nothing, moving what is there does. */
const GROWTH = 8
/** Beyond this it grows at once to all that it may take. */
const GROWN_BYTES_MAX = 33_554_432
/** Memory of an operation besides its bytes: where it begins, and three words to sort it. */
const BESIDE_BYTES = 16

/**
 * Operations of many sections, one behind the other. An operation is known by the offset where it begins; where its key and its end
 * are is read from its own bytes, which whoever asks needs in any case: a table of them would have to be waited for as well.
 */
export class OperationTable {
  /** Operations as they are encoded, without a gap. */
  bytes: Uint8Array = new Uint8Array(BYTES_MIN)
  /** Of {@link OperationTable.bytes}. */
  view: DataView = new DataView(this.bytes.buffer)
  byteCount = 0
  count = 0
  /** Where each operation begins: in the order in which they came, until somebody sorts them. */
  starts: Int32Array = new Int32Array(OPERATIONS_MIN)
  /** Numbers of those that are about a range of keys, ascending. */
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
    const { starts } = this
    while (reader.next()) {
      starts[count] = at + offset
      at = reader.valueEnd
      if (isRangeKind(reader.kind)) this.ranges.push(count)
      count++
    }
    this.bytes.set(section.bytes.subarray(start, end), this.byteCount)
    this.byteCount += end - start
    this.count = count
  }

  /** Gives the offset behind the operation that begins at `start`. */
  endOf(start: number): number {
    const { bytes } = this
    const kind = bytes[start]
    const keyStart = keyStartOf(bytes, start)
    const keyEnd = keyStart + keyBytesOf(bytes, start)
    if (kind !== OperationKind.Put && kind !== OperationKind.DeleteRange) return keyEnd
    const valueBytes = decodeVarint(bytes, keyEnd, bytes.length)
    return keyEnd + varintBytes(valueBytes) + valueBytes
  }

  /** Tells whether what an operation does is undone by the one that follows it: both are about one key. */
  isReplacedBy(operation: number, next: number): boolean {
    return this.#hasSameKey(operation, next) && !this.#isRange(operation) && !this.#isRange(next)
  }

  /** Of neighbours in order, the last bytes differ most often. */
  #hasSameKey(a: number, b: number): boolean {
    const { bytes } = this
    const keyBytes = keyBytesOf(bytes, a)
    if (keyBytes !== keyBytesOf(bytes, b)) return false
    const start = keyStartOf(bytes, a)
    let index = start + keyBytes
    let other = keyStartOf(bytes, b) + keyBytes
    while (index > start) if (bytes[--index] !== bytes[--other]) return false
    return true
  }

  #isRange(operation: number): boolean {
    return isRangeKind(this.bytes[operation] as number)
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
      const { length } = this.bytes
      const next = length < GROWN_BYTES_MAX ? GROWTH * length : this.#bytesMax
      const grown = new Uint8Array(Math.max(bytes, Math.min(next, this.#bytesMax)))
      grown.set(this.bytes.subarray(0, this.byteCount))
      this.bytes = grown
      this.view = new DataView(grown.buffer)
    }
    const count = this.count + operationCount
    if (count <= this.starts.length) return
    const grown = new Int32Array(Math.max(count, GROWTH * this.starts.length))
    grown.set(this.starts)
    this.starts = grown
  }
}

/** Gives the length of the key of the operation that begins at `start`, one that was checked. */
export function keyBytesOf(bytes: Uint8Array, start: number): number {
  const first = bytes[start + 1] as number
  return first < 0x80 ? first : decodeVarint(bytes, start + 1, bytes.length)
}

/** Gives the offset of the key of the operation that begins at `start`. */
export function keyStartOf(bytes: Uint8Array, start: number): number {
  let at = start + 1
  while ((bytes[at] as number) >= 0x80) at++
  return at + 1
}

function isRangeKind(kind: number): boolean {
  return kind === OperationKind.DeleteRange || kind === OperationKind.DeleteFrom
}
