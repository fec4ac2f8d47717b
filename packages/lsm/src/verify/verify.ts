import { isLdbError, optionalMember, ownProperty } from '@ldb/base'
import type { StoreVerifyOptions, VerifyLevel, VerifySink, VerifySteps } from '@ldb/base'
import type { OpenedStore } from '../store/open.js'
import type { TableProperties } from '../table/properties.js'
import { tablePath } from '../table/table-meta.js'
import type { TableMeta } from '../table/table-meta.js'
import { TableReader } from '../table/table-reader.js'
import { MANIFEST_NAME } from '../version/manifest-writer.js'
import { readManifest } from '../version/manifest-reader.js'
import type { ManifestState } from '../version/manifest-reader.js'
import { findingOf } from './fault-finding.js'
import { UnitAmounts } from './unit-amounts.js'
import { verifyTable } from './verify-table.js'

/**
 * Verifies the manifest, every table of the present version, and the other tables that the manifest names. Reads the files, and no cache.
 *
 * @throws everything that the sink throws; LDB_CLOSED when the store is closed between two steps.
 */
export function* verifyStore(
  opened: OpenedStore,
  sink: VerifySink,
  options: StoreVerifyOptions = {},
): VerifySteps {
  opened.status.assertReadable()
  const pinMs = ownProperty(options, 'pinMs', 'the options') ?? Infinity
  const now = ownProperty(options, 'now', 'the options') ?? ((): number => 0)
  const walk = new StoreWalk(opened, sink)
  let pinnedAtMs = now()
  walk.pin()
  try {
    walk.readManifest()
    for (let task = walk.next(); task !== undefined; task = walk.next()) {
      yield* walk.verify(task)
      if (now() - pinnedAtMs < pinMs) continue
      walk.pin()
      pinnedAtMs = now()
    }
    walk.end()
  } finally {
    walk.unpin()
  }
}

/** A table to verify. */
interface TableTask {
  readonly meta: TableMeta
  /** Level in the present version; `undefined` when only the manifest names the table. */
  readonly level: number | undefined
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }

class StoreWalk {
  readonly #opened: OpenedStore
  readonly #sink: VerifySink
  readonly #amounts: UnitAmounts = new UnitAmounts()
  readonly #levels: Writable<VerifyLevel>[] = []
  /** Numbers of the tables that were verified. */
  readonly #done: Set<number> = new Set()
  #tasks: TableTask[] = []
  #unpin: (() => void) | undefined = undefined

  constructor(opened: OpenedStore, sink: VerifySink) {
    this.#opened = opened
    this.#sink = sink
  }

  /** Pins the present version in place of an earlier one, and finds the tables that are not verified yet. */
  pin(): void {
    const pinned = this.#opened.state.current.pin()
    this.unpin()
    this.#unpin = (): void => {
      pinned.unpin()
    }
    const { levels } = pinned.version
    while (this.#levels.length < levels.length) this.#levels.push(emptyLevel())
    this.#tasks = levels
      .flatMap((tables, level) => tables.map(({ meta }): TableTask => ({ meta, level })))
      .filter(({ meta }) => !this.#done.has(meta.number))
      .reverse()
  }

  unpin(): void {
    this.#unpin?.()
    this.#unpin = undefined
  }

  next(): TableTask | undefined {
    return this.#tasks.pop()
  }

  /** Reads the manifest, and adds the tables that the present version does not contain any more. A crash would bring them back. */
  readManifest(): void {
    const { vfs, directory, manifest, persistence } = this.#opened
    if (!manifest.exists) return
    const path = `${directory}/${MANIFEST_NAME}`
    let found: ManifestState
    try {
      found = readManifest(vfs, path, this.#opened.options.keys, this.#sink)
    } catch (error) {
      this.#reportError(error, path)
      return
    }
    if (found.durableSeq < persistence.durableSeq) {
      const message = 'the manifest is not that of the last checkpoint'
      this.#sink.finding({ kind: 'structure', file: path, offset: 0, message, severity: 'error' })
    }
    const numbers = new Set(this.#tasks.map(({ meta }) => meta.number))
    const others = found.tables.filter(({ meta }) => !numbers.has(meta.number))
    this.#tasks.unshift(...others.map(({ meta }): TableTask => ({ meta, level: undefined })))
  }

  *verify({ meta, level }: TableTask): VerifySteps {
    const { status } = this.#opened
    const sink = this.#sink
    status.assertReadable()
    this.#done.add(meta.number)
    const { path, reader } = this.#open(meta)
    if (reader === undefined) {
      this.#locateUnread(meta, level, path)
      return
    }
    const steps = verifyTable(reader, sink, this.#amounts, level)
    try {
      for (;;) {
        const step = steps.next()
        if (step.done === true) {
          if (level !== undefined) this.#addTable(level, meta, step.value)
          break
        }
        yield
        status.assertReadable()
      }
    } catch (error) {
      this.#reportError(error, path)
      this.#locateUnread(meta, level, path)
    } finally {
      reader.close()
      sink.progress({ units: 0, entries: 0, bytes: 0, amounts: this.#amounts.take() })
    }
  }

  /** Reports the shape of the store. */
  end(): void {
    optionalMember(this.#sink, 'shape')?.call(this.#sink, { kind: 'levels', levels: this.#levels })
  }

  #open(meta: TableMeta): { readonly path: string; readonly reader: TableReader | undefined } {
    const { vfs, directory, options } = this.#opened
    const path = tablePath(directory, meta.number)
    try {
      // Not the reader of the version, which keeps what it has read.
      const reader = new TableReader(
        vfs,
        directory,
        meta,
        options.cache.attach(),
        options.codecs.known,
        options.keys,
      )
      return { path, reader }
    } catch (error) {
      this.#reportError(error, path)
      return { path, reader: undefined }
    }
  }

  /** Locates a table that cannot be read. */
  #locateUnread({ fileBytes, lower, upper }: TableMeta, level: number | undefined, file: string): void {
    const location = { kind: 'unused', file, offset: 0, bytes: fileBytes, level } as const
    optionalMember(this.#sink, 'location')?.call(this.#sink, { ...location, keys: { lower, upper } })
  }

  #addTable(level: number, { fileBytes }: TableMeta, properties: TableProperties): void {
    const sums = this.#levels[level] ?? emptyLevel()
    sums.tableCount++
    sums.fileBytes += fileBytes
    sums.entryCount += properties.entryCount
    sums.deleteCount += properties.deleteCount
    sums.tombstoneCount += properties.tombstoneCount
    sums.keyBytes += properties.keyBytes
    sums.valueBytes += properties.valueBytes
    sums.rawBytes += properties.rawBytes
    sums.storedBytes += properties.storedBytes
  }

  #reportError(error: unknown, path: string): void {
    if (!isLdbError(error)) throw error
    this.#sink.finding(findingOf(error, path, 0))
  }
}

function emptyLevel(): Writable<VerifyLevel> {
  return {
    tableCount: 0,
    entryCount: 0,
    deleteCount: 0,
    tombstoneCount: 0,
    keyBytes: 0,
    valueBytes: 0,
    fileBytes: 0,
    rawBytes: 0,
    storedBytes: 0,
  }
}
