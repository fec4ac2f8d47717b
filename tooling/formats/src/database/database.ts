// A whole database directory: FORMAT.md of packages/core, "Reading a database".
import { FormatError, requireSound } from '../bytes/format-error.js'
import type { DataKeys } from '../encryption/data-keys.js'
import { readKeyFile } from '../encryption/key-file.js'
import type { Secret } from '../encryption/key-file.js'
import { readLog } from '../log/log.js'
import type { Log } from '../log/log.js'
import { readBatch } from './batch.js'
import { readCatalog } from './catalog.js'
import type { Catalog, Keyspace } from './catalog.js'
import { History } from './history.js'
import { BlobDirectory, Replay } from './replay.js'
import type { DatabaseEntry } from './replay.js'
import { fileAt, filesBelow, readStoreOf } from './stores.js'
import type { Files, StoreContent } from './stores.js'
import { isReferring, readValue } from './value-header.js'

/** A keyspace with its newest checkpoint, and its entries after the replay of the log. */
export interface KeyspaceContent {
  readonly keyspace: Keyspace
  /** `undefined` when the log contains every commit of the keyspace. */
  readonly store: StoreContent | undefined
  readonly entries: readonly DatabaseEntry[]
}

/** What a database directory contains. */
export interface DatabaseContent {
  readonly catalog: Catalog
  readonly log: Log
  /** Number of the newest commit. */
  readonly seq: number
  readonly keyspaces: readonly KeyspaceContent[]
  /** `undefined` when the database is not encrypted. */
  readonly keys: DataKeys | undefined
}

/**
 * Reads a database. Keys of `files` are paths from its directory, with `/`.
 *
 * @param secret - key or passphrase of an encrypted database.
 */
export function readDatabase(files: Files, secret?: Secret): DatabaseContent {
  const keys = secret && readKeyFile(fileAt(files, 'KEYS'), secret)
  const catalog = readCatalog(fileAt(files, 'CATALOG'), keys)
  const blobs = new BlobDirectory(files, keys)
  const log = readLog(filesBelow(files, 'wal/'), (payload) => hasValues(payload, blobs), keys)
  const isOwned = log.segments.every((segment) => segment.ownerId === catalog.databaseId)
  requireSound(isOwned, 'the log belongs to another database')
  const history = new History(log)
  const stores = new Map<number, StoreContent>()
  for (const keyspace of catalog.keyspaces) {
    const { keyspaceId } = keyspace
    const store = readStoreOf(files, keyspace, catalog, keys, history.containsAllOf(keyspaceId))
    if (store !== undefined) stores.set(keyspaceId, store)
  }
  const replay = new Replay(catalog, stores, blobs)
  for (const record of log.records) replay.apply(record)
  history.checkCatalog(catalog)
  for (const [keyspaceId, store] of stores) history.checkStore(keyspaceId, store)
  const seq = replay.finish()
  const keyspaces = catalog.keyspaces.map((keyspace) => {
    const store = stores.get(keyspace.keyspaceId)
    return { keyspace, store, entries: replay.entriesOf(keyspace) }
  })
  return { catalog, log, seq, keyspaces, keys }
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
