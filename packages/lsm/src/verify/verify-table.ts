import { isLdbError, optionalMember } from '@ldb/base'
import type {
  LdbError,
  VerifyFinding,
  VerifyLocation,
  VerifySeverity,
  VerifySink,
  VerifySteps,
  VerifyUnitKind,
} from '@ldb/base'
import { BlockCursor } from '../block/block-cursor.js'
import type { Block } from '../block/block.js'
import { compareEntries, Entry } from '../entry/entry.js'
import { EntryKind, FOOTER_PAYLOAD_BYTES, HEADER_BYTES, UnitContent } from '../format.js'
import type { Filter } from '../table/filter.js'
import type { UnitHandle } from '../table/handle.js'
import { differingProperties, noProperties } from '../table/properties.js'
import type { TableProperties } from '../table/properties.js'
import { boundAfter, isKeyWithin } from '../table/table-meta.js'
import type { TableReader } from '../table/table-reader.js'
import { findingOf } from './fault-finding.js'
import type { UnitAmounts } from './unit-amounts.js'

/**
 * Reads every unit of a table: checks the order of all entries, that each index entry is the last entry of its block, that the filter
 * admits every key, that everything lies within the bounds, that the units fill the file, and computes the properties again. A unit that
 * cannot be read is a finding; the others are read nevertheless, except those that only a damaged index block names.
 *
 * @param reader - reads the file, and no cache.
 * @param level - of the table; `undefined` when it is unknown.
 * @returns the properties, counted from what can be read.
 * @throws {@link LdbError} LDB_CORRUPTION, LDB_FORMAT, LDB_NOT_FOUND when the file is another one, or has another length, or no footer.
 */
export function* verifyTable(
  reader: TableReader,
  sink: VerifySink,
  amounts: UnitAmounts,
  level?: number,
): Generator<void, TableProperties> {
  // Also checks the header and the length.
  const { index, filter, tombstones, properties } = reader.footer()
  const { headerFault } = reader.file
  if (headerFault !== undefined) sink.finding(findingOf(headerFault, reader.path, 0, 'warning'))
  sink.progress({ files: 1, units: 1, entries: 0, bytes: 0 })
  const walk = new TableWalk(reader, sink, amounts, level)
  walk.countEnds()
  if (reader.meta.entryCount > 0) walk.readFilter(filter)
  yield* walk.run(index)
  walk.readTombstones(tombstones)
  walk.compareProperties(properties)
  walk.compareLength()
  return walk.properties
}

/** Returns the properties of a table; the stamps of one that was loaded are in the manifest only. */
function withLoadStamp(properties: TableProperties, stamp: number): TableProperties {
  return properties.maxStamp === 0 ? { ...properties, minStamp: stamp, maxStamp: stamp } : properties
}

/** A block, and the keys that may be in it. */
interface NamedBlock {
  readonly handle: UnitHandle
  readonly keys: { readonly lower: Uint8Array; readonly upper: Uint8Array | undefined }
}

/** One walk over the units of a table. */
class TableWalk {
  readonly properties: TableProperties = noProperties()
  readonly #reader: TableReader
  readonly #sink: VerifySink
  readonly #amounts: UnitAmounts
  readonly #last: Entry = new Entry()
  #hasLast = false
  #filter: Filter | undefined = undefined
  /** Every unit was read. */
  #isWhole = true
  /** Bytes of the units that were read. */
  #unitBytes: number = 0
  readonly #level: number | undefined
  readonly #location: VerifySink['location']

  constructor(reader: TableReader, sink: VerifySink, amounts: UnitAmounts, level: number | undefined) {
    this.#reader = reader
    this.#sink = sink
    this.#location = optionalMember(sink, 'location')
    this.#amounts = amounts
    this.#level = level
  }

  /** Counts the header and the footer. */
  countEnds(): void {
    const { file, meta } = this.#reader
    const footerBytes = FOOTER_PAYLOAD_BYTES + file.trailerBytes
    for (const [kind, offset, bytes] of [
      ['table-header', 0, HEADER_BYTES],
      ['footer', meta.fileBytes - footerBytes, footerBytes],
    ] as const) {
      this.#amounts.add(kind, bytes)
      this.#unitBytes += bytes
      this.#locate(kind, offset, bytes, meta)
    }
  }

  readFilter(handle: UnitHandle): void {
    // Reads do without it.
    const read = (): void => {
      this.#filter = this.#reader.filter()
      this.#count('filter', handle)
    }
    this.#guard(handle, read, 'warning')
  }

  readTombstones(handle: UnitHandle): void {
    const { properties } = this
    const { meta } = this.#reader
    if (handle.storedBytes === 0 && meta.tombstoneCount === 0) return
    this.#guard(handle, () => {
      const { all } = this.#reader.tombstones()
      this.#count('tombstones', handle)
      for (const { lower, upper, stamp } of all) {
        properties.tombstoneCount++
        properties.minStamp = Math.min(properties.minStamp, stamp)
        properties.maxStamp = Math.max(properties.maxStamp, stamp)
        if (!isKeyWithin(lower, 0, lower.length, meta) || (upper === undefined && meta.upper !== undefined)) {
          this.#report('order', 'a range tombstone lies outside the bounds of its table', handle)
        }
      }
    })
  }

  /** Compares what was counted with the properties, which no read depends on, and with the manifest. */
  compareProperties(handle: UnitHandle): void {
    const { meta } = this.#reader
    const { properties } = this
    let stored: TableProperties | undefined
    this.#guard(
      handle,
      () => {
        stored = withLoadStamp(this.#reader.properties(), meta.minStamp)
        this.#count('properties', handle)
      },
      'warning',
    )
    // What a damaged unit contains is unknown: without it, nothing adds up.
    if (!this.#isWhole) return
    const differing = stored === undefined ? [] : differingProperties(stored, properties)
    if (differing.length > 0) {
      this.#report(
        'count',
        `the properties ${differing.join(', ')} of the table are wrong`,
        handle,
        'warning',
      )
    }
    const isDescribed =
      meta.entryCount === properties.entryCount &&
      meta.deleteCount === properties.deleteCount &&
      meta.tombstoneCount === properties.tombstoneCount &&
      meta.minStamp === properties.minStamp &&
      meta.maxStamp === properties.maxStamp &&
      meta.rawBytes === meta.fileBytes + properties.rawBytes - properties.storedBytes
    if (!isDescribed) this.#report('count', 'the manifest describes another table')
  }

  /** The units of a table follow each other without gaps. */
  compareLength(): void {
    const unusedBytes = this.#reader.meta.fileBytes - this.#unitBytes
    if (unusedBytes === 0) return
    this.#amounts.add('unused', unusedBytes)
    if (this.#isWhole)
      this.#report('leak', `${unusedBytes} bytes of the table are in no unit`, undefined, 'warning')
  }

  *run(top: UnitHandle): VerifySteps {
    if (top.storedBytes === 0) return
    const { lower, upper } = this.#reader.meta
    const indexes = this.#blockOf({ handle: top, keys: { lower, upper } }, UnitContent.Index)
    if (indexes === undefined) return
    yield
    for (const index of this.#childrenOf(indexes, lower)) {
      const blocks = this.#blockOf(index, UnitContent.Index)
      if (blocks === undefined) {
        this.#hasLast = false
        continue
      }
      for (const data of this.#childrenOf(blocks, index.keys.lower)) {
        const block = this.#blockOf(data, UnitContent.Data)
        if (block === undefined) this.#hasLast = false
        else this.#walkData(block, data.handle)
        yield
      }
    }
  }

  /** Reads a block, and counts it; `undefined`, with a finding, when it is damaged. */
  #blockOf({ handle, keys }: NamedBlock, content: UnitContent): Block | undefined {
    let block: Block | undefined
    const read = (): void => {
      block = this.#reader.blockOnce(handle, content)
      const isData = content === UnitContent.Data
      const rawBytes = block.bytes.length + this.#reader.file.trailerBytes
      this.#count(isData ? 'data' : 'index', handle, rawBytes, isData ? block.count : 0, keys)
    }
    this.#guard(handle, read, 'error', keys)
    return block
  }

  /**
   * Yields the blocks that an index block names, and compares each entry with the last one that was visited within its block.
   *
   * @param lower - no key of the first block is below it.
   */
  *#childrenOf(block: Block, lower: Uint8Array): Generator<NamedBlock> {
    let from = lower
    const entry = new Entry()
    const cursor = new BlockCursor(entry)
    cursor.enter(block)
    for (let index = 0; index < block.count; index++) {
      cursor.moveTo(index)
      let handle: UnitHandle | undefined
      this.#guard({ fileOffset: 0, storedBytes: 0 }, () => {
        handle = this.#reader.handleAt(entry.valueBuffer, entry.valueStart, entry.valueEnd)
      })
      const key = entry.copyKey()
      if (handle !== undefined) yield { handle, keys: { lower: from, upper: boundAfter(key) } }
      from = key
      if (handle === undefined) continue
      if (this.#hasLast && compareEntries(entry, this.#last) !== 0) {
        this.#report('structure', 'an index entry is not the last entry of its block', handle)
      }
    }
  }

  #walkData(block: Block, handle: UnitHandle): void {
    const { properties } = this
    const { meta } = this.#reader
    const filter = this.#filter
    const entry = new Entry()
    const cursor = new BlockCursor(entry)
    properties.blockCount++
    properties.rawBytes += block.bytes.length
    properties.storedBytes += handle.storedBytes - this.#reader.file.trailerBytes
    cursor.enter(block)
    for (let index = 0; index < block.count; index++) {
      cursor.moveTo(index)
      const { keyBuffer, keyStart, keyEnd, stamp } = entry
      if (this.#hasLast && compareEntries(this.#last, entry) >= 0) {
        this.#report('order', 'entries do not ascend', handle)
      }
      if (!isKeyWithin(keyBuffer, keyStart, keyEnd, meta)) {
        this.#report('order', 'a key lies outside the bounds of its table', handle)
      }
      if (filter !== undefined && !filter.mayContain(keyBuffer, keyStart, keyEnd)) {
        this.#report('structure', 'the filter denies a key', handle)
      }
      properties.entryCount++
      if (entry.kind === EntryKind.Delete) properties.deleteCount++
      properties.keyBytes += keyEnd - keyStart
      properties.valueBytes += entry.valueEnd - entry.valueStart
      properties.minStamp = Math.min(properties.minStamp, stamp)
      properties.maxStamp = Math.max(properties.maxStamp, stamp)
      this.#noteLast(entry)
    }
  }

  #noteLast(entry: Entry): void {
    this.#hasLast = true
    this.#last.keyBuffer = entry.copyKey()
    this.#last.keyStart = 0
    this.#last.keyEnd = this.#last.keyBuffer.length
    this.#last.stamp = entry.stamp
  }

  #count(
    kind: 'data' | 'index' | 'filter' | 'tombstones' | 'properties',
    { fileOffset, storedBytes }: UnitHandle,
    rawBytes: number = storedBytes,
    entries: number = 0,
    keys?: NamedBlock['keys'],
  ): void {
    this.#unitBytes += storedBytes
    this.#amounts.add(kind, storedBytes, rawBytes)
    this.#sink.progress({ units: 1, entries, bytes: storedBytes })
    this.#locate(kind, fileOffset, storedBytes, keys)
  }

  #locate(kind: VerifyUnitKind, offset: number, bytes: number, keys?: VerifyLocation['keys']): void {
    if (this.#location === undefined) return
    const bounds = keys === undefined ? undefined : { lower: keys.lower, upper: keys.upper }
    const location = { kind, file: this.#reader.path, offset, bytes, level: this.#level }
    this.#location.call(this.#sink, bounds === undefined ? location : { ...location, keys: bounds })
  }

  /** Runs a part of the walk; an error of the file in it is a finding. */
  #guard(
    { fileOffset }: UnitHandle,
    part: () => void,
    severity?: VerifySeverity,
    keys?: VerifyFinding['keys'],
  ): void {
    try {
      part()
    } catch (error) {
      this.#isWhole = false
      this.#sink.finding(findingOf(asFault(error), this.#reader.path, fileOffset, severity, keys))
    }
  }

  #report(
    kind: 'order' | 'count' | 'structure' | 'leak',
    message: string,
    handle?: UnitHandle,
    severity: VerifySeverity = 'error',
  ): void {
    const offset = handle?.fileOffset ?? 0
    this.#sink.finding({ kind, file: this.#reader.path, offset, message, severity })
  }
}

/** @throws what is no error of the database. */
function asFault(error: unknown): LdbError {
  if (!isLdbError(error)) throw error
  return error
}
