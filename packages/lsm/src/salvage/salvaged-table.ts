import { corruption, isLdbError } from '@ldb/base'
import type { LdbError } from '@ldb/base'
import type { SalvageLoss } from '@ldb/base'
import { FILE_ID_BYTES } from '@ldb/integrity'
import type { CodecTable, DataKeys } from '@ldb/integrity'
import type { Vfs } from '@ldb/vfs'
import { Block } from '../block/block.js'
import type { Tombstone } from '../entry/tombstones.js'
import { HEADER_BYTES, HEADER_FILE_ID_OFFSET, TABLE_KIND, UnitContent } from '../format.js'
import { decodeHeader, hasMagic } from '../table/file-header.js'
import { BlockCursor } from '../block/block-cursor.js'
import { Entry } from '../entry/entry.js'
import { boundAfter } from '../table/table-meta.js'
import type { KeyRange } from '../table/table-meta.js'
import { decodeTombstones } from '../table/tombstone-block.js'
import { UnitFile } from '../table/unit-file.js'
import { scanUnits } from './unit-scan.js'
import type { ScannedUnit } from './unit-scan.js'

/** A data block that can be read. */
export interface SalvagedBlock extends KeyRange {
  readonly upper: Uint8Array
  read(): Block
}

/** The table that a salvage reads, and its place among the others. */
export interface SalvagedTable {
  readonly number: number
  readonly path: string
  readonly blocks: readonly SalvagedBlock[]
  readonly tombstones: readonly Tombstone[]
  /** The ranges of keys of which every entry was read. */
  readonly intactRanges: readonly KeyRange[]
  /** Versions of entries that were read. */
  readonly entryCount: number
  readonly minStamp: number
  readonly maxStamp: number
  /** True when entries have the stamp of their load, which only the manifest names. */
  readonly isLoaded: boolean
  /** True when nothing of the table is lost. */
  readonly isWhole: boolean
  close(): void
}

/** Where a table is, and what is known of it. */
export interface TablePlace {
  readonly number: number
  readonly path: string
  /** Stamp of the entries of a load. */
  readonly loadStamp: number | undefined
  /** Id of its file, if the manifest names it. */
  readonly fileId: Uint8Array | undefined
}

/**
 * Reads the units of a table that are intact; its index is not used.
 *
 * @param lost - receives what cannot be read.
 * @returns `undefined` when nothing can be read.
 */
export function salvageTable(
  vfs: Vfs,
  { number, path, loadStamp, fileId: knownId }: TablePlace,
  codecs: CodecTable,
  keys: DataKeys | undefined,
  lost: (loss: SalvageLoss) => void,
): SalvagedTable | undefined {
  const loseAll = (error: unknown): undefined => {
    if (!isDamage(error)) throw error
    lost({ file: path, offset: 0, message: error.message, lower: undefined, upper: undefined })
  }
  let file: UnitFile
  let units: ScannedUnit[]
  try {
    const bytes = readWhole(vfs, path)
    const fileId = knownId ?? fileIdOf(bytes, path, keys !== undefined)
    units = scanUnits(bytes, fileId, keys)
    file = new UnitFile(vfs, path, fileId, bytes.length, codecs, keys, true)
  } catch (error) {
    return loseAll(error)
  }
  const parts = new TableParts(file, loadStamp, lost)
  for (const unit of units) parts.add(unit)
  parts.end()
  const { blocks, tombstones, intactRanges, entryCount, minStamp, maxStamp, isLoaded, isWhole } = parts
  return {
    number,
    path,
    blocks,
    tombstones,
    intactRanges,
    entryCount,
    minStamp,
    maxStamp,
    isLoaded,
    isWhole,
    close: () => {
      file.close()
    },
  }
}

/** Collects the units of a table in the order of the file, which is that of the keys. */
class TableParts {
  readonly blocks: SalvagedBlock[] = []
  readonly tombstones: Tombstone[] = []
  readonly intactRanges: KeyRange[] = []
  entryCount = 0
  minStamp = Number.MAX_SAFE_INTEGER
  maxStamp = 0
  isLoaded = false
  isWhole = true
  readonly #file: UnitFile
  readonly #loadStamp: number | undefined
  readonly #lost: (loss: SalvageLoss) => void
  /** The bytes between data blocks that cannot be read. */
  #gap: { readonly offset: number; readonly message: string } | undefined = undefined
  #rangeLower: Uint8Array | undefined = undefined

  constructor(file: UnitFile, loadStamp: number | undefined, lost: (loss: SalvageLoss) => void) {
    this.#file = file
    this.#loadStamp = loadStamp
    this.#lost = lost
  }

  add(unit: ScannedUnit): void {
    const { content, fileOffset } = unit
    if (content === undefined) {
      this.#gap ??= { offset: fileOffset, message: 'bytes of the table are damaged' }
      return
    }
    try {
      if (content === UnitContent.Data) this.#addBlock(unit)
      else if (content === UnitContent.Tombstones) this.#addTombstones(unit)
      else if (content === UnitContent.Footer) this.#endGap(undefined)
    } catch (error) {
      if (!isDamage(error)) throw error
      this.#gap ??= { offset: fileOffset, message: error.message }
    }
  }

  /** Ends the table: bytes behind the last intact unit may have contained entries. */
  end(): void {
    this.#endGap(undefined)
    this.#endRange()
  }

  #addBlock({ fileOffset, byteCount }: ScannedUnit): void {
    const read = (): Block => {
      const bytes = this.#file.read({ fileOffset, storedBytes: byteCount }, UnitContent.Data)
      const block = Block.decode(bytes, this.#loadStamp)
      if (block === undefined) throw this.#file.fault(fileOffset, 'a block is malformed')
      return block
    }
    const block = read()
    const entry = new Entry()
    const cursor = new BlockCursor(entry)
    cursor.enter(block)
    cursor.moveTo(0)
    const lower = entry.copyKey()
    for (; cursor.isValid; cursor.next()) {
      this.entryCount++
      this.minStamp = Math.min(this.minStamp, entry.stamp)
      this.maxStamp = Math.max(this.maxStamp, entry.stamp)
    }
    if (block.baseStamp === 0) this.isLoaded = true
    const upper = boundAfter(entry.copyKey())
    this.#endGap(lower)
    this.#rangeLower ??= lower
    this.blocks.push({ lower, upper, read })
  }

  #addTombstones({ fileOffset, byteCount }: ScannedUnit): void {
    const payload = this.#file.read({ fileOffset, storedBytes: byteCount }, UnitContent.Tombstones)
    const tombstones = decodeTombstones(payload)
    if (tombstones === undefined) throw this.#file.fault(fileOffset, 'the range tombstones are malformed')
    for (const tombstone of tombstones) {
      this.tombstones.push(tombstone)
      this.minStamp = Math.min(this.minStamp, tombstone.stamp)
      this.maxStamp = Math.max(this.maxStamp, tombstone.stamp)
    }
  }

  /** @param upper - the next key that was read. */
  #endGap(upper: Uint8Array | undefined): void {
    if (this.#gap === undefined) return
    const { offset, message } = this.#gap
    this.#gap = undefined
    this.isWhole = false
    this.#endRange()
    this.#lost({ file: this.#file.path, offset, message, lower: this.blocks.at(-1)?.upper, upper })
  }

  #endRange(): void {
    const upper = this.blocks.at(-1)?.upper
    if (this.#rangeLower !== undefined) this.intactRanges.push({ lower: this.#rangeLower, upper })
    this.#rangeLower = undefined
  }
}

/** Returns the id in the header of a table. Where the header is damaged, the units prove or disprove what is left of the id. */
function fileIdOf(bytes: Uint8Array, path: string, isEncrypted: boolean): Uint8Array {
  try {
    return decodeHeader(bytes.subarray(0, HEADER_BYTES), TABLE_KIND, path, isEncrypted).fileId
  } catch (error) {
    const isDamaged = isDamage(error) || (isLdbError(error, 'LDB_FORMAT') && !hasMagic(bytes, TABLE_KIND))
    if (!isDamaged) throw error
    if (bytes.length < HEADER_BYTES) throw corruption(path, bytes.length, 'the file ends within its header')
    return bytes.slice(HEADER_FILE_ID_OFFSET, HEADER_FILE_ID_OFFSET + FILE_ID_BYTES)
  }
}

/** Reports whether an error is that of damaged bytes. A codec that is missing, and a device that fails, are no damage. */
function isDamage(error: unknown): error is LdbError {
  return isLdbError(error, 'LDB_CORRUPTION')
}

function readWhole(vfs: Vfs, path: string): Uint8Array {
  const file = vfs.open(path, 'read')
  try {
    const bytes = new Uint8Array(file.length())
    return bytes.subarray(0, file.read(bytes, 0, bytes.length, 0))
  } finally {
    file.close()
  }
}
