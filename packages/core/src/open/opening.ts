import { equalBytes, isLdbError, LdbError } from '@ldb/base'
import {
  availableEnvironment,
  defaultVfs,
  InternalVfs,
  MemoryVfs,
  OverlayVfs,
  OwnedVfs,
  PooledVfs,
} from '@ldb/vfs'
import type { FilePath, Vfs } from '@ldb/vfs'
import type { CreatedLog } from '@ldb/wal'
import type { Catalog } from '../catalog/catalog.js'
import { logPath } from '../catalog/directory-layout.js'
import { readCatalog } from '../catalog/file.js'
import { resolveDirectory } from '../catalog/path.js'
import type { DatabaseOptions, ResolvedDatabaseOptions } from '../health/options.js'
import { resolveDatabaseOptions } from '../health/options.js'
import { KeyAccess } from '../encryption/database-keys.js'
import { Assembly } from './assembly.js'
import { createDirectory, createInside } from './creation.js'
import type { CreatedDatabase, CreationOptions } from './creation.js'
import { inspectDirectory } from './directory-inspection.js'
import type { DirectoryState } from './directory-inspection.js'
import { lockDirectory } from './directory-lock.js'
import type { OpenDatabase } from './open-database.js'
import { reserveSpace } from '../space/reserved-space.js'
import type { ReservedSpace } from '../space/reserved-space.js'
import { runAll } from './run-all.js'
import { STANDARD_TUNING, tuningOf } from './tuning.js'
import type { DatabaseTuning } from './tuning.js'

/** Opens or creates the database at a path; documented where it is exported, as `Database.open`. */
export function openDatabase(
  path: FilePath,
  options: DatabaseOptions | undefined,
  tuning: Partial<DatabaseTuning> = tuningOf(options),
): OpenDatabase {
  const resolved = resolveDatabaseOptions(options)
  const vfs = resolved.vfs ?? defaultVfs()
  const directory = resolveDirectory(vfs, path)
  return new Opening(resolved, { ...STANDARD_TUNING, ...tuning }, directory, vfs, true).open()
}

/** Creates a memory-only database; documented where it is exported, as `Database.memory`. */
export function openMemoryDatabase(
  options: DatabaseOptions | undefined,
  tuning: Partial<DatabaseTuning> = tuningOf(options),
): OpenDatabase {
  const resolved = resolveDatabaseOptions(options)
  if (resolved.archiveTo !== undefined) {
    throw new LdbError('LDB_INVALID_ARGUMENT', 'a database in memory has no log, and so no archive')
  }
  if (resolved.vfs !== undefined || resolved.readOnly || !resolved.createIfMissing) {
    throw new LdbError(
      'LDB_INVALID_ARGUMENT',
      'a database in memory takes no vfs, readOnly or createIfMissing',
    )
  }
  if (resolved.encryption !== undefined) {
    throw new LdbError('LDB_INVALID_ARGUMENT', 'a database in memory has no files to encrypt')
  }
  // The clock expires entries, so it must be that of the platform wherever there is one.
  const vfs = new MemoryVfs(availableEnvironment())
  return new Opening(resolved, { ...STANDARD_TUNING, ...tuning }, 'memory', vfs, false).open()
}

/** Returns the layer that bounds the open files. A writer keeps the segments of its log open: there are few. */
function boundedFiles(
  vfs: Vfs,
  directory: string,
  { maxOpenFiles, readOnly }: ResolvedDatabaseOptions,
): PooledVfs {
  const log = `${logPath(directory)}/`
  return new PooledVfs(vfs, { maxOpenFiles, isPooled: (path) => readOnly || !path.startsWith(log) })
}

/**
 * One open of a database. (R1) Order: inspection, lock, catalog, stores, log, replay, checks, background work. Before the end of the
 * checks, only a new database and the new root of the log are written.
 */
class Opening {
  readonly #options: ResolvedDatabaseOptions
  readonly #tuning: DatabaseTuning
  readonly #directory: string
  /**
   * The file system itself, the one that checks the directory, and the one that the database uses: an overlay when it is read-only.
   * (D9) The first and the last are for internal files.
   */
  readonly #base: Vfs
  readonly #owned: OwnedVfs
  readonly #vfs: Vfs
  /** The layer that bounds the open files; `undefined` for a memory-only database, whose files take no descriptors. */
  readonly #files: PooledVfs | undefined
  readonly #space: ReservedSpace
  readonly #access: KeyAccess
  readonly #withLog: boolean
  #created: CreatedDatabase | undefined = undefined
  /** The catalog is damaged, and that of its copy is used. */
  #isCatalogLost = false
  /** Closes the opened objects, newest last. */
  readonly #opened: (() => void)[] = []

  constructor(
    options: ResolvedDatabaseOptions,
    tuning: DatabaseTuning,
    directory: string,
    vfs: Vfs,
    withLog: boolean,
  ) {
    this.#options = options
    this.#tuning = tuning
    this.#directory = directory
    this.#base = InternalVfs.over(vfs)
    this.#owned = new OwnedVfs(this.#base)
    this.#files = withLog ? boundedFiles(this.#owned, directory, options) : undefined
    const files = this.#files ?? this.#owned
    this.#space = reserveSpace(files, directory)
    // (R7) Writes of a read-only database stay in the overlay.
    this.#vfs = InternalVfs.over(options.readOnly ? new OverlayVfs(files) : this.#space.vfs)
    this.#withLog = withLog
    this.#access = new KeyAccess(directory, options.encryption)
  }

  open(): OpenDatabase {
    try {
      return this.#open()
    } catch (error) {
      throw this.#options.readOnly ? error : readOnlyAdvice(error, this.#directory)
    }
  }

  #open(): OpenDatabase {
    this.#prepare()
    const lock = lockDirectory(this.#vfs, this.#owned, this.#directory)
    this.#opened.push(() => {
      lock.release()
    })
    try {
      const catalog = this.#lockedCatalog()
      const files = {
        keys: this.#access.keys,
        directory: this.#directory,
        vfs: this.#vfs,
        logVfs: this.#options.readOnly ? this.#vfs : this.#owned.above(this.#vfs),
        space: this.#space,
        pool: this.#files,
        createdLog: this.#createdLogOf(catalog),
        isCatalogLost: this.#isCatalogLost,
      }
      const assembly = new Assembly(this.#options, this.#tuning, files, this.#opened)
      const opened = assembly.assemble(lock, catalog, this.#withLog)
      this.#owned.onLost((error) => {
        opened.noteLoss(error)
      })
      return opened
    } catch (error) {
      this.#undo()
      throw error
    }
  }

  /** Refuses a directory that cannot be opened, without a change (D5), and creates an absent one. */
  #prepare(): void {
    // Not through the overlay: it assumes that files stay unchanged, and the lock is not held yet.
    const state = inspectDirectory(this.#base, this.#directory, this.#access)
    this.#assertAllowed(state)
    if (state.kind !== 'absent') return
    this.#created = createDirectory(this.#base, this.#directory, this.#creationOptions())
    if (this.#created === undefined)
      this.#assertAllowed(inspectDirectory(this.#base, this.#directory, this.#access))
  }

  /** Returns the log of a database that this open has created, unless another process has put another database in its place. */
  #createdLogOf({ databaseId }: Catalog): CreatedLog | undefined {
    const created = this.#created
    if (created === undefined || !equalBytes(created.databaseId, databaseId)) return undefined
    return { segmentId: created.log.logSegmentId, endLsn: created.log.logLsn }
  }

  /** Reads the catalog again under the lock: it may have changed since the inspection. */
  #lockedCatalog(): Catalog {
    const catalog = this.#readableCatalog()
    if (catalog !== undefined) return catalog
    let state = inspectDirectory(this.#vfs, this.#directory, this.#access)
    if (state.kind !== 'database') {
      this.#assertAllowed(state)
      this.#created = createInside(this.#vfs, this.#directory, this.#creationOptions())
      state = inspectDirectory(this.#vfs, this.#directory, this.#access)
    }
    if (state.kind === 'database') return this.#catalogOf(state)
    throw new LdbError('LDB_IO', `${this.#directory} was changed while it was opened`)
  }

  /** Returns the catalog of a database, and warns when it is that of the copy. */
  #catalogOf({ catalog, fault }: Extract<DirectoryState, { readonly kind: 'database' }>): Catalog {
    this.#isCatalogLost = fault !== undefined
    if (fault !== undefined) this.#options.logger?.warn(`${fault.message}: its copy is used`)
    return catalog
  }

  /** Returns the catalog if it can be read. Otherwise the directory must be inspected again: another process may have changed it. */
  #readableCatalog(): Catalog | undefined {
    try {
      return readCatalog(this.#vfs, this.#directory, this.#access)
    } catch (error) {
      if (isLdbError(error)) return undefined
      throw error
    }
  }

  #assertAllowed(state: DirectoryState): void {
    const { createIfMissing, errorIfExists, readOnly } = this.#options
    const details = { file: this.#directory }
    if (state.kind === 'database') {
      if (!errorIfExists) return
      throw new LdbError('LDB_EXISTS', `there is a database at ${this.#directory} already`, { details })
    }
    if (createIfMissing && !readOnly) return
    throw new LdbError('LDB_NOT_FOUND', `there is no database at ${this.#directory}`, { details })
  }

  #creationOptions(): CreationOptions {
    const { engine, compression, dictionary, pageBytes = this.#tuning.pageBytes } = this.#options
    const { engines } = this.#tuning
    return {
      engine,
      compression,
      dictionary,
      pageBytes,
      withLog: this.#withLog,
      engines,
      access: this.#access,
    }
  }

  /** Closes everything that was opened. Its errors are logged: the error of the open is thrown. */
  #undo(): void {
    try {
      runAll(this.#opened.reverse())
    } catch (error) {
      this.#options.logger?.warn(`a failed open could not be undone: ${String(error)}`)
    }
  }
}

/** Returns the error of a read-only file system with what the caller can do, and any other error as it is. */
function readOnlyAdvice(error: unknown, directory: string): unknown {
  if (!isLdbError(error, 'LDB_READ_ONLY') || error.details.errno !== 'EROFS') return error
  const message = `${directory} is on a read-only file system: open its database with readOnly: true`
  return new LdbError('LDB_READ_ONLY', message, { cause: error, details: { ...error.details } })
}
