import { encodeUtf8, invalidArgument, isAsyncIterable, assertIterable } from '@ldb/base'
import type { WriteBatch } from '@ldb/base'
import type { Database } from './database.js'
import type { KeyspaceOptions } from './keyspace/options.js'
import type { KeyspaceStore } from './keyspace/store.js'
import { decodeBase64 } from './lines/base64.js'
import { LINES_FORMAT } from './export-lines.js'

/** Entries, and bytes of entries, of one commit. */
const BATCH_ENTRIES = 1000
const BATCH_BYTES = 1_048_576

/** An import that was made. @category Backup */
export interface ImportReport {
  /** Entries that were written. */
  readonly entryCount: number
  /** Entries that had expired. */
  readonly expiredCount: number
}

/**
 * Writes the entries of {@link exportLines} to a database, in commits of up to 1,000, and creates the keyspaces that it lacks.
 *
 * @param source - text in parts of any length: lines, a `Readable` of Node with an encoding, a stream of strings.
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT, with the number of the line, for text that is not such an export: what came before is written;
 * LDB_EXISTS when a keyspace has other options; the errors of writes, and what the source throws.
 * @category Backup
 */
export async function importLines(
  database: Database,
  source: Iterable<string> | AsyncIterable<string>,
): Promise<ImportReport> {
  const run = new Import(database)
  if (typeof source !== 'string' && isAsyncIterable(source)) for await (const part of source) run.add(part)
  else {
    assertIterable('the source of an import', source)
    for (const part of source) run.add(part)
  }
  return run.end()
}

/** The import of one text. */
class Import {
  readonly #database: Database
  readonly #stores = new Map<string, KeyspaceStore>()
  #pending = ''
  #lineNumber = 0
  #entryCount = 0
  #expiredCount = 0
  #batchCount = 0
  #batchBytes = 0
  #batch: WriteBatch | undefined = undefined

  constructor(database: Database) {
    this.#database = database
  }

  add(part: unknown): void {
    if (typeof part !== 'string') throw invalidArgument('the source of an import must consist of strings')
    const lines = (this.#pending + part).split('\n')
    this.#pending = lines.pop() ?? ''
    for (const text of lines) this.#addLine(text)
  }

  end(): ImportReport {
    if (this.#pending !== '') this.#addLine(this.#pending)
    if (this.#lineNumber === 0) throw this.#fault('it has no first line')
    this.#commit()
    this.#database.sync()
    return { entryCount: this.#entryCount, expiredCount: this.#expiredCount }
  }

  #addLine(text: string): void {
    this.#lineNumber++
    let content: unknown
    try {
      content = JSON.parse(text)
    } catch {
      throw this.#fault('it is not JSON')
    }
    if (typeof content !== 'object' || content === null) throw this.#fault('it is not an object')
    const fields = new Map<string, unknown>(Object.entries(content))
    if (this.#lineNumber === 1) {
      if (fields.get('ldb') !== LINES_FORMAT)
        throw this.#fault(`the first line does not say "ldb":${LINES_FORMAT}`)
      return
    }
    const name = fields.get('keyspace')
    if (typeof name !== 'string') throw this.#fault('it names no keyspace')
    if (fields.has('engine')) this.#openKeyspace(name, fields)
    else this.#put(name, fields)
  }

  #openKeyspace(name: string, fields: ReadonlyMap<string, unknown>): void {
    const options = Object.fromEntries(
      ['keys', 'values', 'ttlMs', ...(name === 'default' ? [] : ['engine', 'compression', 'dictionary'])]
        .filter((each) => fields.has(each))
        .map((each) => [each, fields.get(each)]),
    )
    const keyspace = this.#database.keyspace(name, options as KeyspaceOptions)
    this.#stores.set(name, keyspace.source.keyspace)
  }

  #put(name: string, fields: ReadonlyMap<string, unknown>): void {
    const store = this.#stores.get(name)
    if (store === undefined) throw this.#fault('no line before it has the options of the keyspace')
    const key = this.#bytesOf('key', fields, store.descriptor.keys)
    const value = this.#bytesOf('value', fields, store.descriptor.values)
    const expiresAt = fields.get('expiresAt')
    if (expiresAt !== undefined && !Number.isSafeInteger(expiresAt))
      throw this.#fault('expiresAt is not a time')
    const ttlMs = expiresAt === undefined ? Infinity : (expiresAt as number) - store.nowMs
    if (ttlMs <= 0) {
      this.#expiredCount++
      return
    }
    const { pipeline } = this.#database
    this.#batch ??= pipeline.takeBatch()
    this.#batch.put(store.descriptor.id, key, store.encodeExpiry(value, ttlMs), key.length)
    this.#entryCount++
    this.#batchBytes += key.length + value.length
    if (++this.#batchCount >= BATCH_ENTRIES || this.#batchBytes >= BATCH_BYTES) this.#commit()
  }

  #commit(): void {
    const batch = this.#batch
    if (batch === undefined) return
    const { pipeline } = this.#database
    this.#batch = undefined
    this.#batchCount = 0
    this.#batchBytes = 0
    try {
      pipeline.assertWritable()
      pipeline.commit(batch, 'none')
    } finally {
      pipeline.releaseBatch(batch)
    }
  }

  #bytesOf(name: 'key' | 'value', fields: ReadonlyMap<string, unknown>, encoding: string): Uint8Array {
    const base64 = fields.get(`${name}64`)
    const content = fields.get(name)
    if (typeof base64 === 'string' && content === undefined) {
      const bytes = decodeBase64(base64)
      if (bytes !== undefined) return bytes
    } else if (encoding === 'json' && content !== undefined) return encodeUtf8(JSON.stringify(content))
    else if (typeof content === 'string' && encoding === 'utf8') return encodeUtf8(content)
    throw this.#fault(`it has no ${name} of encoding ${encoding}`)
  }

  #fault(reason: string): Error {
    return invalidArgument(`line ${this.#lineNumber} cannot be imported: ${reason}`, {
      actual: this.#lineNumber,
    })
  }
}
