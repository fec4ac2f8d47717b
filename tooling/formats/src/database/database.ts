// A whole database directory: FORMAT.md of packages/core, "Reading a database".
import { compareBytes, hexOf } from '../bytes/byte-view.js'
import { readBlobFile } from '../blob/blob-file.js'
import type { BlobFile } from '../blob/blob-file.js'
import { FormatError, requireSound } from '../bytes/format-error.js'
import { readLog } from '../log/log.js'
import type { Log } from '../log/log.js'
import type { LogRecord } from '../log/record.js'
import { readMetaBlocks } from '../tree/meta.js'
import type { Entry } from '../tree/page.js'
import { readTree } from '../tree/tree.js'
import type { Tree } from '../tree/tree.js'
import { readBatch } from './batch.js'
import type { Operation } from './batch.js'
import { readCatalog } from './catalog.js'
import type { Catalog, Keyspace } from './catalog.js'
import { isReferring, readValue } from './value-header.js'
import { History } from './history.js'
import { readCatalogRecord, readCheckpointRecord } from './log-payloads.js'

/** An entry of a keyspace, without its value header. */
export interface DatabaseEntry extends Entry {
  /** Milliseconds since 1970 from which on the entry is absent; 0 for never. */
  readonly expiresAt: number
}

/** A keyspace with its tree, and its entries after the replay of the log. */
export interface KeyspaceContent {
  readonly keyspace: Keyspace
  /** `undefined` when the log contains every commit of the keyspace. */
  readonly tree: Tree | undefined
  readonly entries: readonly DatabaseEntry[]
}

/** What a database directory contains. */
export interface DatabaseContent {
  readonly catalog: Catalog
  readonly log: Log
  /** Number of the newest commit. */
  readonly seq: number
  readonly keyspaces: readonly KeyspaceContent[]
}

/** Reads a database. Keys of `files` are paths from its directory, with `/`. */
export function readDatabase(files: ReadonlyMap<string, Uint8Array>): DatabaseContent {
  const catalog = readCatalog(fileAt(files, 'CATALOG'))
  const logFiles = [...files].filter(([path]) => path.startsWith('wal/'))
  const blobs = new BlobDirectory(files)
  const log = readLog(
    new Map(logFiles.map(([path, bytes]) => [path.slice('wal/'.length), bytes])),
    (payload) => hasValues(payload, blobs),
  )
  const isOwned = log.segments.every((segment) => segment.ownerId === catalog.databaseId)
  requireSound(isOwned, 'the log belongs to another database')
  const history = new History(log)
  const trees = new Map<number, Tree>()
  for (const { keyspaceId, fileId } of catalog.keyspaces) {
    const tree = readTreeOf(files, keyspaceId, history.containsAllOf(keyspaceId))
    if (tree === undefined) continue
    requireSound(tree.meta.fileId === fileId, `the tree of keyspace ${keyspaceId} is another file`)
    requireSound(tree.meta.pageBytes === catalog.pageBytes, `page size of keyspace ${keyspaceId}`)
    trees.set(keyspaceId, tree)
  }
  const replay = new Replay(catalog, trees, blobs)
  for (const record of log.records) replay.apply(record)
  history.checkCatalog(catalog)
  for (const [keyspaceId, { meta }] of trees) history.checkTree(keyspaceId, meta)
  const seq = replay.finish()
  const keyspaces = catalog.keyspaces.map((keyspace) => {
    const tree = trees.get(keyspace.keyspaceId)
    return { keyspace, tree, entries: replay.entriesOf(keyspace) }
  })
  return { catalog, log, seq, keyspaces }
}

/**
 * Reads the tree of a keyspace.
 *
 * @param isOptional - the log contains every commit of the keyspace: a file without a whole checkpoint of a commit counts as absent.
 */
function readTreeOf(
  files: ReadonlyMap<string, Uint8Array>,
  keyspaceId: number,
  isOptional: boolean,
): Tree | undefined {
  const path = `keyspaces/${keyspaceId}/tree.ldb`
  if (!isOptional) return readTree(fileAt(files, path))
  const bytes = files.get(path)
  if (bytes === undefined) return undefined
  try {
    const [newest] = readMetaBlocks(bytes)
    if (newest.durableSeq === 0) return undefined
  } catch (error) {
    if (error instanceof FormatError && error.code === 'LDB_CORRUPTION') return undefined
    throw error
  }
  return readTree(bytes)
}

function fileAt(files: ReadonlyMap<string, Uint8Array>, path: string): Uint8Array {
  const bytes = files.get(path)
  requireSound(bytes !== undefined, `${path} is missing`)
  return bytes
}

/** The blob files of a database, each read at its first use. */
class BlobDirectory {
  readonly #files: ReadonlyMap<string, Uint8Array>
  readonly #read = new Map<number, BlobFile>()

  constructor(files: ReadonlyMap<string, Uint8Array>) {
    this.#files = files
  }

  get(number: number): BlobFile {
    const file = this.#read.get(number) ?? readBlobFile(fileAt(this.#files, `blobs/${number}.blob`), number)
    this.#read.set(number, file)
    return file
  }
}

/** Reports whether all blobs that a commit names are intact. */
function hasValues(payload: Uint8Array, blobs: BlobDirectory): boolean {
  try {
    for (const { operations } of readBatch(payload)) {
      for (const { kind, second } of operations) {
        if (kind === 'put' && isReferring(second)) readValue(second, blobs)
      }
    }
    return true
  } catch (error) {
    if (error instanceof FormatError && error.code === 'LDB_CORRUPTION') return false
    throw error
  }
}

/** Applies the commits in the log that the trees do not contain. */
class Replay {
  readonly #catalog: Catalog
  readonly #trees: ReadonlyMap<number, Tree>
  readonly #contents: ReadonlyMap<number, Map<string, Entry>>
  #firstCommit: number | undefined
  #lastCommit: number | undefined
  #checkpointSeq: number | undefined

  readonly #blobs: BlobDirectory

  constructor(catalog: Catalog, trees: ReadonlyMap<number, Tree>, blobs: BlobDirectory) {
    this.#blobs = blobs
    this.#catalog = catalog
    this.#trees = trees
    this.#contents = new Map(
      catalog.keyspaces.map(({ keyspaceId }) => [
        keyspaceId,
        new Map((trees.get(keyspaceId)?.entries ?? []).map((entry) => [hexOf(entry.key), entry])),
      ]),
    )
  }

  apply(record: LogRecord): void {
    if (record.type === 0) this.#noteLoad(record)
    else if (record.type === 1 || record.type === 6) this.#applyCommit(record)
    else if (record.type === 2) this.#checkCheckpoint(record)
    else if (record.type === 3) this.#checkCatalog(readCatalogRecord(record.payload).generation)
    else requireSound(record.type >= 4, `a record of type ${record.type} in the log of a database`)
  }

  /** Checks that nothing is missing. Returns the number of the newest commit. */
  finish(): number {
    const checkpointSeq = this.#checkpointSeq ?? 0
    const seq = Math.max(this.#lastCommit ?? 0, checkpointSeq)
    requireSound(
      this.#checkpointSeq !== undefined || this.#firstCommit === 1,
      'the beginning of the log is lost',
    )
    requireSound((this.#firstCommit ?? 0) <= checkpointSeq + 1, 'commits after the checkpoint are lost')
    requireSound(seq >= this.#catalog.seq, 'the log ends before a commit that the catalog names')
    for (const { meta } of this.#trees.values()) {
      requireSound(meta.durableSeq <= seq, 'the log ends before a checkpoint')
    }
    return seq
  }

  entriesOf({ keyspaceId, mayExpire, hasBlobs }: Keyspace): DatabaseEntry[] {
    const hasHeaders = mayExpire || hasBlobs
    return [...(this.#contents.get(keyspaceId)?.values() ?? [])]
      .sort((left, right) => compareBytes(left.key, right.key))
      .map(({ key, value }) => ({
        key,
        ...(hasHeaders ? readValue(value, this.#blobs) : { value, expiresAt: 0 }),
      }))
  }

  #noteCommit({ seq }: LogRecord): void {
    requireSound(seq === (this.#lastCommit ?? seq - 1) + 1, `commit ${seq} does not follow its predecessor`)
    this.#firstCommit ??= seq
    this.#lastCommit = seq
  }

  /** A load has no entries in the log: its batch is one range delete that deletes nothing. */
  #noteLoad(record: LogRecord): void {
    this.#noteCommit(record)
    const operations = readBatch(record.payload).flatMap((section) => section.operations)
    requireSound(operations.length === 1, 'the record of a load names one range')
  }

  #applyCommit(record: LogRecord): void {
    const { seq, payload } = record
    this.#noteCommit(record)
    for (const { keyspaceId, operations } of readBatch(payload)) {
      const tree = this.#treeOf(keyspaceId)
      const keyspace = this.#catalog.keyspaces.find((each) => each.keyspaceId === keyspaceId)
      if (keyspace === undefined) continue
      requireSound(seq > keyspace.createdSeq, `commit ${seq} is older than its keyspace`)
      if (seq <= (tree?.meta.durableSeq ?? 0)) continue
      for (const operation of operations) applyOperation(this.#contents.get(keyspaceId), operation)
    }
  }

  #checkCheckpoint({ payload }: LogRecord): void {
    const record = readCheckpointRecord(payload)
    requireSound(record.seq <= (this.#lastCommit ?? record.seq), 'a checkpoint record names a later commit')
    this.#checkCatalog(record.catalog.generation)
    for (const [keyspaceId, { durableSeq }] of record.stores) {
      const tree = this.#treeOf(keyspaceId)
      const isThere = tree === undefined || tree.meta.durableSeq >= durableSeq
      requireSound(isThere, `keyspace ${keyspaceId} has lost its newest checkpoint`)
    }
    this.#checkpointSeq = record.seq
  }

  #checkCatalog(generation: number): void {
    requireSound(this.#catalog.generation >= generation, 'the catalog is older than the log')
  }

  /** Returns the tree of a keyspace; `undefined` when the keyspace was dropped, or has no file yet. */
  #treeOf(keyspaceId: number): Tree | undefined {
    const wasAssigned = keyspaceId > 0 && keyspaceId < this.#catalog.nextKeyspaceId
    requireSound(wasAssigned, `keyspace ${keyspaceId} never existed`)
    return this.#trees.get(keyspaceId)
  }
}

function applyOperation(content: Map<string, Entry> | undefined, operation: Operation): void {
  if (content === undefined) return
  const { kind, key, second } = operation
  switch (kind) {
    case 'put':
      content.set(hexOf(key), { key, value: second })
      return
    case 'delete':
    case 'expire':
      content.delete(hexOf(key))
      return
    case 'deleteRange':
    case 'deleteFrom':
      for (const [name, entry] of content) {
        const isAbove = compareBytes(entry.key, key) >= 0
        if (isAbove && (kind === 'deleteFrom' || compareBytes(entry.key, second) < 0)) content.delete(name)
      }
  }
}
