import { createHash } from 'node:crypto'
import type { CopiedDatabase } from './backup/series.js'
import { decodeText, hexOf } from './bytes/byte-view.js'
import type { DatabaseContent, KeyspaceContent } from './database/database.js'
import type { DatabaseEntry } from './database/replay.js'
import { readBatch } from './database/batch.js'
import type { DataKeys } from './encryption/data-keys.js'
import { describeStructured } from './database/structured-value.js'
import { readTuple } from './database/tuple-key.js'
import type { Log } from './log/log.js'
import type { LsmStore } from './lsm/store.js'
import type { Tree } from './tree/tree.js'

/** Returns the numbers of a log, as `expected.json` lists them. */
export function describeLog(log: Log): object {
  const records: Record<string, number> = {}
  for (const { type } of log.records) records[type] = (records[type] ?? 0) + 1
  return {
    segments: log.segments.map(({ segmentNumber, baseLsn, seal }) => ({
      segmentNumber,
      baseLsn,
      seal: typeof seal === 'string' ? seal : seal.kind,
    })),
    isClosed: log.isClosed,
    startLsn: log.startLsn,
    syncedLsn: log.syncedLsn,
    endLsn: log.endLsn,
    lastSeq: log.lastSeq,
    chainHash: log.chainHash.toString(16).padStart(16, '0'),
    records,
  }
}

/** Returns the numbers of an LSM tree, as `expected.json` lists them. */
export function describeStore(store: LsmStore): object {
  const { storeId, durableSeq, stamp, nextNumber, recordCount, tables, entries } = store
  return {
    storeId,
    durableSeq,
    stamp,
    nextNumber,
    recordCount,
    tables: tables.map(({ number, level, codec, fileBytes, content: { properties } }) => ({
      number,
      level,
      codec,
      fileBytes,
      ...properties,
    })),
    entries: entries.length,
    content: createHash('sha256')
      .update(entries.map(([key, value]) => `${hexOf(key)}=${hexOf(value)}\n`).join(''))
      .digest('hex'),
  }
}

/** Returns the numbers of a tree, as `expected.json` lists them. */
export function describeTree({ meta, validMetaBlocks, pages }: Tree): object {
  return {
    fileId: meta.fileId,
    pageBytes: meta.pageBytes,
    checkpoint: meta.checkpoint,
    durableSeq: meta.durableSeq,
    validMetaBlocks,
    depth: meta.rootLevel + 1,
    entries: meta.entryCount,
    extents: meta.extentCount,
    ...(meta.hasEncodedValues ? { hasEncodedValues: true } : {}),
    ...(meta.dictionaries === undefined ? {} : { hasDictionaries: true }),
    pages,
  }
}

/**
 * Returns the numbers of a database, as `expected.json` lists them.
 *
 * @param times - milliseconds since 1970 at which the entries that have not expired are counted.
 */
export function describeDatabase(
  { catalog, log, seq, keyspaces, keys }: DatabaseContent,
  times: readonly number[],
): object {
  const operations: Record<string, number> = {}
  for (const record of log.records) {
    if (record.type !== 1 && record.type !== 6) continue
    for (const section of readBatch(record.payload)) {
      for (const { kind } of section.operations) operations[kind] = (operations[kind] ?? 0) + 1
    }
  }
  const { databaseId, generation, nextKeyspaceId, pageBytes } = catalog
  return {
    databaseId,
    generation,
    nextKeyspaceId,
    pageBytes,
    ...(keys === undefined ? {} : { keys: describeKeys(keys) }),
    seq,
    log: describeLog(log),
    operations,
    keyspaces: keyspaces.map((content) => describeKeyspace(content, times)),
  }
}

/** Returns the numbers of a database in a backup, as `expected-encrypted.json` lists them. */
export function describeCopy(
  { manifest, seq, keyspaces, keys }: CopiedDatabase,
  times: readonly number[],
): object {
  return {
    number: manifest.number,
    seq,
    ...(keys === undefined ? {} : { keys: describeKeys(keys) }),
    keyspaces: keyspaces.map((content) => describeKeyspace(content, times)),
  }
}

function describeKeys({ generation, ids, currentId, usedIds }: DataKeys): object {
  return { generation, ids, currentId, usedIds: [...usedIds].sort((left, right) => left - right) }
}

function describeKeyspace({ keyspace, store, entries }: KeyspaceContent, times: readonly number[]): object {
  const {
    keyspaceId,
    name,
    keyEncoding,
    valueEncoding,
    mayExpire,
    hasBlobs,
    hasDictionary,
    compression,
    createdSeq,
    ttlMs,
    engine,
  } = keyspace
  const hash = createHash('sha256')
  for (const { key, value } of entries) {
    hash.update(
      `${describeValue(decodeKey(key, keyEncoding))} ${describeValue(decodeValue(value, valueEncoding))}\n`,
    )
  }
  return {
    keyspaceId,
    name,
    keyEncoding,
    valueEncoding,
    mayExpire,
    ...(hasBlobs ? { hasBlobs } : {}),
    ...(hasDictionary ? { hasDictionary } : {}),
    ...(compression === 0 ? {} : { compression }),
    createdSeq,
    ttlMs,
    ...(engine === 'btree' ? {} : { engine }),
    ...(store?.tree === undefined ? {} : { tree: describeTree(store.tree) }),
    ...(store?.lsm === undefined ? {} : { store: describeStore(store.lsm) }),
    entriesAt: Object.fromEntries(
      times.map((time) => [time, entries.filter((entry) => isPresent(entry, time)).length]),
    ),
    sha256: hash.digest('hex'),
  }
}

function isPresent({ expiresAt }: DatabaseEntry, time: number): boolean {
  return expiresAt === 0 || time < expiresAt
}

function decodeKey(key: Uint8Array, encoding: string): unknown {
  if (encoding === 'tuple') return readTuple(key)
  return encoding === 'utf8' ? decodeText(key) : key
}

function decodeValue(value: Uint8Array, encoding: string): unknown {
  if (encoding === 'json') return JSON.parse(decodeText(value))
  if (encoding === 'structured') return describeStructured(value)
  return encoding === 'utf8' ? decodeText(value) : value
}

/** Returns a text that differs for different values. */
function describeValue(value: unknown): string {
  if (Object.is(value, -0)) return '-0'
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'string') return JSON.stringify(value)
  if (value instanceof Date) return `date ${value.getTime()}`
  if (value instanceof Uint8Array) return `bytes ${hexOf(value)}`
  if (Array.isArray(value)) return `[${value.map(describeValue).join(',')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  const fields = Object.entries(value).map(
    ([name, field]) => `${JSON.stringify(name)}:${describeValue(field)}`,
  )
  return `{${fields.join(',')}}`
}
