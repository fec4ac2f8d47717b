import { isLdbError, LdbError } from '@ldb/base'
import { defaultEnvironment, defaultVfs, MemoryVfs, OverlayVfs } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import type { Catalog } from '../catalog/catalog.js'
import { readCatalog } from '../catalog/file.js'
import { normalizePath } from '../catalog/path.js'
import type { DatabaseOptions, ResolvedDatabaseOptions } from '../health/options.js'
import { resolveDatabaseOptions } from '../health/options.js'
import { Assembly } from './assembly.js'
import { createDirectory, createInside } from './creation.js'
import type { CreationOptions } from './creation.js'
import { inspectDirectory } from './directory-inspection.js'
import type { DirectoryState } from './directory-inspection.js'
import type { OpenDatabase } from './open-database.js'
import { reserveSpace } from '../space/reserved-space.js'
import type { ReservedSpace } from '../space/reserved-space.js'
import { runAll } from './run-all.js'
import { STANDARD_TUNING, tuningOf } from './tuning.js'
import type { DatabaseTuning } from './tuning.js'

/** Opens or creates the database at a path; documented where it is exported, as `Database.open`. */
export function openDatabase(
  path: string,
  options: DatabaseOptions | undefined,
  tuning: Partial<DatabaseTuning> = tuningOf(options),
): OpenDatabase {
  const directory = normalizePath(path)
  const resolved = resolveDatabaseOptions(options)
  const vfs = resolved.vfs ?? defaultVfs()
  return new Opening(resolved, { ...STANDARD_TUNING, ...tuning }, directory, vfs, true).open()
}

/** Creates a memory-only database; documented where it is exported, as `Database.memory`. */
export function openMemoryDatabase(
  options: DatabaseOptions | undefined,
  tuning: Partial<DatabaseTuning> = tuningOf(options),
): OpenDatabase {
  const resolved = resolveDatabaseOptions(options)
  if (resolved.vfs !== undefined || resolved.readOnly || !resolved.createIfMissing) {
    throw new LdbError(
      'LDB_INVALID_ARGUMENT',
      'a database in memory takes no vfs, readOnly or createIfMissing',
    )
  }
  return new Opening(resolved, { ...STANDARD_TUNING, ...tuning }, 'memory', memoryVfs(), false).open()
}

/** Returns memory files, with the clock, randomness and scheduler of the platform where it has them. */
function memoryVfs(): Vfs {
  try {
    return new MemoryVfs(defaultEnvironment())
  } catch (error) {
    if (isLdbError(error, 'LDB_UNSUPPORTED')) return new MemoryVfs()
    throw error
  }
}

/**
 * One open of a database. (R1) Order: inspection, lock, catalog, stores, log, replay, checks, background work. Before the end of the
 * checks, only a new database and the new root of the log are written.
 */
class Opening {
  readonly #options: ResolvedDatabaseOptions
  readonly #tuning: DatabaseTuning
  readonly #directory: string
  /** The file system itself, and the one that the database uses: an overlay when it is read-only. */
  readonly #base: Vfs
  readonly #vfs: Vfs
  readonly #space: ReservedSpace
  readonly #withLog: boolean
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
    this.#base = vfs
    this.#space = reserveSpace(vfs, directory)
    // (R7) Writes of a read-only database stay in the overlay.
    this.#vfs = options.readOnly ? new OverlayVfs(vfs) : this.#space.vfs
    this.#withLog = withLog
  }

  open(): OpenDatabase {
    this.#prepare()
    const lock = this.#vfs.lock(this.#directory)
    this.#opened.push(() => {
      lock.release()
    })
    try {
      const catalog = this.#lockedCatalog()
      const files = { directory: this.#directory, vfs: this.#vfs, space: this.#space }
      const assembly = new Assembly(this.#options, this.#tuning, files, this.#opened)
      return assembly.assemble(lock, catalog, this.#withLog)
    } catch (error) {
      this.#undo()
      throw error
    }
  }

  /** Refuses a directory that cannot be opened, without a change (D5), and creates an absent one. */
  #prepare(): void {
    // Not through the overlay: it assumes that files stay unchanged, and the lock is not held yet.
    const state = inspectDirectory(this.#base, this.#directory)
    this.#assertAllowed(state)
    if (state.kind !== 'absent') return
    const created = createDirectory(this.#base, this.#directory, this.#creationOptions())
    if (!created) this.#assertAllowed(inspectDirectory(this.#base, this.#directory))
  }

  /** Reads the catalog again under the lock: it may have changed since the inspection. */
  #lockedCatalog(): Catalog {
    const catalog = this.#readableCatalog()
    if (catalog !== undefined) return catalog
    let state = inspectDirectory(this.#vfs, this.#directory)
    if (state.kind !== 'database') {
      this.#assertAllowed(state)
      createInside(this.#vfs, this.#directory, this.#creationOptions())
      state = inspectDirectory(this.#vfs, this.#directory)
    }
    if (state.kind === 'database') return state.catalog
    throw new LdbError('LDB_IO', `${this.#directory} was changed while it was opened`)
  }

  /** Returns the catalog if it can be read. Otherwise the directory must be inspected again: another process may have changed it. */
  #readableCatalog(): Catalog | undefined {
    try {
      return readCatalog(this.#vfs, this.#directory)
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
    const { engine, compression, pageBytes = this.#tuning.pageBytes } = this.#options
    return { engine, compression, pageBytes, withLog: this.#withLog, engines: this.#tuning.engines }
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
