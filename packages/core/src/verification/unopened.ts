import { isLdbError, NO_SEGMENT_ID, runVerifySteps } from '@ldb/base'
import type { LdbError, OrderedStore, StoreLog, StoreObserver, VerifySink } from '@ldb/base'
import { BlobFiles, CHUNK_BYTES, FIRST_RECORD_OFFSET, verifyBlobFileSteps } from '@ldb/blob'
import type { BlobRecord } from '@ldb/blob'
import { BlockCache, PageCache } from '@ldb/cache'
import { CodecId, CodecTable, ReportBuilder } from '@ldb/integrity'
import type { DataKeys, VerifyReport } from '@ldb/integrity'
import { InternalVfs, OverlayVfs, OwnedVfs } from '@ldb/vfs'
import type { FilePath, Vfs } from '@ldb/vfs'
import { verifyWal } from '@ldb/wal'
import type { Catalog, KeyspaceRecord } from '../catalog/catalog.js'
import {
  blobsPath,
  catalogPath,
  keyspaceIdOfName,
  keyspacePath,
  keyspacesPath,
  logPath,
} from '../catalog/directory-layout.js'
import { readCatalog, readCatalogBytes } from '../catalog/file.js'
import { resolveDirectory } from '../catalog/path.js'
import { cipherMaker, cipherOption } from '../encryption/ciphers.js'
import { KeyAccess, KEYS_NAME } from '../encryption/database-keys.js'
import { resolveEncryption } from '../encryption/secret.js'
import type { Encryption } from '../encryption/secret.js'
import { BUILT_IN_ENGINES, engineOf } from '../engine/engine-registry.js'
import type { Engine, StoreContext } from '../engine/engine.js'
import { lockDirectory } from '../open/directory-lock.js'
import type { ResolvedVerifyOptions } from './options.js'
import { verifyKeyFile } from './key-part.js'
import { assertNotAborted, findingOf, ReportingSink } from './reporting-sink.js'

/** Bytes of the caches while a store is verified, which reads past them. */
const CACHE_BYTES = 1_048_576
const MEMTABLE_BYTES = 65_536

/**
 * Verifies what can be read of a database that cannot be opened: the catalog, the log, the checkpoint of each store, and the blob files. What
 * the log would add to the stores is not applied.
 *
 * @param failure - why the database cannot be opened.
 * @throws {@link LdbError} LDB_LOCKED, LDB_ABORTED, LDB_IO.
 */
export function verifyUnopened(
  given: Vfs,
  path: FilePath,
  options: ResolvedVerifyOptions,
  failure: LdbError,
  startedAtMs: number,
  encryption?: Encryption,
): VerifyReport {
  const base = InternalVfs.over(given)
  const directory = resolveDirectory(base, path)
  const builder = new ReportBuilder()
  const sink = new ReportingSink(builder, options)
  sink.begin('open')
  sink.finding(findingOf(failure))
  const owned = new OwnedVfs(base)
  const vfs = InternalVfs.over(new OverlayVfs(owned))
  const lock = lockDirectory(vfs, owned, directory)
  try {
    new FileWalk(vfs, directory, sink, new KeyAccess(directory, resolveEncryption(encryption))).run()
  } finally {
    lock.release()
  }
  assertNotAborted(options.signal)
  return builder.build(given.clock.monotonic() - startedAtMs)
}

/** Nothing is written, so that nothing is synced. */
const NO_LOG: StoreLog = Object.freeze({
  segmentId: NO_SEGMENT_ID,
  sync: () => undefined,
  syncAsync: () => Promise.resolve(),
})

const NO_OBSERVER: StoreObserver = Object.freeze({
  wantsCheckpoint: () => undefined,
  stalled: () => undefined,
  completed: () => undefined,
  failed: () => undefined,
  healed: () => undefined,
})

/** A store to verify: what the catalog says of it, or only its directory. */
interface FoundStore {
  readonly id: number
  readonly name: string
  readonly record: KeyspaceRecord | undefined
}

class FileWalk {
  readonly #vfs: Vfs
  readonly #directory: string
  readonly #sink: ReportingSink
  readonly #access: KeyAccess
  /** The data keys are lost: of what is encrypted, only the log has checksums that can be checked. */
  #isLocked = false

  constructor(vfs: Vfs, directory: string, sink: ReportingSink, access: KeyAccess) {
    this.#access = access
    this.#vfs = vfs
    this.#directory = directory
    this.#sink = sink
  }

  run(): void {
    const sink = this.#sink
    sink.begin('catalog')
    const catalog = this.#readCatalog()
    const { keys } = this.#access
    if (keys !== undefined) {
      sink.begin('keys')
      verifyKeyFile(this.#vfs, this.#directory, keys, sink)
    }
    sink.begin('log')
    const createCipher = cipherMaker(this.#keys, 'log')
    verifyWal(this.#vfs, logPath(this.#directory), sink, undefined, catalog?.databaseId, createCipher)
    if (this.#isLocked) return
    for (const store of this.#stores(catalog)) {
      sink.begin(`keyspace:${store.name}`)
      this.#verifyStore(store, catalog)
    }
    this.#verifyBlobs()
  }

  get #keys(): DataKeys | undefined {
    return this.#access.keys?.data
  }

  #readCatalog(): Catalog | undefined {
    try {
      const catalog = readCatalog(this.#vfs, this.#directory, this.#access)
      const bytes = readCatalogBytes(this.#vfs, this.#directory).length
      const amounts = [{ kind: 'catalog' as const, count: 1, bytes }]
      this.#sink.progress({ files: 1, units: 1, entries: catalog.keyspaces.length, bytes, amounts })
      return catalog
    } catch (error) {
      this.#report(error, catalogPath(this.#directory))
      this.#openKeys(error)
      return undefined
    }
  }

  /** Reads the keys without a catalog. @param failure - why the catalog cannot be read, which is reported. */
  #openKeys(failure: unknown): void {
    const file = `${this.#directory}/${KEYS_NAME}`
    // The catalog is whole, and the key file is not: it was reported.
    if (isLdbError(failure) && failure.details.file === file) this.#isLocked = true
    if (this.#isLocked) return
    try {
      this.#access.openAlone(this.#vfs)
    } catch (error) {
      this.#report(error, file)
      this.#isLocked = true
    }
  }

  /** Returns the stores that the catalog names; without a catalog, those that have a directory. */
  #stores(catalog: Catalog | undefined): FoundStore[] {
    if (catalog !== undefined) {
      return catalog.keyspaces.map((record) => {
        const { id, name } = record.descriptor
        return { id, name, record }
      })
    }
    const path = keyspacesPath(this.#directory)
    if (this.#vfs.status(path)?.kind !== 'directory') return []
    return this.#vfs.list(path).flatMap((name) => {
      const id = keyspaceIdOfName(name)
      return id === undefined ? [] : [{ id, name: `number ${id}`, record: undefined }]
    })
  }

  #verifyStore({ id, record }: FoundStore, catalog: Catalog | undefined): void {
    const directory = keyspacePath(this.#directory, id)
    // A keyspace has no files before its first checkpoint.
    if (this.#vfs.status(directory)?.kind !== 'directory') return
    const context = this.#contextOf(directory, record, catalog?.pageBytes)
    for (const engine of this.#enginesOf(directory, record)) {
      let store: OrderedStore | undefined
      try {
        store =
          record === undefined ? engine.openFound(context) : engine.open(context, record.section, 'recorded')
        store.verify(this.#sink)
      } catch (error) {
        this.#report(error, `${directory}/${engine.checkpointFileName}`)
        if (store === undefined) engine.verifyFiles(context, this.#sink)
      } finally {
        store?.close()
        context.cache.release()
      }
    }
  }

  /** Returns the engine of a store; without a record, those that have files in its directory. */
  #enginesOf(directory: string, record: KeyspaceRecord | undefined): Engine[] {
    if (record !== undefined) return [engineOf(BUILT_IN_ENGINES, record.descriptor.engine)]
    const names = this.#vfs.list(directory)
    return Object.values(BUILT_IN_ENGINES).filter((engine) => names.some((name) => engine.ownsFile(name)))
  }

  #contextOf(directory: string, record: KeyspaceRecord | undefined, pageBytes: number = 8192): StoreContext {
    return {
      vfs: this.#vfs,
      directory,
      cache: new PageCache({ bytes: CACHE_BYTES, pageBytes }),
      blocks: new BlockCache(CACHE_BYTES),
      memtableBytes: MEMTABLE_BYTES,
      threadOf: () => undefined,
      compression: record?.descriptor.compression ?? 'none',
      dictionary: false,
      codecs: new CodecTable(),
      log: NO_LOG,
      observer: NO_OBSERVER,
      keys: this.#keys,
    }
  }

  /** Reads every record of the blob files. Nothing says which of them are live: a damaged value is a warning. */
  #verifyBlobs(): void {
    const directory = blobsPath(this.#directory)
    if (this.#vfs.status(directory)?.kind !== 'directory') return
    this.#sink.begin('blobs')
    const files = BlobFiles.open(this.#vfs, directory, cipherOption(this.#keys, 'blob'))
    try {
      runVerifySteps(verifyBlobFileSteps(files, directory, this.#sink))
      for (const { number } of files.files()) verifyRecords(files, number, this.#sink)
    } catch (error) {
      this.#report(error, directory)
    } finally {
      files.close()
    }
  }

  #report(error: unknown, file: string): void {
    if (!isLdbError(error)) throw error
    const kind = KINDS[error.code]
    if (kind === undefined) throw error
    const { offset = 0 } = error.details
    this.#sink.finding({ kind, file: error.details.file ?? file, offset, message: error.message })
  }
}

const KINDS: Readonly<Record<string, 'checksum' | 'structure' | 'missing' | 'io'>> = {
  LDB_CORRUPTION: 'checksum',
  LDB_FORMAT: 'structure',
  LDB_UNSUPPORTED: 'structure',
  LDB_NOT_FOUND: 'missing',
  LDB_IO: 'io',
}

function verifyRecords(files: BlobFiles, number: number, sink: VerifySink): void {
  let offset: number = FIRST_RECORD_OFFSET
  for (;;) {
    let record: BlobRecord | undefined
    try {
      record = files.readRecord(number, offset)
      if (record === undefined) return
      offset = record.nextOffset
      const reference = files.decode(record.reference)
      if (reference.codecId === CodecId.None) {
        const table = files.readChunkTable(reference)
        for (let index = 0; index === 0 || index * CHUNK_BYTES < reference.valueBytes; index++) {
          files.readChunk(reference, table, index)
        }
      } else files.check(record.reference)
      sink.progress({ units: 1, entries: 0, bytes: reference.valueBytes })
    } catch (error) {
      if (!isLdbError(error, 'LDB_CORRUPTION')) throw error
      const { file = '', offset: at = 0 } = error.details
      sink.finding({ kind: 'checksum', file, offset: at, message: error.message, severity: 'warning' })
      if (record === undefined) return
    }
  }
}
