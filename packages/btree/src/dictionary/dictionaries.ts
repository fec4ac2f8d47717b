import { assert, corruption, isLdbError } from '@ldb/base'
import { createLz4Dictionary } from '@ldb/integrity'
import type { Lz4Dictionary } from '@ldb/integrity'
import type { ExtentFile } from '../extents/extent-file.js'
import { encodingOf } from '../extents/extent-file.js'
import { decodeReference } from '../extents/extent-reference.js'
import type { OverflowExtents } from '../extents/overflow-extents.js'
import type { ValueSlab } from '../extents/value-slab.js'
import { hasDictionaries } from '../file/meta.js'
import {
  DICTIONARIES_COUNT_MAX,
  ENCODED_VALUE_BLOCK_OFFSET,
  ENCODED_VALUE_DECODED_BYTES_MAX,
  ENCODED_VALUE_DECODED_BYTES_OFFSET,
  ENCODED_VALUE_DICTIONARY_OFFSET,
  OVERFLOW_EXTENT_BYTES,
} from '../format.js'
import type { PageMemory } from '../page/memory.js'
import { pageNumberOf } from '../page/page.js'
import { decodeDictionaries, DICTIONARY_SET_BYTES_MAX, encodeDictionaries } from './dictionary-set.js'

/** What {@link Dictionaries} needs of an open file. @internal */
export interface DictionariesParts {
  readonly filePath: string
  readonly extentFile: Pick<ExtentFile, 'pageBytes' | 'readWhole'>
  /** Writes the extent; `undefined` to read only. */
  readonly extents?: Pick<OverflowExtents, 'writeUncounted' | 'retireUncounted'>
}

/**
 * The dictionaries of a file, and the values that are encoded with them.
 *
 * @remarks They are read at the first use. A dictionary is never changed or removed, so that values of all snapshots and checkpoints can be
 * decoded. All are in one extent, which the meta block of a checkpoint refers to.
 * @internal
 */
export class Dictionaries {
  readonly #parts: DictionariesParts
  /** Encoded reference to the extent; zeros without one. */
  #reference: Uint8Array
  /** By id, from 1 on; `undefined` until they are read. */
  #codecs: Lz4Dictionary[] | undefined

  /** @param reference - of the newest checkpoint. */
  constructor(reference: Uint8Array, parts: DictionariesParts) {
    this.#parts = parts
    this.#reference = reference
    this.#codecs = hasDictionaries({ dictionaries: reference }) ? undefined : []
  }

  /** Encoded reference to the extent of the dictionaries, for the next meta block; zeros without one. Never changed in place. */
  get reference(): Uint8Array {
    return this.#reference
  }

  /** Number of the dictionaries. @throws {@link LdbError} LDB_CORRUPTION, LDB_IO when they cannot be read. */
  get count(): number {
    return this.#read().length
  }

  /** Reports whether another dictionary can be added. */
  get hasSpace(): boolean {
    return this.count < DICTIONARIES_COUNT_MAX
  }

  /** The dictionary with which values are encoded; `undefined` without one. @throws as {@link Dictionaries.count}. */
  get newest(): Lz4Dictionary | undefined {
    return this.#read().at(-1)
  }

  /** Adds a dictionary, with which values are encoded from now on. @throws {@link LdbError} LDB_NO_SPACE, LDB_IO; nothing is changed. */
  add(bytes: Uint8Array): void {
    const { extents } = this.#parts
    const codecs = this.#read()
    assert(extents !== undefined && this.hasSpace, 'a dictionary is added to a file with space for it')
    const content = encodeDictionaries([...codecs.map((codec) => codec.bytes), bytes])
    this.#replace(content)
    codecs.push(createLz4Dictionary(bytes))
  }

  /** Moves the extent to a lower position if it begins at or behind `limit`. Returns whether it was moved: a damaged one is not. */
  moveBelow(limit: number): boolean {
    if (!hasDictionaries({ dictionaries: this.#reference })) return false
    const reference = decodeReference(this.#reference, 0)
    if (reference.page < limit) return false
    let content: Uint8Array
    try {
      content = this.#parts.extentFile.readWhole(reference).subarray(OVERFLOW_EXTENT_BYTES)
    } catch (error) {
      if (!isLdbError(error, 'LDB_CORRUPTION')) throw error
      return false
    }
    this.#replace(content)
    return true
  }

  /**
   * Decodes the encoded value of `length` bytes at `memory.bytes[at]`. The caller owns the copy.
   *
   * @throws {@link LdbError} LDB_CORRUPTION when it does not decompress, or the file does not have its dictionary; LDB_IO.
   */
  copyValue(memory: PageMemory, at: number, length: number, slab: ValueSlab): Uint8Array {
    const { bytes } = memory
    const lengthAt = at + ENCODED_VALUE_DECODED_BYTES_OFFSET
    const decodedBytes = (bytes[lengthAt] as number) | ((bytes[lengthAt + 1] as number) << 8)
    const codecs = this.#codecs ?? this.#read()
    const codec = codecs[(bytes[at + ENCODED_VALUE_DICTIONARY_OFFSET] as number) - 1]
    if (codec !== undefined && decodedBytes <= ENCODED_VALUE_DECODED_BYTES_MAX) {
      const value = slab.take(decodedBytes)
      const start = at + ENCODED_VALUE_BLOCK_OFFSET
      if (codec.decompress(bytes, start, at + length, value, 0, decodedBytes)) return value
    }
    const { pageBytes } = memory
    const page = at - (at % pageBytes)
    throw corruption(
      this.#parts.filePath,
      pageNumberOf(memory, page) * pageBytes + at - page,
      codec === undefined
        ? 'a value names a dictionary that the file does not have'
        : 'an encoded value does not decompress',
    )
  }

  #replace(content: Uint8Array): void {
    const { extents } = this.#parts
    assert(extents !== undefined, 'dictionaries are written to a file that is open for writes')
    const reference = extents.writeUncounted(content).slice()
    if (hasDictionaries({ dictionaries: this.#reference })) extents.retireUncounted(this.#reference)
    this.#reference = reference
  }

  #read(): Lz4Dictionary[] {
    return (this.#codecs ??= this.readStored().map((bytes) => createLz4Dictionary(bytes)))
  }

  /** Reads the dictionaries from the file. @throws {@link LdbError} LDB_CORRUPTION when they are damaged; LDB_IO. */
  readStored(): Uint8Array[] {
    if (!hasDictionaries({ dictionaries: this.#reference })) return []
    const { filePath, extentFile } = this.#parts
    const reference = decodeReference(this.#reference, 0)
    const offset = reference.page * extentFile.pageBytes
    if (reference.contentBytes > DICTIONARY_SET_BYTES_MAX) {
      throw corruption(filePath, offset, 'the dictionaries are too long', { actual: reference.contentBytes })
    }
    const whole = extentFile.readWhole(reference)
    const found = decodeDictionaries(whole.subarray(OVERFLOW_EXTENT_BYTES))
    if (found === undefined || encodingOf(whole).codecId !== 0)
      throw corruption(filePath, offset, 'the extent of the dictionaries has no dictionaries')
    return found
  }
}
