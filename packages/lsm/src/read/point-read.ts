import { compareByteRanges } from '@ldb/base'
import { EntryKind } from '../format.js'
import type { Memtable } from '../memtable/memtable.js'
import { TableLookup } from '../table/table-lookup.js'
import { isKeyWithin } from '../table/table-meta.js'
import type { Table } from '../version/table.js'
import type { Level, Version } from '../version/version.js'
import type { HotKeys } from './hot-keys.js'
import type { ReadState } from './read-state.js'

/**
 * Reads the newest version of a key up to a stamp. The value found is borrowed from the memtable or the block.
 *
 * @remarks Looks at the parts of a read state from the newest to the oldest, and stops at the first that has a version or whose range
 * tombstones cover the key: all others are older. A table is searched only when its filter does not exclude the key.
 */
export class PointRead {
  valueBuffer: Uint8Array = new Uint8Array(0)
  valueStart = 0
  valueEnd = 0
  readonly #lookup: TableLookup = new TableLookup()
  readonly #hotKeys: HotKeys | undefined

  /** @param hotKeys - for a reader of the present, whose `stampMax` is always the greatest stamp. */
  constructor(hotKeys?: HotKeys) {
    this.#hotKeys = hotKeys
  }

  /** Returns true when the key has a value, which is then in `valueBuffer`. */
  find(state: ReadState, key: Uint8Array, keyBytes: number, stampMax: number): boolean {
    let cover = 0
    for (const memtable of state.memtables) {
      const ownCover = memtable.tombstones.coverOf(key, 0, keyBytes, stampMax)
      if (ownCover > cover) cover = ownCover
      const version = memtable.find(key, keyBytes, stampMax)
      if (version !== 0) return this.#takeVersion(memtable, version, cover)
      if (cover > 0) return false
    }
    const hotKeys = this.#hotKeys
    if (hotKeys === undefined) return this.#findInVersion(state.version, key, keyBytes, stampMax)
    const hash = hotKeys.hashOf(key, keyBytes)
    const block = hotKeys.blockOf(state.version, hash)
    const lookup = this.#lookup
    if (block !== undefined && lookup.findAt(block, hotKeys.recordOffsetOf(hash), key, keyBytes)) {
      block.wasUsed = true
      return this.#takeEntry(0)
    }
    if (!this.#findInVersion(state.version, key, keyBytes, stampMax)) return false
    if (lookup.block !== undefined) hotKeys.add(hash, lookup.block, lookup.recordOffset)
    return true
  }

  #findInVersion({ levels }: Version, key: Uint8Array, keyBytes: number, stampMax: number): boolean {
    for (const table of levels[0]!) {
      if (!isKeyWithin(key, 0, keyBytes, table.meta)) continue
      const found = this.#findInTable(table, key, keyBytes, stampMax)
      if (found !== undefined) return found
    }
    for (let level = 1; level < levels.length; level++) {
      const table = tableOf(levels[level]!, key, keyBytes)
      if (table === undefined) continue
      const found = this.#findInTable(table, key, keyBytes, stampMax)
      if (found !== undefined) return found
    }
    return false
  }

  #takeVersion(memtable: Memtable, version: number, cover: number): boolean {
    if (memtable.kindOf(version) === EntryKind.Delete || memtable.stampOf(version) < cover) return false
    this.valueBuffer = memtable.bytes
    this.valueStart = memtable.valueStart(version)
    this.valueEnd = memtable.valueEnd(version)
    return true
  }

  /** Returns `undefined` when the table says nothing about the key. */
  #findInTable(
    { meta, reader }: Table,
    key: Uint8Array,
    keyBytes: number,
    stampMax: number,
  ): boolean | undefined {
    const cover = meta.tombstoneCount === 0 ? 0 : reader.tombstones().coverOf(key, 0, keyBytes, stampMax)
    if (reader.mayContain(key, keyBytes) && this.#lookup.find(reader, key, keyBytes, stampMax)) {
      return this.#takeEntry(cover)
    }
    return cover > 0 ? false : undefined
  }

  #takeEntry(cover: number): boolean {
    const lookup = this.#lookup
    if (lookup.kind === EntryKind.Delete || lookup.stamp < cover) return false
    this.valueBuffer = lookup.valueBuffer
    this.valueStart = lookup.valueStart
    this.valueEnd = lookup.valueEnd
    return true
  }
}

/** Returns the table of a level above 0 whose range contains a key. */
function tableOf(tables: Level, key: Uint8Array, keyBytes: number): Table | undefined {
  let low = 0
  let high = tables.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const { upper } = tables[middle]!.meta
    if (upper === undefined || compareByteRanges(key, 0, keyBytes, upper, 0, upper.length) < 0) high = middle
    else low = middle + 1
  }
  const table = tables[low]
  return table !== undefined && isKeyWithin(key, 0, keyBytes, table.meta) ? table : undefined
}
