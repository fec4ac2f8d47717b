import { isLdbError, LdbError, WriteBatch } from '@ldb/base'
import type { VerifyReport } from '@ldb/integrity'
import { directoryOf, InternalVfs, makeParents } from '@ldb/vfs'
import type { FilePath, Vfs } from '@ldb/vfs'
import type { KeyspaceDescriptor } from '../catalog/catalog.js'
import { resolveDirectory } from '../catalog/path.js'
import {
  assertFree,
  leftTemporaryDirectories,
  publishDirectory,
  temporaryDirectory,
} from '../catalog/temporary-directory.js'
import { KeyAccess } from '../encryption/database-keys.js'
import { resolveEncryption } from '../encryption/secret.js'
import { BUILT_IN_ENGINES } from '../engine/engine-registry.js'
import { createDirectory } from '../open/creation.js'
import type { OpenDatabase } from '../open/open-database.js'
import { openDatabase } from '../open/opening.js'
import { destroyDatabase } from '../open/removal.js'
import type { ResolvedRepairOptions } from './options.js'

/** Bytes of operations of one commit. */
const COMMIT_BYTES = 1_048_576

/** The database that a repair writes, under a temporary name until it is complete. */
export class RepairTarget {
  /** Its directory when it is complete. */
  readonly directory: string
  readonly #vfs: Vfs
  readonly #temporary: string
  readonly #opened: OpenDatabase
  #batch = new WriteBatch()
  readonly #onCommit: () => void

  private constructor(
    vfs: Vfs,
    directory: string,
    temporary: string,
    opened: OpenDatabase,
    onCommit: () => void,
  ) {
    this.#vfs = vfs
    this.directory = directory
    this.#temporary = temporary
    this.#opened = opened
    this.#onCommit = onCommit
  }

  /**
   * Creates the database, with keyspaces as they are described.
   *
   * @param onCommit - called before each commit; may throw to end the repair.
   */
  static create(
    vfs: Vfs,
    directory: string,
    keyspaces: readonly KeyspaceDescriptor[],
    pageBytes: number,
    { codecs, encryption }: Pick<ResolvedRepairOptions, 'codecs' | 'encryption'>,
    onCommit: () => void,
  ): RepairTarget {
    removeLeft(vfs, directory)
    const temporary = temporaryDirectory(vfs, directory, 'repairing')
    makeParents(vfs, directory)
    createDirectory(InternalVfs.over(vfs), temporary, {
      engine: 'btree',
      compression: 'none',
      dictionary: false,
      pageBytes,
      engines: BUILT_IN_ENGINES,
      withLog: true,
      keyspaces,
      access: new KeyAccess(temporary, resolveEncryption(encryption)),
    })
    try {
      const opened = openDatabase(temporary, {
        ...{ vfs, durability: 'none', workers: 0 },
        ...(encryption !== undefined && { encryption }),
      })
      for (const codec of codecs) opened.engines.codecs.add(codec)
      return new RepairTarget(vfs, directory, temporary, opened, onCommit)
    } catch (error) {
      discard(vfs, temporary)
      throw error
    }
  }

  put(keyspaceId: number, key: Uint8Array, value: Uint8Array): void {
    this.#makeRoom(key.length + value.length)
    this.#batch.put(keyspaceId, key, value)
  }

  delete(keyspaceId: number, key: Uint8Array): void {
    this.#makeRoom(key.length)
    this.#batch.delete(keyspaceId, key)
  }

  deleteRange(keyspaceId: number, lower: Uint8Array | undefined, upper: Uint8Array | undefined): void {
    this.#makeRoom(0)
    this.#batch.deleteRange(keyspaceId, lower, upper)
  }

  /** Commits what was written so far. */
  commit(): void {
    this.#onCommit()
    if (this.#batch.operationCount === 0) return
    this.#opened.pipeline.commit(this.#batch, 'none')
    this.#batch = new WriteBatch()
  }

  /** Returns the number of entries of each keyspace, by its number. */
  countEntries(): Map<number, number> {
    this.commit()
    const counts = new Map<number, number>()
    for (const { descriptor, rawStore } of this.#opened.keyspaces) {
      const snapshot = rawStore.snapshot()
      const cursor = snapshot.cursor()
      let count = 0
      try {
        while (cursor.next()) count++
      } finally {
        cursor.close()
        snapshot.release()
      }
      counts.set(descriptor.id, count)
    }
    return counts
  }

  /**
   * Closes, verifies and publishes the database.
   *
   * @param verify - verifies the database in a directory.
   * @throws {@link LdbError} LDB_INVARIANT when it is not valid.
   */
  complete(verify: (directory: string) => VerifyReport): void {
    this.commit()
    this.#opened.close()
    const { ok, findings } = verify(this.#temporary)
    if (!ok)
      throw new LdbError('LDB_INVARIANT', `the repaired database is damaged: ${findings[0]?.message ?? ''}`)
    this.#onCommit()
    publishDirectory(this.#vfs, this.#temporary, this.directory)
    this.#vfs.syncDirectory(directoryOf(this.directory))
  }

  /** Removes what was written. */
  discard(): void {
    try {
      this.#opened.close()
    } catch (error) {
      if (!isLdbError(error)) throw error
    }
    discard(this.#vfs, this.#temporary)
  }

  #makeRoom(byteCount: number): void {
    const { byteLength, operationCount } = this.#batch
    if (operationCount > 0 && byteLength + byteCount > COMMIT_BYTES) this.commit()
  }
}

/**
 * Returns the directory of a target, which is absent or empty, and neither within the source nor around it.
 *
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT; LDB_EXISTS when there is something at the path; LDB_IO.
 */
export function targetDirectory(vfs: Vfs, path: FilePath, source: string): string {
  const directory = resolveDirectory(vfs, path)
  const isNested = `${directory}/`.startsWith(`${source}/`) || source.startsWith(`${directory}/`)
  if (isNested) {
    throw new LdbError('LDB_INVALID_ARGUMENT', 'target must be another directory than that of the database')
  }
  assertFree(vfs, directory)
  return directory
}

/** Removes a temporary database as far as possible; one that is open in another process stays. Its random name is never used again. */
function discard(vfs: Vfs, temporary: string): void {
  try {
    destroyDatabase(temporary, vfs)
  } catch (error) {
    if (!isLdbError(error)) throw error
  }
}

/** Removes, as far as possible, what killed repairs to the same target have left. What a running one writes is locked, and stays. */
function removeLeft(vfs: Vfs, directory: string): void {
  try {
    for (const left of leftTemporaryDirectories(vfs, directory, 'repairing')) discard(vfs, left)
  } catch (error) {
    if (!isLdbError(error)) throw error
  }
}
