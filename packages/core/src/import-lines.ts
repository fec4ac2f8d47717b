import { assertIterable, encodeUtf8, invalidArgument, isAsyncIterable, ownOptions } from '@ldb/base'
import type { Database } from './database.js'
import { checkSignal, throwIfAborted } from './health/abort-signal.js'
import type { AbortSignalLike } from './health/abort-signal.js'
import type { KeyspaceOptions } from './keyspace/options.js'
import type { KeyspaceStore } from './keyspace/store.js'
import { decodeBase64 } from './lines/base64.js'
import { LINES_FORMAT } from './export-lines.js'
import type { Batch } from './write/batch.js'
import type { Keyspace } from './write/keyspace.js'

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

/** How far an import has come. @category Backup */
export interface ImportProgress {
  /** Lines that were read, the skipped ones included. */
  readonly lineCount: number
  /** Entries that were written. */
  readonly entryCount: number
}

/** Options of {@link importLines}. @category Backup */
export interface ImportOptions {
  /**
   * Lines that an import of the same text has written before: they are read for the options of keyspaces, and their entries are not written.
   *
   * @defaultValue 0
   */
  readonly skipLines?: number | undefined
  /**
   * Called before each commit; synchronous. What it adds to the batch is committed with the entries, atomically: `lineCount`, to go on from
   * by `skipLines` after a crash. It must not commit the batch. An error that it throws ends the import.
   */
  readonly beforeCommit?: ((batch: Batch<string, string>, progress: ImportProgress) => void) | undefined
  /** An `AbortSignal`, which ends the import with `LDB_ABORTED` between two commits: what came before is written. */
  readonly signal?: AbortSignalLike | undefined
}

/**
 * Writes the entries of {@link exportLines} to a database, in commits of up to 1,000, and creates the keyspaces that it lacks.
 *
 * @param source - text in parts of any length: lines, a `Readable` of Node with an encoding, a stream of strings.
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT, with the number of the line, for text that is not such an export: what came before is written;
 * LDB_EXISTS when a keyspace has other options; LDB_ABORTED; the errors of writes, and what the source throws.
 * @category Backup
 */
export async function importLines(
  database: Database,
  source: Iterable<string> | AsyncIterable<string>,
  options?: ImportOptions,
): Promise<ImportReport> {
  const run = new Import(database, resolveOptions(options))
  if (typeof source !== 'string' && isAsyncIterable(source)) for await (const part of source) run.add(part)
  else {
    assertIterable('the source of an import', source)
    for (const part of source) run.add(part)
  }
  return run.end()
}

type ResolvedOptions = Omit<ImportOptions, 'skipLines'> & { readonly skipLines: number }

function resolveOptions(options: ImportOptions | undefined): ResolvedOptions {
  const { skipLines = 0, beforeCommit, signal } = ownOptions(options, ['skipLines', 'beforeCommit', 'signal'])
  if (typeof skipLines !== 'number' || !Number.isSafeInteger(skipLines) || skipLines < 0)
    throw invalidArgument('skipLines must be a whole number')
  if (beforeCommit !== undefined && typeof beforeCommit !== 'function')
    throw invalidArgument('beforeCommit must be a function')
  return {
    skipLines,
    beforeCommit: beforeCommit as ImportOptions['beforeCommit'],
    signal: checkSignal(signal),
  }
}

/** A keyspace of an import. */
interface Target {
  readonly store: KeyspaceStore
  readonly keyspace: Keyspace<Uint8Array, Uint8Array>
  /** The batch aimed at it; `undefined` before the first entry of a commit. */
  batch: Batch<Uint8Array, Uint8Array> | undefined
}

/** The import of one text. */
class Import {
  readonly #database: Database
  readonly #options: ResolvedOptions
  readonly #targets = new Map<string, Target>()
  #pending = ''
  #lineNumber = 0
  #entryCount = 0
  #expiredCount = 0
  #batchCount = 0
  #batchBytes = 0
  #batch: Batch<string, string> | undefined = undefined

  constructor(database: Database, options: ResolvedOptions) {
    this.#database = database
    this.#options = options
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
    if (this.#lineNumber < this.#options.skipLines)
      throw this.#fault('there are fewer lines than are skipped')
    this.#commit()
    this.#database.sync()
    return { entryCount: this.#entryCount, expiredCount: this.#expiredCount }
  }

  #addLine(text: string): void {
    const isSkipped = ++this.#lineNumber <= this.#options.skipLines
    // Most lines of entries are skipped without a look into their JSON.
    if (isSkipped && this.#lineNumber > 1 && !text.includes('"engine"')) return
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
    else if (!isSkipped) this.#put(name, fields)
  }

  #openKeyspace(name: string, fields: ReadonlyMap<string, unknown>): void {
    const options = Object.fromEntries(
      ['keys', 'values', 'ttlMs', ...(name === 'default' ? [] : ['engine', 'compression', 'dictionary'])]
        .filter((each) => fields.has(each))
        .map((each) => [each, fields.get(each)]),
    )
    const stored = this.#database.keyspace(name, options as KeyspaceOptions)
    const keyspace = stored.view({ keys: 'binary', values: 'binary' }) as unknown as Target['keyspace']
    this.#targets.set(name, { store: stored.source.keyspace, keyspace, batch: undefined })
  }

  #put(name: string, fields: ReadonlyMap<string, unknown>): void {
    const target = this.#targets.get(name)
    if (target === undefined) throw this.#fault('no line before it has the options of the keyspace')
    const { store, keyspace } = target
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
    this.#batch ??= this.#database.batch()
    target.batch ??= this.#batch.in(keyspace)
    // Without a lifetime of its own, the entry does not get that of the keyspace.
    target.batch.put(key, value, store.expiry === undefined && ttlMs === Infinity ? undefined : { ttlMs })
    this.#entryCount++
    this.#batchBytes += key.length + value.length
    if (++this.#batchCount >= BATCH_ENTRIES || this.#batchBytes >= BATCH_BYTES) this.#commit()
  }

  #commit(): void {
    const batch = this.#batch
    if (batch === undefined) return
    const { beforeCommit, signal } = this.#options
    throwIfAborted(signal)
    beforeCommit?.(batch, { lineCount: this.#lineNumber, entryCount: this.#entryCount })
    this.#batch = undefined
    this.#batchCount = 0
    this.#batchBytes = 0
    for (const target of this.#targets.values()) target.batch = undefined
    batch.commit({ durability: 'none' })
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
