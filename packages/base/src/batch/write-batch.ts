import { assert } from '../assert.js'
import { BATCH_HEADROOM_BYTES, BATCH_TAILROOM_BYTES, SECTION_HEADER_BYTES } from './format.js'
import { OperationKind } from './section.js'
import type { KeyspaceSection } from './section.js'
import { compareByteRanges, toPlainBytes } from '../bytes/bytes.js'
import { bufferPool } from '../bytes/buffer-pool.js'
import { invalidArgument, tooLarge } from '../ldb-error.js'
import { BATCH_BYTES_MAX, KEY_BYTES_MAX, VALUE_BYTES_MAX } from '../limits.js'
import { ownProperty } from '../own-options.js'
import { allocateBytes, SectionBuilder } from './section-builder.js'
import { varintBytes } from '../bytes/varint.js'

const BUFFER_BYTES_MIN = 512
// clear() retains a buffer of up to this length for the next use.
const RETAINED_BYTES_MAX = 1 << 20
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
 * Collects write operations on any number of keyspaces in encoded form: the same bytes are the payload of the log record and the
 * input of the stores.
 *
 * @remarks Every call copies its key and value. It either adds its operation, or throws and changes nothing. Buffers double when they
 * grow; a put that fits allocates nothing.
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
  private containsPuts: boolean
  private longestValue: number

  /** @throws {@link LdbError} LDB_INVALID_ARGUMENT when `bytesMax` is not an integer from 0 to {@link BATCH_BYTES_MAX}. */
  constructor(options: WriteBatchOptions = {}) {
    const bytesMax = ownProperty(options, 'bytesMax')
    if (
      bytesMax !== undefined &&
      !(Number.isInteger(bytesMax) && bytesMax >= 0 && bytesMax <= BATCH_BYTES_MAX)
    ) {
      throw invalidArgument(`bytesMax must be an integer from 0 to ${BATCH_BYTES_MAX}`)
    }
    this.bytesMax = bytesMax ?? BATCH_BYTES_MAX
    this.builders = []
    this.byKeyspace = new Map()
    this.current = undefined
    this.spare = undefined
    this.totalBytes = 0
    this.totalOperations = 0
    this.containsPuts = false
    this.longestValue = 0
  }

  /** Length of the encoded batch, in bytes. */
  get byteLength(): number {
    return this.totalBytes
  }

  /** Length of the buffer that the cleared batch retains for the next use, in bytes. */
  get retainedBytes(): number {
    return this.spare?.bytes.length ?? 0
  }

  /** Number of operations, over all keyspaces. */
  get operationCount(): number {
    return this.totalOperations
  }

  /** True when an operation is a put; otherwise the batch only deletes. */
  get hasPuts(): boolean {
    return this.containsPuts
  }

  /** Bytes of the longest value of a put; 0 without one. */
  get valueBytesMax(): number {
    return this.longestValue
  }

  /**
   * Adds a put of an entry.
   *
   * @param keyspaceId - 0 to 2^32 − 1.
   * @param keyBytes - length of the key, which is a prefix of `key`. Defaults to all of it.
   * @param valueBytes - length of the value, which is a prefix of `value`. Defaults to all of it.
   * @throws {@link LdbError} LDB_TOO_LARGE when key, value or batch exceeds its limit, LDB_INVALID_ARGUMENT when key or value is not
   * a `Uint8Array`.
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
    builder.appendKey(plainKey, keyBytes)
    builder.appendBytes(plainValue, valueBytes)
    this.containsPuts = true
    if (valueBytes > this.longestValue) this.longestValue = valueBytes
  }

  /**
   * Adds a delete of a key, which need not exist.
   *
   * @param keyBytes - length of the key, which is a prefix of `key`. Defaults to all of it.
   * @throws {@link LdbError} LDB_TOO_LARGE when key or batch exceeds its limit, LDB_INVALID_ARGUMENT when the key is not a
   * `Uint8Array`.
   */
  delete(keyspaceId: number, key: Uint8Array, keyBytes: number = lengthOf(key)): void {
    const plainKey = checkKey(key, keyBytes)
    const builder = this.beginOperation(
      OperationKind.Delete,
      keyspaceId,
      1 + varintBytes(keyBytes) + keyBytes,
    )
    builder.appendKey(plainKey, keyBytes)
  }

  /**
   * Adds a delete of a key whose entry has expired.
   *
   * @throws {@link LdbError} as {@link WriteBatch.delete}.
   */
  expire(keyspaceId: number, key: Uint8Array): void {
    const plainKey = checkKey(key, key.length)
    const byteCount = 1 + varintBytes(key.length) + key.length
    this.beginOperation(OperationKind.Expire, keyspaceId, byteCount).appendKey(plainKey, key.length)
  }

  /**
   * Adds a range delete of every key from `lower` (inclusive) to `upper` (exclusive). An empty or inverted range adds nothing.
   *
   * @param lower - `undefined` means no lower bound.
   * @param upper - `undefined` means no upper bound.
   * @throws {@link LdbError} LDB_TOO_LARGE when a bound or the batch exceeds its limit, LDB_INVALID_ARGUMENT when a bound is not a
   * `Uint8Array`.
   */
  deleteRange(keyspaceId: number, lower: Uint8Array | undefined, upper: Uint8Array | undefined): void {
    const from = lower ?? NO_BYTES
    const plainLower = checkKey(from, lengthOf(from))
    const lowerBytes = plainLower.length
    const lowerByteCount = 1 + varintBytes(lowerBytes) + lowerBytes
    if (upper === undefined) {
      const builder = this.beginOperation(OperationKind.DeleteFrom, keyspaceId, lowerByteCount)
      builder.isSorted = false
      builder.appendBytes(plainLower, lowerBytes)
      return
    }
    const plainUpper = checkKey(upper, lengthOf(upper))
    const upperBytes = plainUpper.length
    if (compareByteRanges(plainLower, 0, lowerBytes, plainUpper, 0, upperBytes) >= 0) return
    const byteCount = lowerByteCount + varintBytes(upperBytes) + upperBytes
    const builder = this.beginOperation(OperationKind.DeleteRange, keyspaceId, byteCount)
    builder.isSorted = false
    builder.appendBytes(plainLower, lowerBytes)
    builder.appendBytes(plainUpper, upperBytes)
  }

  /** Removes all operations. Invalidates the results of {@link WriteBatch.encode} and {@link WriteBatch.sections}. */
  clear(): void {
    const { builders } = this
    const first = builders[0]
    if (first !== undefined) this.spare = first.bytes.length <= RETAINED_BYTES_MAX ? first : undefined
    for (const builder of builders) if (builder !== this.spare) bufferPool.release(builder.bytes)
    if (builders.length > 1) {
      builders.length = 0
      this.byKeyspace.clear()
    } else builders.pop()
    this.current = undefined
    this.totalBytes = 0
    this.totalOperations = 0
    this.containsPuts = false
    this.longestValue = 0
  }

  /**
   * Encodes the batch.
   *
   * @returns bytes borrowed until the next change of the batch. With one keyspace they are a view of the batch's buffer, not a copy.
   * The caller may overwrite {@link BATCH_HEADROOM_BYTES} bytes before them and {@link BATCH_TAILROOM_BYTES} bytes after them.
   */
  encode(): Uint8Array {
    const { builders } = this
    for (const builder of builders) builder.writeHeader()
    const first = builders[0]
    if (first === undefined) return NO_BYTES
    if (builders.length === 1) return first.encoded()
    const encoded = allocateBytes(BATCH_HEADROOM_BYTES + this.totalBytes + BATCH_TAILROOM_BYTES)
    let offset = BATCH_HEADROOM_BYTES
    for (const builder of builders) {
      encoded.set(builder.encoded(), offset)
      offset += builder.byteCount
    }
    return encoded.subarray(BATCH_HEADROOM_BYTES, offset)
  }

  /** Returns one section per keyspace, in the order of first use. Borrowed until the next change of the batch. */
  sections(): readonly KeyspaceSection[] {
    return this.builders
  }

  // Makes every check and allocation that can fail before it changes the batch.
  private beginOperation(kind: OperationKind, keyspaceId: number, byteCount: number): SectionBuilder {
    let builder = this.current
    if (builder !== undefined && builder.keyspaceId !== keyspaceId) builder = this.findSection(keyspaceId)
    const added = builder === undefined ? SECTION_HEADER_BYTES + byteCount : byteCount
    if (added > this.bytesMax - this.totalBytes) {
      throw tooLarge('batch', this.totalBytes + added, this.bytesMax)
    }
    builder ??= this.openSection(keyspaceId)
    builder.reserve(byteCount, this.bytesMax)
    if (builder.operationCount === 0) this.addSection(builder)
    this.current = builder
    this.totalBytes += added
    this.totalOperations++
    builder.beginOperation(kind)
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

  private addSection(builder: SectionBuilder): void {
    const { builders, byKeyspace } = this
    this.spare = undefined
    builders.push(builder)
    // A batch of one keyspace, the common case, does not use the map.
    if (builders.length === 2) for (const each of builders) byKeyspace.set(each.keyspaceId, each)
    else if (builders.length > 2) byKeyspace.set(builder.keyspaceId, builder)
  }

  private findSection(keyspaceId: number): SectionBuilder | undefined {
    return this.builders.length > 1 ? this.byKeyspace.get(keyspaceId) : undefined
  }
}

// Returns the length, or 0 for an invalid argument, which the following check refuses.
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
