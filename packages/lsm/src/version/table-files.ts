import { assert, corruption, isLdbError } from '@ldb/base'
import type { Syncable, SyncPoll } from '@ldb/base'
import type { BlockCache } from '@ldb/cache'
import { FILE_ID_BYTES } from '@ldb/integrity'
import type { CompressionCodec, DataKeys } from '@ldb/integrity'
import { FileSync, isMissingPath } from '@ldb/vfs'
import type { RandomSource, Vfs, VfsFile } from '@ldb/vfs'
import type { Block } from '../block/block.js'
import type { Tombstone } from '../entry/tombstones.js'
import type { BufferPart } from '../entry/buffer-part.js'
import { LEVEL_COUNT } from '../format.js'
import { newSeed } from '../key-hash.js'
import type { LevelCodecs } from '../table/level-codecs.js'
import { tableNumberOf, tablePath } from '../table/table-meta.js'
import type { TableMeta } from '../table/table-meta.js'
import { TableWriter } from '../table/table-writer.js'
import type { TableParameters } from '../table/table-writer.js'
import { NEW_MANIFEST_NAME } from './manifest-writer.js'
import { Table } from './table.js'

/**
 * Bits of the filter for each key. A get of a missing key reads a block of each table whose filter admits it: the levels above the last
 * one, which have few keys, get more bits, so that the sum over all levels stays below a hundredth.
 */
const FILTER_BITS = 12
const FILTER_BITS_ABOVE = 16

/** What the owner of a new table decides. */
export interface TableSettings {
  readonly number: number
  readonly level: number
  readonly storeId: Uint8Array
  readonly blockBytes: number
}

/** Returns the parameters of a new table: with a random file id and a random seed of its filter. */
export function newTableParameters(
  { number, level, storeId, blockBytes }: TableSettings,
  codec: CompressionCodec,
  random: RandomSource,
  keys: DataKeys | undefined,
): TableParameters {
  const fileId = random.fill(new Uint8Array(FILE_ID_BYTES))
  return {
    number,
    ids: { fileId, storeId },
    cipher: keys?.cipherOfWhole('table', fileId),
    blockBytes,
    codec,
    filterBitsPerKey: level === LEVEL_COUNT - 1 ? FILTER_BITS : FILTER_BITS_ABOVE,
    filterSeed: newSeed(random),
  }
}

/** A table file that was written and is not known to be on the device. */
export class UnsyncedFile implements Syncable {
  readonly #file: VfsFile
  readonly #fileSync: FileSync

  constructor(vfs: Vfs, file: VfsFile) {
    this.#file = file
    this.#fileSync = new FileSync(vfs, file)
  }

  sync(): void {
    this.#fileSync.sync()
  }

  syncAsync(): Promise<void> {
    return this.#fileSync.syncAsync()
  }

  beginSync(): SyncPoll {
    return this.#fileSync.beginSync()
  }

  close(): void {
    this.#fileSync.close()
    this.#file.close()
  }
}

/** A table that is being written. */
export interface NewTable {
  readonly number: number
  readonly writer: TableWriter
  readonly file: VfsFile
  readonly path: string
}

/** The tables that one flush or compaction writes, one after the other. */
export class OutputFiles {
  readonly #files: TableFiles
  readonly #level: number
  readonly #tables: Table[] = []
  #current: NewTable | undefined = undefined

  /** @param level - level of the tables, which decides their compression and their filters. */
  constructor(files: TableFiles, level: number) {
    this.#files = files
    this.#level = level
  }

  /** Creates the file of a table and returns its writer. @param buffer - memory for its output. */
  begin(buffer?: BufferPart): TableWriter {
    this.#current = this.#files.create(this.#level, buffer)
    return this.#current.writer
  }

  /** Ends the table begun last. Its file is not synced. */
  end(tombstones: readonly Tombstone[]): Table {
    const current = this.#current
    assert(current !== undefined, 'a table that ends was begun')
    const meta = current.writer.finish(tombstones)
    this.#current = undefined
    const table = this.#files.openWritten(meta, current.file)
    this.#tables.push(table)
    return table
  }

  /** Deletes all tables, of which no version contains any. */
  abandon(): void {
    const current = this.#current
    this.#current = undefined
    if (current !== undefined) this.#files.removeUnfinished(current)
    for (const table of this.#tables) this.#files.deleteUnneeded(table)
  }
}

/**
 * The files of the tables of one store: creates, opens and deletes them. Invariants:
 * - (L2) A file is deleted only when no version contains its table and the durable manifest does not name it.
 * - (L3) Numbers of files are never used again, those of unknown and unfinished files included.
 */
export class TableFiles {
  /** Number of the next file. */
  nextNumber: number
  readonly #vfs: Vfs
  readonly #directory: string
  readonly #storeId: Uint8Array
  readonly #blockBytes: number
  readonly #codecs: LevelCodecs
  readonly #cache: BlockCache<Block>
  /** The data keys of an encrypted store. */
  readonly keys: DataKeys | undefined
  /** Tables that the durable manifest names. */
  readonly #durable: Set<Table> = new Set()
  readonly #open: Set<Table> = new Set()
  /** Data keys of the files that are being written, by number. */
  readonly #begun: Map<number, number> = new Map()
  /** Number of the first file that this opening creates. */
  readonly #firstNumber: number
  #hasDirectory = false
  #mayDelete = true
  constructor(
    vfs: Vfs,
    directory: string,
    storeId: Uint8Array,
    blockBytes: number,
    codecs: LevelCodecs,
    cache: BlockCache<Block>,
    nextNumber: number,
    keys: DataKeys | undefined,
  ) {
    this.keys = keys
    this.#vfs = vfs
    this.#directory = directory
    this.#storeId = storeId
    this.#blockBytes = blockBytes
    this.#codecs = codecs
    this.#cache = cache
    this.nextNumber = nextNumber
    for (const name of this.#list()) {
      const number = tableNumberOf(name)
      if (number !== undefined && number >= this.nextNumber) this.nextNumber = number + 1
    }
    this.#firstNumber = this.nextNumber
  }

  /** Opens a table that the durable manifest names. Reads nothing. @throws {@link LdbError} LDB_CORRUPTION when it is missing; LDB_IO. */
  openDurable(meta: TableMeta): Table {
    try {
      const table = this.#openTable(meta, undefined)
      this.#durable.add(table)
      return table
    } catch (error) {
      if (!isMissingPath(error)) throw error
      const path = tablePath(this.#directory, meta.number)
      throw corruption(path, 0, 'a table that the manifest names is missing', { cause: error })
    }
  }

  /** Returns an output for one flush or compaction into a level. */
  newOutput(level: number): OutputFiles {
    return new OutputFiles(this, level)
  }

  /** Creates the directory of the store, unless it exists. */
  ensureDirectory(): void {
    if (this.#hasDirectory) return
    if (this.#vfs.status(this.#directory) === undefined) this.#vfs.makeDirectory(this.#directory)
    this.#hasDirectory = true
  }

  /** Creates the file of a table of a level. @param buffer - memory for its output. @internal */
  create(level: number, buffer?: BufferPart): NewTable {
    this.ensureDirectory()
    const number = this.nextNumber++
    const path = tablePath(this.#directory, number)
    const file = this.#vfs.open(path, 'createNew')
    if (this.keys !== undefined) this.#begun.set(number, this.keys.currentId)
    const settings = { number, level, storeId: this.#storeId, blockBytes: this.#blockBytes }
    const parameters = newTableParameters(settings, this.#codecs.at(level), this.#vfs.random, this.keys)
    return { number, writer: new TableWriter(file, parameters, buffer), file, path }
  }

  /** Opens a table that was written. @internal */
  openWritten(meta: TableMeta, file: VfsFile): Table {
    return this.#openTable(meta, new UnsyncedFile(this.#vfs, file))
  }

  /** Opens a table that was written, and is on the device. The durable manifest does not name it. */
  openSynced(meta: TableMeta): Table {
    return this.#openTable(meta, undefined)
  }

  /** Opens the tables that another thread has written. */
  openFinished(metas: readonly TableMeta[]): Table[] {
    return metas.map((meta) =>
      this.openWritten(meta, this.#vfs.open(tablePath(this.#directory, meta.number), 'write')),
    )
  }

  /** Reserves numbers for the files of another thread. Returns the first. */
  reserveNumbers(count: number): number {
    this.ensureDirectory()
    const first = this.nextNumber
    this.nextNumber += count
    return first
  }

  /** Deletes files of a job of another thread, of which no version contains any. */
  removeFilesOf(numbers: readonly number[]): void {
    if (!this.#mayDelete) return
    for (const number of numbers) this.#remove(tablePath(this.#directory, number))
  }

  /** Deletes the file of a table that was not finished. @internal */
  removeUnfinished({ number, file, path }: NewTable): void {
    this.#begun.delete(number)
    file.close()
    this.#remove(path)
  }

  /** Deletes the file of a table that was written, and not opened. */
  removeUnopened({ number }: TableMeta): void {
    this.#begun.delete(number)
    this.#remove(tablePath(this.#directory, number))
  }

  /**
   * Notes which tables the durable manifest names now. Returns those that it named before, whose files may be unneeded now: those with the
   * oldest entries first, so that what a crash leaves contains no entry without the delete that hides it.
   */
  noteDurable(tables: Iterable<Table>): Table[] {
    const named = new Set(tables)
    const replaced = [...this.#durable]
      .filter((table) => !named.has(table))
      .sort((a, b) => a.meta.maxStamp - b.meta.maxStamp)
    for (const table of named) this.#durable.add(table)
    for (const table of replaced) this.#durable.delete(table)
    return replaced
  }

  /** Deletes no file from now on: after a failed write, the manifest on the device may name more tables than is known. */
  stopDeleting(): void {
    this.#mayDelete = false
  }

  /** Deletes the file of a table that no version contains and that the durable manifest does not name. */
  deleteUnneeded(table: Table): void {
    if (!this.#mayDelete || table.isReferenced || this.#durable.has(table) || !this.#open.delete(table))
      return
    table.unsynced?.close()
    table.unsynced = undefined
    table.reader.close()
    this.#remove(table.reader.path)
  }

  /** Deletes the files that a crash has left: tables that the durable manifest does not name, and an unfinished manifest. */
  removeLeftovers(): void {
    const needed = new Set([...this.#open].map(({ meta }) => meta.number))
    for (const name of this.#list()) {
      const number = tableNumberOf(name)
      if (
        name === NEW_MANIFEST_NAME ||
        (number !== undefined && number < this.#firstNumber && !needed.has(number))
      ) {
        this.#remove(`${this.#directory}/${name}`)
      }
    }
  }

  /** The tables of all versions that are still read, and of the durable manifest. */
  get opened(): Iterable<Table> {
    return this.#open
  }

  /** Data keys of the files that this thread is writing. */
  get begunKeyIds(): Iterable<number> {
    return this.#begun.values()
  }

  /** Closes all files. */
  close(): void {
    for (const table of this.#open) {
      table.unsynced?.close()
      table.reader.close()
    }
  }

  #openTable(meta: TableMeta, unsynced: UnsyncedFile | undefined): Table {
    const { known } = this.#codecs
    const unneeded = (table: Table): void => this.deleteUnneeded(table)
    const [vfs, directory, cache] = [this.#vfs, this.#directory, this.#cache]
    const table = new Table(vfs, directory, meta, cache, known, unsynced, unneeded, this.keys)
    this.#begun.delete(meta.number)
    this.#open.add(table)
    return table
  }

  /** Returns the names in the directory of the store; none when it is absent. */
  #list(): string[] {
    try {
      return this.#vfs.list(this.#directory)
    } catch (error) {
      if (!isMissingPath(error)) throw error
      return []
    }
  }

  /** A file that cannot be deleted now is deleted after the next open. */
  #remove(path: string): void {
    try {
      this.#vfs.remove(path)
    } catch (error) {
      if (!isLdbError(error)) throw error
    }
  }
}
