import { assert, compareBytes } from '@ldb/base'
import { UnitCompressor } from '@ldb/integrity'
import type { CompressionCodec, UnitCipher } from '@ldb/integrity'
import type { VfsFile } from '@ldb/vfs'
import { BlockBuilder } from '../block/block-builder.js'
import type { Entry } from '../entry/entry.js'
import type { Tombstone } from '../entry/tombstones.js'
import type { BufferPart } from '../entry/buffer-part.js'
import {
  EntryKind,
  FOOTER_FILTER_OFFSET,
  FOOTER_INDEX_OFFSET,
  FOOTER_PAYLOAD_BYTES,
  FOOTER_PROPERTIES_OFFSET,
  FOOTER_TOMBSTONES_OFFSET,
  HANDLE_BYTES,
  PROPERTIES_PAYLOAD_BYTES,
  UnitContent,
} from '../format.js'
import type { HeaderIds } from './file-header.js'
import { FilterBuilder } from './filter.js'
import { encodeHandle, NO_UNIT } from './handle.js'
import type { UnitHandle } from './handle.js'
import { encodeProperties, noProperties } from './properties.js'
import type { TableProperties } from './properties.js'
import { boundAfter } from './table-meta.js'
import type { TableMeta } from './table-meta.js'
import { encodeTombstones, tombstoneBytesMax } from './tombstone-block.js'
import { UnitWriter } from './unit-writer.js'

/** Parameters of a new table. */
export interface TableParameters {
  readonly number: number
  readonly ids: HeaderIds
  /** A data block or index block ends when it has this many bytes. */
  readonly blockBytes: number
  /** Compresses data blocks. */
  readonly codec: CompressionCodec
  readonly filterBitsPerKey: number
  /** Random seed of the filter. */
  readonly filterSeed: number
  /** Encrypts the units; `undefined` in a store that is not encrypted. */
  readonly cipher?: UnitCipher | undefined
}

/** Writes a table: entries in ascending order, then range tombstones. The caller syncs and closes the file. */
export class TableWriter {
  readonly #parameters: TableParameters
  readonly #units: UnitWriter
  readonly #compressor: UnitCompressor
  readonly #block: BlockBuilder = new BlockBuilder()
  readonly #index: BlockBuilder = new BlockBuilder()
  readonly #top: BlockBuilder = new BlockBuilder()
  readonly #filter: FilterBuilder
  readonly #properties: TableProperties = noProperties()
  #firstKey: Uint8Array | undefined = undefined
  #lastKey: Uint8Array = new Uint8Array(0)
  #lastStamp = 0
  #lastIndexed: Uint8Array = new Uint8Array(0)
  #lastIndexedStamp = 0

  /** @param buffer - memory for the output. */
  constructor(file: VfsFile, parameters: TableParameters, buffer?: BufferPart) {
    this.#parameters = parameters
    this.#units = new UnitWriter(file, parameters.ids, buffer, parameters.cipher)
    this.#compressor = new UnitCompressor(parameters.codec)
    this.#filter = new FilterBuilder(parameters.filterSeed, parameters.filterBitsPerKey)
  }

  /** Bytes of the file so far, about. */
  get byteCount(): number {
    return this.#units.end + this.#block.byteCountMax
  }

  get entryCount(): number {
    return this.#properties.entryCount
  }

  /** Adds an entry. Copies its key; its value must not change until the table is finished, or `keepValues` is called. */
  add(entry: Entry): void {
    const { kind, stamp, keyBuffer, keyStart, keyEnd, valueBuffer, valueStart, valueEnd } = entry
    this.#firstKey ??= entry.copyKey()
    this.#block.add(kind, stamp, keyBuffer, keyStart, keyEnd, valueBuffer, valueStart, valueEnd)
    this.#lastStamp = stamp
    this.#filter.add(keyBuffer, keyStart, keyEnd)
    const properties = this.#properties
    properties.entryCount++
    if (kind === EntryKind.Delete) properties.deleteCount++
    properties.keyBytes += keyEnd - keyStart
    properties.valueBytes += valueEnd - valueStart
    this.#noteStamp(stamp)
    if (this.#block.byteCountMax >= this.#parameters.blockBytes) this.#endBlock()
  }

  /** Copies the values that are not written yet: their memory will be overwritten. */
  keepValues(): void {
    this.#block.keepValues()
  }

  /**
   * Ends the table.
   *
   * @param tombstones - its range tombstones.
   */
  finish(tombstones: readonly Tombstone[]): TableMeta {
    this.#endBlock()
    this.#endIndexBlock()
    const properties = this.#properties
    properties.tombstoneCount = tombstones.length
    for (const { stamp } of tombstones) this.#noteStamp(stamp)
    const index = this.#top.count === 0 ? NO_UNIT : this.#appendIndex(this.#top)
    const units = this.#units
    const filter =
      properties.entryCount === 0
        ? NO_UNIT
        : units.append(UnitContent.Filter, this.#filter.byteCount, (target, start) =>
            this.#filter.finish(target, start),
          )
    const tombstoneUnit =
      tombstones.length === 0
        ? NO_UNIT
        : units.append(UnitContent.Tombstones, tombstoneBytesMax(tombstones), (target, start) =>
            encodeTombstones(tombstones, target, start),
          )
    const propertiesUnit = units.append(UnitContent.Properties, PROPERTIES_PAYLOAD_BYTES, (target, start) =>
      encodeProperties(properties, target, start),
    )
    units.append(UnitContent.Footer, FOOTER_PAYLOAD_BYTES, (target, start) => {
      encodeHandle(index, target, start + FOOTER_INDEX_OFFSET)
      encodeHandle(filter, target, start + FOOTER_FILTER_OFFSET)
      encodeHandle(tombstoneUnit, target, start + FOOTER_TOMBSTONES_OFFSET)
      encodeHandle(propertiesUnit, target, start + FOOTER_PROPERTIES_OFFSET)
      return start + FOOTER_PAYLOAD_BYTES
    })
    units.flush()
    return this.#meta(tombstones)
  }

  #meta(tombstones: readonly Tombstone[]): TableMeta {
    const { number, ids, codec } = this.#parameters
    const { rawBytes, storedBytes, ...counts } = this.#properties
    const { entryCount, deleteCount, tombstoneCount, minStamp, maxStamp } = counts
    let lower = this.#firstKey
    let upper: Uint8Array | undefined = lower === undefined ? new Uint8Array(0) : boundAfter(this.#lastKey)
    for (const tombstone of tombstones) {
      if (lower === undefined || compareBytes(tombstone.lower, lower) < 0) lower = tombstone.lower
      if (upper === undefined) continue
      if (tombstone.upper === undefined || compareBytes(tombstone.upper, upper) > 0) upper = tombstone.upper
    }
    assert(lower !== undefined, 'a table has an entry or a tombstone')
    return {
      number,
      fileId: ids.fileId,
      fileBytes: this.#units.end,
      rawBytes: this.#units.end + rawBytes - storedBytes,
      codecId: codec.id,
      lower,
      upper,
      entryCount,
      deleteCount,
      tombstoneCount,
      minStamp,
      maxStamp,
    }
  }

  #noteStamp(stamp: number): void {
    const properties = this.#properties
    properties.minStamp = Math.min(properties.minStamp, stamp)
    properties.maxStamp = Math.max(properties.maxStamp, stamp)
  }

  /** Writes the data block and adds it to the index: its last entry, and its handle. */
  #endBlock(): void {
    if (this.#block.count === 0) return
    const properties = this.#properties
    this.#lastKey = this.#block.lastKey()
    const lastStamp = this.#lastStamp
    const written = this.#units.append(
      UnitContent.Data,
      this.#block.byteCountMax,
      (target, start) => this.#block.finish(target, start),
      this.#compressor,
    )
    properties.blockCount++
    properties.rawBytes += written.rawBytes
    properties.storedBytes += written.payloadBytes
    this.#addTo(this.#index, this.#lastKey, lastStamp, written)
    this.#lastIndexed = this.#lastKey
    this.#lastIndexedStamp = lastStamp
    if (this.#index.byteCountMax >= this.#parameters.blockBytes) this.#endIndexBlock()
  }

  #endIndexBlock(): void {
    if (this.#index.count === 0) return
    const handle = this.#appendIndex(this.#index)
    this.#addTo(this.#top, this.#lastIndexed, this.#lastIndexedStamp, handle)
  }

  #addTo(index: BlockBuilder, key: Uint8Array, stamp: number, handle: UnitHandle): void {
    const value = new Uint8Array(HANDLE_BYTES)
    encodeHandle(handle, value, 0)
    index.add(EntryKind.Put, stamp, key, 0, key.length, value, 0, HANDLE_BYTES)
  }

  #appendIndex(builder: BlockBuilder): UnitHandle {
    return this.#units.append(UnitContent.Index, builder.byteCountMax, (target, start) =>
      builder.finish(target, start),
    )
  }
}
