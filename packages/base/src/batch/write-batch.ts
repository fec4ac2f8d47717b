import { assert } from '../assert.js'
import { BATCH_ROOM_BEFORE, BATCH_ROOM_BEHIND, SECTION_HEADER_BYTES } from './format.js'
import { OperationKind } from './section.js'
import type { KeyspaceSection } from './section.js'
import { compareByteRanges, toPlainBytes } from '../bytes/bytes.js'
import { largeBuffers } from '../bytes/large-buffers.js'
import { invalidArgument, tooLarge } from '../ldb-error.js'
import { BATCH_BYTES_MAX, KEY_BYTES_MAX, VALUE_BYTES_MAX } from '../limits.js'
import { allocateBytes, SectionBuilder } from './section-builder.js'
import { varintBytes } from '../bytes/varint.js'

const BUFFER_BYTES_MIN = 512
// A buffer up to this size is kept by clear() for the next use.
const BUFFER_BYTES_KEPT = 1 << 20
const KEYSPACE_ID_MAX = 0xffff_ffff
const NO_BYTES = new Uint8Array(0)

/**
 * Options of a {@link WriteBatch}.
 *
 * @category Batches
 */
export interface WriteBatchOptions {
  /** Greatest length of the encoded batch, in bytes. @defaultValue {@link BATCH_BYTES_MAX}, which is also the greatest. */
  readonly bytesMax?: number
}

/**
 * Collects operations on any number of keyspaces, already encoded: what it holds is the log record and what the stores
 * read.
 *
 * @remarks Keys and values are copied at the call. Every call either adds its operation or throws and changes nothing.
 * Buffers grow by doubling; a put into grown buffers allocates nothing.
 * @example
 * ```ts
 * import { BatchReader, WriteBatch } from '@ldb/base'
 *
 * const batch = new WriteBatch()
 * batch.put(1, Uint8Array.of(1), Uint8Array.of(10, 11))
 * batch.delete(1, Uint8Array.of(2))
 * const reader = new BatchReader()
 * for (const section of batch.sections()) {
 *   reader.reset(section)
 *   while (reader.next()) console.log(section.keyspaceId, reader.kind, reader.key(), reader.value())
 * }
 * ```
 * @category Batches
 */
export class WriteBatch {
  /** Greatest length of the encoded batch, in bytes. */
  readonly bytesMax: number
  private readonly builders: SectionBuilder[]
  private readonly byKeyspace: Map<number, SectionBuilder>
  private current: SectionBuilder | undefined
  private spare: SectionBuilder | undefined
  private totalBytes: number
  private totalOperations: number

  /** @throws {@link LdbError} LDB_INVALID_ARGUMENT when `bytesMax` is not a whole number from 0 to the greatest. */
  constructor(options: WriteBatchOptions = {}) {
    const bytesMax = Object.hasOwn(options, 'bytesMax') ? options.bytesMax : undefined
    if (
      bytesMax !== undefined &&
      !(Number.isInteger(bytesMax) && bytesMax >= 0 && bytesMax <= BATCH_BYTES_MAX)
    ) {
      throw invalidArgument(`bytesMax must be a whole number from 0 to ${BATCH_BYTES_MAX}`)
    }
    this.bytesMax = bytesMax ?? BATCH_BYTES_MAX
    this.builders = []
    this.byKeyspace = new Map()
    this.current = undefined
    this.spare = undefined
    this.totalBytes = 0
    this.totalOperations = 0
  }

  /** Length of the encoded batch, in bytes. */
  get byteLength(): number {
    return this.totalBytes
  }

  /** Bytes of memory that the batch keeps, while it is empty, for what comes next. */
  get keptBytes(): number {
    return this.spare?.bytes.length ?? 0
  }

  /** Number of operations in all keyspaces. */
  get operationCount(): number {
    return this.totalOperations
  }

  /**
   * Adds the writing of an entry.
   *
   * @param keyspaceId - 0 to 2^32 − 1.
   * @param keyBytes - the key is this many bytes from the beginning of `key`; by default all.
   * @param valueBytes - the value is this many bytes from the beginning of `value`; by default all.
   * @throws {@link LdbError} LDB_TOO_LARGE when key, value or batch exceed their limit, LDB_INVALID_ARGUMENT when an
   * argument is not bytes.
   */
  put(
    keyspaceId: number,
    key: Uint8Array,
    value: Uint8Array,
    keyBytes: number = lengthOf(key),
    valueBytes: number = lengthOf(value),
  ): void {
    const plainKey = checkKey(key, keyBytes)
    const plainValue = checkValue(value, valueBytes)
    const builder = this.beginOperation(
      OperationKind.Put,
      keyspaceId,
      1 + varintBytes(keyBytes) + keyBytes + varintBytes(valueBytes) + valueBytes,
    )
    builder.add(plainKey, keyBytes)
    builder.add(plainValue, valueBytes)
  }

  /**
   * Adds the removal of a key, which need not be present.
   *
   * @param keyBytes - the key is this many bytes from the beginning of `key`; by default all.
   * @throws {@link LdbError} LDB_TOO_LARGE when key or batch exceed their limit, LDB_INVALID_ARGUMENT when the key is not
   * bytes.
   */
  delete(keyspaceId: number, key: Uint8Array, keyBytes: number = lengthOf(key)): void {
    const plainKey = checkKey(key, keyBytes)
    const builder = this.beginOperation(
      OperationKind.Delete,
      keyspaceId,
      1 + varintBytes(keyBytes) + keyBytes,
    )
    builder.add(plainKey, keyBytes)
  }

  /**
   * Adds the removal of a key whose time is over.
   *
   * @throws {@link LdbError} as {@link WriteBatch.put}.
   */
  expire(keyspaceId: number, key: Uint8Array): void {
    const plainKey = checkKey(key, key.length)
    const room = 1 + varintBytes(key.length) + key.length
    this.beginOperation(OperationKind.Expire, keyspaceId, room).add(plainKey, key.length)
  }

  /**
   * Adds the removal of every key from `lower` (inclusive) to `upper` (exclusive); without `upper`, of every key from
   * `lower` on. An empty or inverted range adds nothing.
   *
   * @param lower - `undefined` stands for no bound.
   * @throws {@link LdbError} LDB_TOO_LARGE when a bound or the batch exceeds its limit, LDB_INVALID_ARGUMENT when a bound is
   * not bytes.
   */
  deleteRange(keyspaceId: number, lower: Uint8Array | undefined, upper: Uint8Array | undefined): void {
    const from = lower ?? NO_BYTES
    const plainLower = checkKey(from, lengthOf(from))
    const lowerBytes = plainLower.length
    const lowerRoom = 1 + varintBytes(lowerBytes) + lowerBytes
    if (upper === undefined) {
      this.beginOperation(OperationKind.DeleteFrom, keyspaceId, lowerRoom).add(plainLower, lowerBytes)
      return
    }
    const plainUpper = checkKey(upper, lengthOf(upper))
    const upperBytes = plainUpper.length
    if (compareByteRanges(plainLower, 0, lowerBytes, plainUpper, 0, upperBytes) >= 0) return
    const room = lowerRoom + varintBytes(upperBytes) + upperBytes
    const builder = this.beginOperation(OperationKind.DeleteRange, keyspaceId, room)
    builder.add(plainLower, lowerBytes)
    builder.add(plainUpper, upperBytes)
  }

  /** Removes all operations. What {@link WriteBatch.encode} and {@link WriteBatch.sections} gave is no longer valid. */
  clear(): void {
    const { builders } = this
    const first = builders[0]
    if (first !== undefined) this.spare = first.bytes.length <= BUFFER_BYTES_KEPT ? first : undefined
    for (const builder of builders) if (builder !== this.spare) largeBuffers.give(builder.bytes)
    if (builders.length > 1) {
      builders.length = 0
      this.byKeyspace.clear()
    } else builders.pop()
    this.current = undefined
    this.totalBytes = 0
    this.totalOperations = 0
  }

  /**
   * Returns the bytes of the batch.
   *
   * @returns borrowed until the next change of the batch. With one keyspace they are the batch's own buffer, not copied. In the
   * buffer there are {@link BATCH_ROOM_BEFORE} bytes in front of them, and {@link BATCH_ROOM_BEHIND} behind, that the caller may use.
   */
  encode(): Uint8Array {
    const { builders } = this
    for (const builder of builders) builder.finish()
    const first = builders[0]
    if (first === undefined) return NO_BYTES
    if (builders.length === 1) return first.encoded()
    const encoded = allocateBytes(BATCH_ROOM_BEFORE + this.totalBytes + BATCH_ROOM_BEHIND)
    let offset = BATCH_ROOM_BEFORE
    for (const builder of builders) {
      encoded.set(builder.encoded(), offset)
      offset += builder.byteCount
    }
    return encoded.subarray(BATCH_ROOM_BEFORE, offset)
  }

  /** Returns the operations keyspace by keyspace, in the order of first use. Borrowed until the next change of the batch. */
  sections(): readonly KeyspaceSection[] {
    return this.builders
  }

  // Checks everything that can still fail, and only then changes something.
  private beginOperation(kind: OperationKind, keyspaceId: number, room: number): SectionBuilder {
    let builder = this.current
    if (builder !== undefined && builder.keyspaceId !== keyspaceId) builder = this.find(keyspaceId)
    const added = builder === undefined ? SECTION_HEADER_BYTES + room : room
    if (added > this.bytesMax - this.totalBytes) {
      throw tooLarge('batch', this.totalBytes + added, this.bytesMax)
    }
    builder ??= this.openSection(keyspaceId)
    builder.reserve(room, this.bytesMax)
    if (builder.operationCount === 0) this.admit(builder)
    this.current = builder
    this.totalBytes += added
    this.totalOperations++
    builder.begin(kind)
    return builder
  }

  private openSection(keyspaceId: number): SectionBuilder {
    assert(
      Number.isInteger(keyspaceId) && keyspaceId >= 0 && keyspaceId <= KEYSPACE_ID_MAX,
      'keyspace id must be an unsigned 32-bit integer',
    )
    const { spare } = this
    if (spare === undefined) return new SectionBuilder(keyspaceId, new Uint8Array(BUFFER_BYTES_MIN))
    if (spare.keyspaceId !== keyspaceId) return new SectionBuilder(keyspaceId, spare.bytes)
    spare.reset()
    return spare
  }

  private admit(builder: SectionBuilder): void {
    const { builders, byKeyspace } = this
    this.spare = undefined
    builders.push(builder)
    // One keyspace, the usual case, is found without the map.
    if (builders.length === 2) for (const each of builders) byKeyspace.set(each.keyspaceId, each)
    else if (builders.length > 2) byKeyspace.set(builder.keyspaceId, builder)
  }

  private find(keyspaceId: number): SectionBuilder | undefined {
    return this.builders.length > 1 ? this.byKeyspace.get(keyspaceId) : undefined
  }
}

// The length of what is bytes; what is not is refused by the check that follows.
function lengthOf(bytes: Uint8Array | undefined): number {
  return bytes?.length ?? 0
}

function checkKey(key: Uint8Array, keyBytes: number): Uint8Array {
  const plain = toPlainBytes(key, 'key')
  assert(keyBytes >= 0 && keyBytes <= plain.length, 'keyBytes must lie within the key')
  if (keyBytes > KEY_BYTES_MAX) throw tooLarge('key', keyBytes, KEY_BYTES_MAX)
  return plain
}

function checkValue(value: Uint8Array, valueBytes: number): Uint8Array {
  const plain = toPlainBytes(value, 'value')
  assert(valueBytes >= 0 && valueBytes <= plain.length, 'valueBytes must lie within the value')
  if (valueBytes > VALUE_BYTES_MAX) throw tooLarge('value', valueBytes, VALUE_BYTES_MAX)
  return plain
}
