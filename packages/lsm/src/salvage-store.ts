import { isLdbError, LdbError, NO_SEGMENT_ID, ownOptions, toSeq } from '@ldb/base'
import { CodecTable } from '@ldb/integrity'
import type { DataKeys } from '@ldb/integrity'
import { resolvePath } from '@ldb/vfs'
import type { FilePath, Vfs } from '@ldb/vfs'
import { compareEntries, Entry } from './entry/entry.js'
import { Tombstones } from './entry/tombstones.js'
import { EntryKind } from './format.js'
import { LsmTree } from './lsm-tree.js'
import type { LsmTreeOptions } from './options.js'
import { overlaps, tableNumberOf, tablePath } from './table/table-meta.js'
import { MergingCursor } from './read/merging-cursor.js'
import { MANIFEST_NAME } from './version/manifest-writer.js'
import { readManifest } from './version/manifest-reader.js'
import type { ManifestState } from './version/manifest-reader.js'
import { Lineage } from './salvage/lineage.js'
import type { SalvageDoubt, SalvageLoss, SalvageReport } from './salvage/report.js'
import { SalvageCursor } from './salvage/salvage-cursor.js'
import { salvageTable } from './salvage/salvaged-table.js'
import type { SalvagedTable, TablePlace } from './salvage/salvaged-table.js'

/** Options of {@link salvageStore}. All are optional. @category Salvage */
export interface SalvageOptions extends Omit<
  LsmTreeOptions,
  'create' | 'creation' | 'rewriteManifest' | 'thread'
> {
  /** Number of the commit that the new store contains. Default: that of the manifest; without one, 1. */
  readonly seq?: number
}

/**
 * Writes what can be read of a damaged store to a new one. The damaged store is not changed.
 *
 * @remarks Where the manifest is intact, its tables are the store, and what is missing of them is reported. Without it, every table in the directory is read:
 * stamps decide which version of a key is the newest, and a version that a later compaction has dropped stays dropped. Tables of which that
 * cannot be told are reported as doubts. Indexes are not used: each block that is intact is read. Takes the memory of one table, and reads each twice.
 * @param source - directory of the damaged store, which nothing has open.
 * @param target - directory of the new store, without one.
 * @throws {@link LdbError} LDB_EXISTS when there is a store in `target`; LDB_NOT_FOUND without `source`; LDB_IO.
 * @category Salvage
 */
export function salvageStore(
  vfs: Vfs,
  source: FilePath,
  target: FilePath,
  options?: SalvageOptions,
): SalvageReport {
  const { seq, ...treeOptions } = options === undefined ? {} : ownSalvageOptions(options)
  const from = resolvePath(vfs, source)
  const to = resolvePath(vfs, target)
  if (vfs.status(`${to}/${MANIFEST_NAME}`) !== undefined || from === to) {
    throw new LdbError('LDB_EXISTS', `there is a store in ${to}`, { details: { file: to } })
  }
  const salvage = new Salvage(vfs, from, treeOptions.codecs ?? new CodecTable(), treeOptions.keys)
  try {
    using store = LsmTree.open(vfs, to, treeOptions)
    return salvage.writeTo(store, seq)
  } finally {
    salvage.close()
  }
}

function ownSalvageOptions(options: SalvageOptions): SalvageOptions {
  return ownOptions(options, SALVAGE_OPTION_NAMES, 'options of a salvage') as SalvageOptions
}

const SALVAGE_OPTION_NAMES = [
  'seq',
  'storeId',
  'cache',
  'cacheBytes',
  'memtableBytes',
  'blockBytes',
  'compression',
  'codecs',
  'compaction',
  'tableBytes',
  'levelBaseBytes',
  'log',
  'observer',
  'keys',
] as const

/** One salvage: the tables that were read, and the report. */
class Salvage {
  readonly #tables: SalvagedTable[] = []
  readonly #manifest: ManifestState | undefined
  readonly #lineage = new Lineage()
  readonly #losses: SalvageLoss[] = []
  readonly #doubts: SalvageDoubt[] = []
  #entryCount = 0
  #obsoleteCount = 0

  constructor(vfs: Vfs, directory: string, codecs: CodecTable, keys: DataKeys | undefined) {
    const names = vfs.list(directory)
    this.#manifest = this.#readManifest(vfs, directory, keys)
    const places = this.#placesOf(directory, names)
    for (const place of places) {
      const table = salvageTable(vfs, place, codecs, keys, (loss) => this.#losses.push(loss))
      if (table !== undefined) this.#tables.push(table)
    }
  }

  /** Writes the newest version of each key by one load, which becomes visible and durable as a whole. */
  writeTo(store: LsmTree, seq: number | undefined): SalvageReport {
    if (this.#manifest === undefined) this.#findLineage()
    const load = store.beginLoad()
    try {
      this.#forEachLive((key, keyBytes, value) => {
        load.add(key, keyBytes, value)
        if (load.isPersistDue) load.persist().sync()
        this.#entryCount++
      })
      if (this.#entryCount > 0) {
        load.complete().sync()
        load.install(toSeq(seq ?? Math.max(1, this.#manifest?.durableSeq ?? 1)), NO_LOG)
      }
    } finally {
      load.abort()
    }
    return {
      hasManifest: this.#manifest !== undefined,
      tableCount: this.#tables.length,
      entryCount: this.#entryCount,
      obsoleteCount: this.#obsoleteCount,
      losses: this.#losses,
      doubts: this.#doubts,
    }
  }

  close(): void {
    for (const table of this.#tables) table.close()
  }

  #readManifest(vfs: Vfs, directory: string, keys: DataKeys | undefined): ManifestState | undefined {
    try {
      return readManifest(vfs, `${directory}/${MANIFEST_NAME}`, keys)
    } catch (error) {
      if (!isLdbError(error)) throw error
      this.#lose(`${directory}/${MANIFEST_NAME}`, error.message)
      return undefined
    }
  }

  /** Returns the tables to read: those of the manifest, or all. */
  #placesOf(directory: string, names: readonly string[]): TablePlace[] {
    const numbers = names.map(tableNumberOf).filter((number) => number !== undefined)
    if (this.#manifest === undefined) {
      return numbers.map((number) => ({ number, path: tablePath(directory, number), loadStamp: undefined }))
    }
    const present = new Set(numbers)
    return this.#manifest.tables.flatMap(({ meta }) => {
      const { number, lower, upper, minStamp } = meta
      const path = tablePath(directory, number)
      if (present.has(number)) return [{ number, path, loadStamp: minStamp }]
      this.#lose(path, 'the table is missing', lower, upper)
      return []
    })
  }

  #lose(file: string, message: string, lower?: Uint8Array, upper?: Uint8Array): void {
    this.#losses.push({ file, offset: 0, message, lower, upper })
  }

  #findLineage(): void {
    this.#forEachVersion((_, tables) => {
      if (tables.length > 1) this.#lineage.note(tables)
    })
    for (const { path } of this.#lineage.inputs) {
      this.#doubts.push({
        file: path,
        message:
          'a compaction has read the table: keys outside of the tables that it has written may have been deleted',
      })
    }
    for (const table of this.#tables) {
      const isDoubtful =
        table.isLoaded &&
        this.#tables.some((other) => other.number > table.number && sharesKeys(table, other))
      if (!isDoubtful) continue
      this.#doubts.push({
        file: table.path,
        message: 'a bulk load has written the table: later writes to its keys may be older or newer',
      })
    }
  }

  #forEachLive(write: (key: Uint8Array, keyBytes: number, value: Uint8Array) => void): void {
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
      write(key, key.length, valueBuffer.subarray(valueStart, valueEnd))
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

const NO_LOG = {
  segmentId: NO_SEGMENT_ID,
  sync: (): void => undefined,
  syncAsync: (): Promise<void> => Promise.resolve(),
}
