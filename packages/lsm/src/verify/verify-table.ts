import type { VerifySink } from '@ldb/base'
import { BlockCursor } from '../block/block-cursor.js'
import type { Block } from '../block/block.js'
import { compareEntries, Entry } from '../entry/entry.js'
import { EntryKind, UnitContent } from '../format.js'
import { differingProperties, noProperties } from '../table/properties.js'
import type { TableProperties } from '../table/properties.js'
import { isKeyWithin } from '../table/table-meta.js'
import type { TableReader } from '../table/table-reader.js'
import type { Table } from '../version/table.js'

/**
 * Reads every unit of a table: checks the order of all entries, that each index entry is the last entry of its block, that the filter
 * admits every key, that everything lies within the bounds, and computes the properties again.
 *
 * @throws {@link LdbError} LDB_CORRUPTION at the first unit that cannot be read.
 */
export function verifyTable({ meta, reader }: Table, sink: VerifySink): void {
  const walk = new TableWalk(reader, sink)
  sink.progress({ files: 1, units: 1, entries: 0, bytes: 0 })
  walk.run()
  const { properties } = walk
  for (const { lower, upper, stamp } of reader.tombstones().all) {
    properties.tombstoneCount++
    properties.minStamp = Math.min(properties.minStamp, stamp)
    properties.maxStamp = Math.max(properties.maxStamp, stamp)
    if (!isKeyWithin(lower, 0, lower.length, meta) || (upper === undefined && meta.upper !== undefined)) {
      walk.report('order', 'a range tombstone lies outside the bounds of its table')
    }
  }
  const stored = withLoadStamp(reader.properties(), meta.minStamp)
  const differing = differingProperties(stored, properties)
  if (differing.length > 0)
    walk.report('count', `the properties ${differing.join(', ')} of the table are wrong`)
  const isDescribed =
    meta.entryCount === properties.entryCount &&
    meta.deleteCount === properties.deleteCount &&
    meta.tombstoneCount === properties.tombstoneCount &&
    meta.minStamp === properties.minStamp &&
    meta.maxStamp === properties.maxStamp &&
    meta.rawBytes === meta.fileBytes + properties.rawBytes - properties.storedBytes
  if (!isDescribed) walk.report('count', 'the manifest describes another table')
}

/** Returns the properties of a table; the stamps of one that was loaded are in the manifest only. */
function withLoadStamp(properties: TableProperties, stamp: number): TableProperties {
  return properties.maxStamp === 0 ? { ...properties, minStamp: stamp, maxStamp: stamp } : properties
}

/** One walk over the index and the data blocks of a table. */
class TableWalk {
  readonly properties: TableProperties = noProperties()
  readonly #reader: TableReader
  readonly #sink: VerifySink
  readonly #last: Entry = new Entry()
  #hasLast = false

  constructor(reader: TableReader, sink: VerifySink) {
    this.#reader = reader
    this.#sink = sink
  }

  report(kind: 'order' | 'count' | 'structure', message: string): void {
    this.#sink.finding({ kind, file: this.#reader.path, offset: 0, message })
  }

  run(): void {
    const top = this.#reader.top()
    if (top === undefined) return
    this.#walkIndex(
      top,
      (index) => {
        this.#walkIndex(
          index,
          (data) => {
            this.#walkData(data)
          },
          UnitContent.Data,
        )
      },
      UnitContent.Index,
    )
  }

  /** Visits the blocks of an index block, and compares each entry with the last one that was visited within its block. */
  #walkIndex(block: Block, visit: (child: Block) => void, content: UnitContent): void {
    const entry = new Entry()
    const cursor = new BlockCursor(entry)
    cursor.enter(block)
    for (let index = 0; index < block.count; index++) {
      cursor.moveTo(index)
      const handle = this.#reader.handleAt(entry.valueBuffer, entry.valueStart, entry.valueEnd)
      const child = this.#reader.blockOnce(handle, content)
      visit(child)
      if (content === UnitContent.Data)
        this.properties.storedBytes += handle.storedBytes - this.#reader.file.trailerBytes
      this.#sink.progress({
        units: 1,
        entries: content === UnitContent.Data ? child.count : 0,
        bytes: handle.storedBytes,
      })
      if (compareEntries(entry, this.#last) !== 0) {
        this.report('structure', 'an index entry is not the last entry of its block')
      }
    }
  }

  #walkData(block: Block): void {
    const { properties } = this
    const { meta } = this.#reader
    const filter = this.#reader.filter()
    const entry = new Entry()
    const cursor = new BlockCursor(entry)
    properties.blockCount++
    properties.rawBytes += block.bytes.length
    cursor.enter(block)
    for (let index = 0; index < block.count; index++) {
      cursor.moveTo(index)
      const { keyBuffer, keyStart, keyEnd, stamp } = entry
      if (this.#hasLast && compareEntries(this.#last, entry) >= 0)
        this.report('order', 'entries do not ascend')
      if (!isKeyWithin(keyBuffer, keyStart, keyEnd, meta)) {
        this.report('order', 'a key lies outside the bounds of its table')
      }
      if (!filter.mayContain(keyBuffer, keyStart, keyEnd)) this.report('structure', 'the filter denies a key')
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
}
