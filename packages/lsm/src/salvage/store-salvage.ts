import { isLdbError } from '@ldb/base'
import type { LdbError, SalvageLoss, SalvageSink } from '@ldb/base'
import type { CodecTable, DataKeys } from '@ldb/integrity'
import type { Vfs } from '@ldb/vfs'
import { compareEntries, Entry } from '../entry/entry.js'
import { Tombstones } from '../entry/tombstones.js'
import { EntryKind, HEADER_BYTES, MANIFEST_KIND } from '../format.js'
import { MergingCursor } from '../read/merging-cursor.js'
import { hasMagic } from '../table/file-header.js'
import { overlaps, tableNumberOf, tablePath } from '../table/table-meta.js'
import type { TableMeta } from '../table/table-meta.js'
import { readManifest } from '../version/manifest-reader.js'
import type { ManifestState } from '../version/manifest-reader.js'
import { MANIFEST_NAME } from '../version/manifest-writer.js'
import { Lineage } from './lineage.js'
import type { StoreSalvageReport } from './report.js'
import { SalvageCursor } from './salvage-cursor.js'
import { salvageTable } from './salvaged-table.js'
import type { SalvagedTable, TablePlace } from './salvaged-table.js'

/** One salvage: the tables of a damaged store that can be read. */
export class StoreSalvage {
  readonly #tables: SalvagedTable[] = []
  readonly #manifest: ManifestState | undefined
  readonly #lineage = new Lineage()
  readonly #sink: Pick<SalvageSink, 'loss' | 'doubt'>
  readonly #keys: DataKeys | undefined
  #lostCount = 0
  #hasLost = false
  #obsoleteCount = 0

  /**
   * @param keys - the data keys of an encrypted store.
   * @param sink - receives losses and doubts.
   */
  constructor(
    vfs: Vfs,
    directory: string,
    codecs: CodecTable,
    keys: DataKeys | undefined,
    sink: Pick<SalvageSink, 'loss' | 'doubt'>,
  ) {
    this.#keys = keys
    this.#sink = sink
    const names = vfs.list(directory)
    this.#manifest = this.#readManifest(vfs, directory)
    const lost: LostRange[] = []
    for (const place of this.#placesOf(directory, names, lost)) this.#addTable(vfs, place, codecs, lost)
    if (this.#manifest === undefined) this.#findLineage()
    for (const range of lost) this.#report(range)
  }

  /**
   * Visits the newest version of each key, in the order of the keys.
   *
   * @param write - receives the key, which it may keep, and the value, borrowed.
   */
  read(write: (key: Uint8Array, value: Uint8Array) => void): StoreSalvageReport {
    let entryCount = 0
    this.#forEachLive((key, value) => {
      entryCount++
      write(key, value)
    })
    return {
      hasManifest: this.#manifest !== undefined,
      durableSeq: this.#manifest?.durableSeq,
      tableCount: this.#tables.length,
      entryCount,
      lostCount: this.#manifest === undefined && this.#hasLost ? undefined : this.#lostCount,
      obsoleteCount: this.#obsoleteCount,
    }
  }

  close(): void {
    for (const table of this.#tables) table.close()
  }

  #readManifest(vfs: Vfs, directory: string): ManifestState | undefined {
    try {
      return readManifest(vfs, `${directory}/${MANIFEST_NAME}`, this.#keys)
    } catch (error) {
      if (!isLdbError(error) || !isManifestLost(error, vfs, `${directory}/${MANIFEST_NAME}`)) throw error
      const file = `${directory}/${MANIFEST_NAME}`
      this.#sink.loss({ file, offset: 0, message: error.message, lower: undefined, upper: undefined })
      return undefined
    }
  }

  /** Returns the tables to read: those of the manifest, or all. */
  #placesOf(directory: string, names: readonly string[], lost: LostRange[]): TablePlace[] {
    const numbers = names.map(tableNumberOf).filter((number) => number !== undefined)
    if (this.#manifest === undefined) {
      return numbers.map((number) => ({
        number,
        path: tablePath(directory, number),
        loadStamp: undefined,
        fileId: undefined,
      }))
    }
    const present = new Set(numbers)
    return this.#manifest.tables.flatMap(({ meta }) => {
      const { number, fileId, lower, upper, minStamp, entryCount } = meta
      const path = tablePath(directory, number)
      if (present.has(number)) return [{ number, path, loadStamp: minStamp, fileId }]
      this.#lostCount += entryCount
      lost.push({ number, loss: { file: path, offset: 0, message: 'the table is missing', lower, upper } })
      return []
    })
  }

  /** Reads a table. Damage of parts without entries is none: the manifest has the counts of a table. */
  #addTable(vfs: Vfs, place: TablePlace, codecs: CodecTable, lost: LostRange[]): void {
    const losses: SalvageLoss[] = []
    const table = salvageTable(vfs, place, codecs, this.#keys, (loss) => losses.push(loss))
    if (table !== undefined) this.#tables.push(table)
    const meta = this.#metaOf(place.number)
    if (meta === undefined) {
      for (const loss of losses) lost.push({ number: place.number, loss })
      return
    }
    const missing = meta.entryCount - (table?.entryCount ?? 0)
    const lacksTombstones = (table?.tombstones.length ?? 0) < meta.tombstoneCount
    this.#lostCount += missing
    if (missing === 0 && !lacksTombstones) return
    for (const loss of losses) lost.push({ number: place.number, loss: within(loss, meta, lacksTombstones) })
  }

  #metaOf(number: number): TableMeta | undefined {
    return this.#manifest?.tables.find(({ meta }) => meta.number === number)?.meta
  }

  /** Reports a loss; older versions of the lost keys, and keys that were deleted, may have come back. */
  #report({ number, loss }: LostRange): void {
    this.#lose(loss)
    const { file, lower, upper } = loss
    const range = { lower: lower ?? new Uint8Array(0), upper }
    const hasOlder = this.#tables.some(
      (table) => this.#isOlder(table, number) && table.blocks.some((block) => overlaps(block, range)),
    )
    if (!hasOlder) return
    const message = 'a newer version of the entries, or their deletion, may be lost'
    this.#sink.doubt({ file, message, lower, upper })
  }

  /** Reports whether a table may have older versions of keys than another one. */
  #isOlder(table: SalvagedTable, number: number): boolean {
    if (table.number === number) return false
    const tables = this.#manifest?.tables
    if (tables === undefined) return true
    const levelOf = (wanted: number): number => tables.find(({ meta }) => meta.number === wanted)?.level ?? 0
    const level = levelOf(number)
    const other = levelOf(table.number)
    return other > level || (other === 0 && level === 0 && table.number < number)
  }

  #lose(loss: SalvageLoss): void {
    this.#hasLost = true
    this.#sink.loss(loss)
  }

  #findLineage(): void {
    this.#forEachVersion((_, tables) => {
      if (tables.length > 1) this.#lineage.note(tables)
    })
    for (const table of this.#lineage.inputs) {
      this.#doubt(
        table,
        'a compaction has read the table: keys outside of the tables that it has written may have been deleted',
      )
    }
    for (const table of this.#tables) {
      const isDoubtful =
        table.isLoaded &&
        this.#tables.some((other) => other.number > table.number && sharesKeys(table, other))
      if (!isDoubtful) continue
      this.#doubt(table, 'a bulk load has written the table: later writes to its keys may be older or newer')
    }
  }

  #doubt({ path: file, blocks }: SalvagedTable, message: string): void {
    this.#sink.doubt({ file, message, lower: blocks[0]?.lower, upper: blocks.at(-1)?.upper })
  }

  #forEachLive(write: (key: Uint8Array, value: Uint8Array) => void): void {
    const tombstones = new Tombstones(this.#tables.flatMap((table) => table.tombstones))
    let last: Uint8Array | undefined
    this.#forEachVersion((entry, tables) => {
      const { keyBuffer, keyStart, keyEnd, valueBuffer, valueStart, valueEnd, stamp, kind } = entry
      if (this.#lineage.isObsolete(entry, tables)) {
        this.#obsoleteCount++
        return
      }
      const key = keyBuffer.slice(keyStart, keyEnd)
      const isOlder =
        last !== undefined && last.length === key.length && last.every((byte, at) => byte === key[at])
      last = key
      if (isOlder || kind === EntryKind.Delete) return
      if (tombstones.coverOf(key, 0, key.length, Infinity) > stamp) return
      write(key, valueBuffer.subarray(valueStart, valueEnd))
    })
  }

  /** Visits all versions in the order of entries, each once, with the tables that have it. */
  #forEachVersion(visit: (entry: Entry, tables: readonly SalvagedTable[]) => void): void {
    const cursors = this.#tables.map((table) => new SalvageCursor(table, this.#loadStampOf(table)))
    const tableOf = new Map(cursors.map(({ entry, table }) => [entry, table]))
    const merged = new MergingCursor(cursors)
    const current = new Entry()
    let tables: SalvagedTable[] = []
    merged.first()
    while (merged.isValid) {
      copyEntry(merged.entry, current)
      tables = []
      for (; merged.isValid && compareEntries(merged.entry, current) === 0; merged.next()) {
        const table = tableOf.get(merged.entry)
        if (table !== undefined) tables.push(table)
      }
      visit(current, tables)
    }
  }

  /** A load is newer than every table with a smaller number. */
  #loadStampOf({ number }: SalvagedTable): number {
    let stamp = 0
    for (const table of this.#tables) if (table.number < number) stamp = Math.max(stamp, table.maxStamp)
    return stamp + 0.5 + number / 2 ** 40
  }
}

function sharesKeys(a: SalvagedTable, b: SalvagedTable): boolean {
  return a.blocks.some((block) => b.blocks.some((other) => overlaps(block, other)))
}

function copyEntry(source: Entry, target: Entry): void {
  target.keyBuffer = source.copyKey()
  target.keyStart = 0
  target.keyEnd = target.keyBuffer.length
  target.valueBuffer = source.valueBuffer
  target.valueStart = source.valueStart
  target.valueEnd = source.valueEnd
  target.stamp = source.stamp
  target.kind = source.kind
}

/** Reports whether a manifest is missing or damaged. One of a newer version is neither. */
function isManifestLost(error: LdbError, vfs: Vfs, path: string): boolean {
  if (error.code === 'LDB_CORRUPTION' || error.code === 'LDB_NOT_FOUND') return true
  if (error.code !== 'LDB_FORMAT') return false
  const file = vfs.open(path, 'read')
  try {
    const front = new Uint8Array(HEADER_BYTES)
    file.read(front, 0, front.length, 0)
    return !hasMagic(front, MANIFEST_KIND)
  } finally {
    file.close()
  }
}

/** A loss, and the number of its table. */
interface LostRange {
  readonly number: number
  readonly loss: SalvageLoss
}

/** Returns a loss with the bounds of its table where it has none; with those alone, when range tombstones are lost. */
function within(loss: SalvageLoss, { lower, upper }: TableMeta, isWide: boolean): SalvageLoss {
  if (isWide) return { ...loss, lower, upper }
  return { ...loss, lower: loss.lower ?? lower, upper: loss.upper ?? upper }
}
