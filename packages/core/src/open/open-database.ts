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
import { runAll } from './parts.js'
import type { DatabaseParts } from './parts.js'
import { STANDARD_TUNING, tuningOf } from './tuning.js'
import type { DatabaseTuning } from './tuning.js'

/** Opens or makes the database at a path; documented where it is exported, as `Database.open`. */
export function openDatabase(
  path: string,
  options: DatabaseOptions | undefined,
  tuning: Partial<DatabaseTuning> = tuningOf(options),
): DatabaseParts {
  const directory = normalizePath(path)
  const resolved = resolveDatabaseOptions(options)
  const vfs = resolved.vfs ?? defaultVfs()
  return new Opening(resolved, { ...STANDARD_TUNING, ...tuning }, directory, vfs, true).open()
}

/** Makes a database in memory; documented where it is exported, as `Database.memory`. */
export function openMemoryDatabase(
  options: DatabaseOptions | undefined,
  tuning: Partial<DatabaseTuning> = tuningOf(options),
): DatabaseParts {
  const resolved = resolveDatabaseOptions(options)
  if (resolved.vfs !== undefined || resolved.readOnly || !resolved.createIfMissing) {
    throw new LdbError(
      'LDB_INVALID_ARGUMENT',
      'a database in memory takes no vfs, readOnly or createIfMissing',
    )
  }
  return new Opening(resolved, { ...STANDARD_TUNING, ...tuning }, 'memory', memoryVfs(), false).open()
}

/** Real clock, randomness and scheduling where the platform has them. */
function memoryVfs(): Vfs {
  try {
    return new MemoryVfs(defaultEnvironment())
  } catch (error) {
    if (isLdbError(error, 'LDB_UNSUPPORTED')) return new MemoryVfs()
    throw error
  }
}

/**
 * One opening. (R1) Look, lock, catalog, stores, log, replay, checks, one checkpoint, background: up to the checkpoint
 * nothing is written but a new database, and what the log needs.
 */
class Opening {
  readonly #options: ResolvedDatabaseOptions
  readonly #tuning: DatabaseTuning
  readonly #directory: string
  /** The file system itself, and what is read and written through. */
  readonly #base: Vfs
  readonly #vfs: Vfs
  readonly #withLog: boolean
  /** What was opened so far, newest last. */
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
    // (R7) Read-only, whatever is written stays in the overlay.
    this.#vfs = options.readOnly ? new OverlayVfs(vfs) : vfs
    this.#withLog = withLog
  }

  open(): DatabaseParts {
    this.#prepare()
    const lock = this.#vfs.lock(this.#directory)
    this.#opened.push(() => {
      lock.release()
    })
    try {
      const catalog = this.#lockedCatalog()
      const assembly = new Assembly(this.#options, this.#tuning, this.#directory, this.#vfs, this.#opened)
      return assembly.assemble(lock, catalog, this.#withLog)
    } catch (error) {
      this.#undo()
      throw error
    }
  }

  /** Refuses what cannot be opened before anything is touched (D5), and makes what is absent. */
  #prepare(): void {
    // Not through an overlay: what that has seen once it takes for unchanged, and nobody holds the lock yet.
    const state = inspectDirectory(this.#base, this.#directory)
    this.#assertAllowed(state)
    if (state.kind !== 'absent') return
    const made = createDirectory(this.#base, this.#directory, this.#creationOptions())
    if (!made) this.#assertAllowed(inspectDirectory(this.#base, this.#directory))
  }

  /** Returns the catalog, read again under the lock: what was seen before may have changed. */
  #lockedCatalog(): Catalog {
    const catalog = this.#presentCatalog()
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

  /** Returns the catalog when it is there and good, as it is but when somebody was faster; all else needs another whole look. */
  #presentCatalog(): Catalog | undefined {
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

  /** Gives everything back that was opened; the error that is on its way counts, not those of this. */
  #undo(): void {
    try {
      runAll(this.#opened.reverse())
    } catch (error) {
      this.#options.logger?.warn(`while giving up an open: ${String(error)}`)
    }
  }
}
