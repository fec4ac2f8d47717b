import { isLdbError } from '@ldb/base'
import type { BlockSpace } from '@ldb/cache'
import type { CodecTable, DataKeys } from '@ldb/integrity'
import type { Vfs } from '@ldb/vfs'
import { Block } from '../block/block.js'
import { Tombstones } from '../entry/tombstones.js'
import {
  FOOTER_FILTER_OFFSET,
  FOOTER_INDEX_OFFSET,
  FOOTER_PAYLOAD_BYTES,
  FOOTER_PROPERTIES_OFFSET,
  FOOTER_TOMBSTONES_OFFSET,
  HANDLE_BYTES,
  UnitContent,
} from '../format.js'
import { Filter } from './filter.js'
import { decodeHandle } from './handle.js'
import type { UnitHandle } from './handle.js'
import { decodeProperties } from './properties.js'
import type { TableProperties } from './properties.js'
import type { TableMeta } from './table-meta.js'
import { tablePath } from './table-meta.js'
import { decodeTombstones } from './tombstone-block.js'
import { UnitFile } from './unit-file.js'

/** Handles of the units of a table, from its footer. */
export interface Footer {
  readonly index: UnitHandle
  readonly filter: UnitHandle
  readonly tombstones: UnitHandle
  readonly properties: UnitHandle
}

const NO_TOMBSTONES = new Tombstones()

/**
 * Reads the units of one table. Footer, top of the index, filter and range tombstones are read when they are first used, and kept;
 * all other blocks are in the block cache.
 *
 * @remarks A read that is interrupted leaves what was read before it, and nothing else.
 */
export class TableReader {
  readonly meta: TableMeta
  readonly #file: UnitFile
  readonly #blocks: BlockSpace<Block>
  #footer: Footer | undefined = undefined
  #top: Block | undefined = undefined
  #filter: Filter | undefined = undefined
  /** Reads do without the filter. */
  #isFilterDamaged = false
  #tombstones: Tombstones | undefined = undefined

  /**
   * @param codecs - the compression codecs that blocks may have.
   * @param keys - the data keys of an encrypted store.
   */
  constructor(
    vfs: Vfs,
    directory: string,
    meta: TableMeta,
    blocks: BlockSpace<Block>,
    codecs: CodecTable,
    keys?: DataKeys,
  ) {
    this.meta = meta
    const path = tablePath(directory, meta.number)
    this.#file = new UnitFile(vfs, path, meta.fileId, meta.fileBytes, codecs, keys)
    this.#blocks = blocks
    if (meta.tombstoneCount === 0) this.#tombstones = NO_TOMBSTONES
  }

  /** The file, for reads of stored units past the cache. */
  get file(): UnitFile {
    return this.#file
  }

  get path(): string {
    return this.#file.path
  }

  /** The top of the index; `undefined` in a table that has range tombstones only. */
  top(): Block | undefined {
    if (this.#top !== undefined || this.meta.entryCount === 0) return this.#top
    const { index } = this.footer()
    this.#top = this.#decodeBlock(this.#file.read(index, UnitContent.Index), index)
    return this.#top
  }

  /**
   * Reads an index block or a data block through the cache, which contains it uncompressed. It is valid until another block is read, and
   * while it is pinned.
   */
  block(handle: UnitHandle, content: UnitContent): Block {
    const cached = this.#blocks.find(handle.fileOffset)
    if (cached !== undefined) return cached
    const block = this.#readBlock(handle, content)
    // Not to be evicted for itself.
    block.pin()
    this.#blocks.insert(handle.fileOffset, block, block.bytes.buffer.byteLength)
    block.unpin()
    return block
  }

  /** Reads a block past the cache, for scans that read each block once. */
  blockOnce(handle: UnitHandle, content: UnitContent): Block {
    return this.#blocks.find(handle.fileOffset) ?? this.#decodeBlock(this.#file.read(handle, content), handle)
  }

  /** Decodes the handle in the value of an entry of an index block. */
  handleAt(bytes: Uint8Array, start: number, end: number): UnitHandle {
    const handle = decodeHandle(bytes, start, end, this.meta.fileBytes)
    if (handle === undefined || handle.storedBytes === 0)
      throw this.#file.fault(0, 'a block handle is malformed')
    return handle
  }

  /** Returns false when the table contains no version of a key. Without an intact filter, every table may contain it. */
  mayContain(key: Uint8Array, keyBytes: number): boolean {
    if (this.meta.entryCount === 0) return false
    if (this.#isFilterDamaged) return true
    this.footer()
    try {
      return this.filter().mayContain(key, 0, keyBytes)
    } catch (error) {
      if (!isLdbError(error, 'LDB_CORRUPTION')) throw error
      this.#isFilterDamaged = true
      return true
    }
  }

  filter(): Filter {
    if (this.#filter !== undefined) return this.#filter
    const handle = this.footer().filter
    const filter = Filter.decode(this.#file.read(handle, UnitContent.Filter))
    if (filter === undefined) throw this.#file.fault(handle.fileOffset, 'the filter is malformed')
    this.#filter = filter
    return filter
  }

  tombstones(): Tombstones {
    if (this.#tombstones !== undefined) return this.#tombstones
    const handle = this.footer().tombstones
    const tombstones = decodeTombstones(this.#file.read(handle, UnitContent.Tombstones))
    if (tombstones?.length !== this.meta.tombstoneCount) {
      throw this.#file.fault(handle.fileOffset, 'the range tombstones are malformed')
    }
    this.#tombstones = new Tombstones(tombstones)
    return this.#tombstones
  }

  /** Reads the properties; they are not kept. */
  properties(): TableProperties {
    const handle = this.footer().properties
    const properties = decodeProperties(this.#file.read(handle, UnitContent.Properties))
    if (properties === undefined) throw this.#file.fault(handle.fileOffset, 'the properties are malformed')
    return properties
  }

  /** Forgets the blocks and closes the file. */
  close(): void {
    this.#blocks.clear()
    this.#file.close()
  }

  /** Reads a block into a buffer that it returns when it is evicted. */
  #readBlock(handle: UnitHandle, content: UnitContent): Block {
    const { buffers } = this.#blocks
    const buffer = buffers.take(handle.storedBytes)
    const payload = this.#file.read(handle, content, buffer.bytes)
    if (payload.buffer !== buffer.bytes.buffer) {
      buffers.give(buffer)
      return this.#decodeBlock(payload, handle)
    }
    const block = this.#decodeBlock(payload, handle, buffer.words)
    block.own(buffer, buffers)
    return block
  }

  #decodeBlock(bytes: Uint8Array, { fileOffset }: UnitHandle, words?: Int32Array): Block {
    const block = Block.decode(bytes, this.meta.minStamp, words)
    if (block === undefined) throw this.#file.fault(fileOffset, 'a block is malformed')
    return block
  }

  /** Reads the footer, and checks that the file is the one that the manifest names. */
  footer(): Footer {
    if (this.#footer !== undefined) return this.#footer
    const { fileBytes } = this.meta
    const storedBytes = FOOTER_PAYLOAD_BYTES + this.#file.trailerBytes
    const fileOffset = fileBytes - storedBytes
    if (fileOffset < 0) throw this.#file.fault(0, 'the table is too short', fileBytes)
    const bytes = this.#file.read({ fileOffset, storedBytes }, UnitContent.Footer)
    const handleAt = (offset: number): UnitHandle => {
      const handle = decodeHandle(bytes, offset, offset + HANDLE_BYTES, fileBytes)
      if (handle === undefined)
        throw this.#file.fault(fileOffset + offset, 'a handle of the footer is malformed')
      return handle
    }
    if (bytes.length !== FOOTER_PAYLOAD_BYTES) throw this.#file.fault(fileOffset, 'the footer is malformed')
    this.#footer = {
      index: handleAt(FOOTER_INDEX_OFFSET),
      filter: handleAt(FOOTER_FILTER_OFFSET),
      tombstones: handleAt(FOOTER_TOMBSTONES_OFFSET),
      properties: handleAt(FOOTER_PROPERTIES_OFFSET),
    }
    return this.#footer
  }
}
