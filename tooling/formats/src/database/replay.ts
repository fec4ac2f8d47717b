// What the commits of a log make of the checkpoints: FORMAT.md of packages/core, "Reading a database".
import { compareBytes, hexOf } from '../bytes/byte-view.js'
import { readBlobFile } from '../blob/blob-file.js'
import type { BlobFile } from '../blob/blob-file.js'
import { requireSound } from '../bytes/format-error.js'
import type { DataKeys } from '../encryption/data-keys.js'
import type { LogRecord } from '../log/record.js'
import type { Entry } from '../tree/page.js'
import { readBatch } from './batch.js'
import type { Operation } from './batch.js'
import type { Catalog, Keyspace } from './catalog.js'
import { readCatalogRecord, readCheckpointRecord, readKeyspaceChange } from './log-payloads.js'
import { fileAt } from './stores.js'
import type { Files, StoreContent } from './stores.js'
import { readValue } from './value-header.js'

/** An entry of a keyspace, without its value header. */
export interface DatabaseEntry extends Entry {
  /** Milliseconds since 1970 from which on the entry is absent; 0 for never. */
  readonly expiresAt: number
}

/** A commit or another record. */
export type AppliedRecord = Pick<LogRecord, 'type' | 'seq' | 'payload'>

/** The blob files of a database, each read at its first use. */
export class BlobDirectory {
  readonly #files: Files
  readonly #keys: DataKeys | undefined
  readonly #read = new Map<number, BlobFile>()

  constructor(files: Files, keys: DataKeys | undefined) {
    this.#files = files
    this.#keys = keys
  }

  get(number: number): BlobFile {
    const known = this.#read.get(number)
    if (known !== undefined) return known
    const file = readBlobFile(fileAt(this.#files, `blobs/${number}.blob`), number, this.#keys)
    this.#read.set(number, file)
    return file
  }
}

/** Applies the commits that the stores do not contain. */
export class Replay {
  readonly #catalog: Catalog
  readonly #stores: ReadonlyMap<number, StoreContent>
  readonly #contents: ReadonlyMap<number, Map<string, Entry>>
  #firstCommit: number | undefined
  #lastCommit: number | undefined
  #checkpointSeq: number | undefined

  readonly #blobs: BlobDirectory

  /** @param sinceSeq - the commits begin with the next one; `undefined` when the records say so. */
  constructor(
    catalog: Catalog,
    stores: ReadonlyMap<number, StoreContent>,
    blobs: BlobDirectory,
    sinceSeq?: number,
  ) {
    this.#checkpointSeq = sinceSeq
    this.#blobs = blobs
    this.#catalog = catalog
    this.#stores = stores
    this.#contents = new Map(
      catalog.keyspaces.map(({ keyspaceId }) => [
        keyspaceId,
        new Map((stores.get(keyspaceId)?.entries ?? []).map((entry) => [hexOf(entry.key), entry])),
      ]),
    )
  }

  apply(record: AppliedRecord): void {
    if (record.type === 0) this.#noteLoad(record)
    else if (record.type === 1 || record.type === 6) this.#applyCommit(record)
    else if (record.type === 2) this.#checkCheckpoint(record)
    else if (record.type === 3) this.#checkCatalog(readCatalogRecord(record.payload).generation)
    else if (record.type === 7) this.#noteKeyspaceChange(record)
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
    // Of a crash before the record of the change of a keyspace, only the catalog knows.
    const required = this.#catalog.change === undefined ? this.#catalog.seq : this.#catalog.seq - 1
    requireSound(seq >= required, 'the log ends before a commit that the catalog names')
    for (const { durableSeq } of this.#stores.values()) {
      requireSound(durableSeq <= seq, 'the log ends before a checkpoint')
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

  #noteCommit({ seq }: AppliedRecord): void {
    requireSound(seq === (this.#lastCommit ?? seq - 1) + 1, `commit ${seq} does not follow its predecessor`)
    this.#firstCommit ??= seq
    this.#lastCommit = seq
  }

  /** A load has no entries in the log: its batch is one range delete that deletes nothing. */
  #noteLoad(record: AppliedRecord): void {
    this.#noteCommit(record)
    const operations = readBatch(record.payload).flatMap((section) => section.operations)
    requireSound(operations.length === 1, 'the record of a load names one range')
  }

  /** The catalog has the result of the change already. */
  #noteKeyspaceChange(record: AppliedRecord): void {
    this.#noteCommit(record)
    const { kind, keyspaceId, name } = readKeyspaceChange(record.payload)
    this.#storeOf(keyspaceId)
    const keyspace = this.#catalog.keyspaces.find((each) => each.keyspaceId === keyspaceId)
    if (keyspace === undefined) return
    requireSound(kind === 'created' && name === keyspace.name, `commit ${record.seq} contradicts the catalog`)
    requireSound(
      keyspace.createdSeq === record.seq,
      `commit ${record.seq} did not create keyspace ${keyspaceId}`,
    )
  }

  #applyCommit(record: AppliedRecord): void {
    const { seq, payload } = record
    this.#noteCommit(record)
    for (const { keyspaceId, operations } of readBatch(payload)) {
      const store = this.#storeOf(keyspaceId)
      const keyspace = this.#catalog.keyspaces.find((each) => each.keyspaceId === keyspaceId)
      if (keyspace === undefined) continue
      requireSound(seq > keyspace.createdSeq, `commit ${seq} is older than its keyspace`)
      if (seq <= (store?.durableSeq ?? 0)) continue
      for (const operation of operations) applyOperation(this.#contents.get(keyspaceId), operation)
    }
  }

  #checkCheckpoint({ payload }: AppliedRecord): void {
    const record = readCheckpointRecord(payload)
    requireSound(record.seq <= (this.#lastCommit ?? record.seq), 'a checkpoint record names a later commit')
    this.#checkCatalog(record.catalog.generation)
    for (const [keyspaceId, { durableSeq }] of record.stores) {
      const store = this.#storeOf(keyspaceId)
      const isThere = store === undefined || store.durableSeq >= durableSeq
      requireSound(isThere, `keyspace ${keyspaceId} has lost its newest checkpoint`)
    }
    this.#checkpointSeq = record.seq
  }

  #checkCatalog(generation: number): void {
    requireSound(this.#catalog.generation >= generation, 'the catalog is older than the log')
  }

  /** Returns the store of a keyspace; `undefined` when the keyspace was dropped, or has no file yet. */
  #storeOf(keyspaceId: number): StoreContent | undefined {
    const wasAssigned = keyspaceId > 0 && keyspaceId < this.#catalog.nextKeyspaceId
    requireSound(wasAssigned, `keyspace ${keyspaceId} never existed`)
    return this.#stores.get(keyspaceId)
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
