import { isLdbError, NO_SEGMENT_ID, ownProperty } from '@ldb/base'
import type { DataKeys } from '@ldb/integrity'
import { directoryOf, makeParents } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import { Wal } from '@ldb/wal'
import type { Catalog, EngineName, KeyspaceDescriptor } from '../catalog/catalog.js'
import { keyspaceDescriptor } from '../catalog/descriptor.js'
import { replaceCatalog } from '../catalog/file.js'
import { temporaryDirectory } from '../catalog/temporary-directory.js'
import { DirectoryEntrySync } from './directory-entry-sync.js'
import { removeUnfinishedFiles } from './removal.js'
import {
  CATALOG_NAME,
  CREATING_NAME,
  DEFAULT_KEYSPACE_ID,
  DEFAULT_KEYSPACE_NAME,
  keyspacesPath,
  logPath,
} from '../catalog/directory-layout.js'
import { engineOf } from '../engine/engine-registry.js'
import type { EngineTable } from '../engine/engine-registry.js'
import { cipherOption } from '../encryption/ciphers.js'
import type { KeyAccess } from '../encryption/database-keys.js'
import { DATABASE_ID_BYTES } from '../format.js'
import { storedCompression } from '../health/compression.js'
import type { Compression } from '../health/compression.js'
import { NO_CHECKPOINT } from '../log/checkpoint-record.js'
import type { LogEnd } from '../log/commit-log.js'
import { WalLog } from '../log/wal-log.js'

/** Options of a new database. */
export interface CreationOptions {
  readonly engine: EngineName
  readonly compression: Compression
  readonly dictionary: boolean
  /** Page size in bytes. */
  readonly pageBytes: number
  /** Engines of this build. */
  readonly engines: EngineTable
  /** Create a log; a memory-only database has none. */
  readonly withLog: boolean
  /** Creates the keys of an encrypted database. */
  readonly access: KeyAccess
  /** Its keyspaces, by ascending number, without commits. Default: the keyspace `default` alone. */
  readonly keyspaces?: readonly KeyspaceDescriptor[]
}

/** A database that this process has just created. */
export interface CreatedDatabase {
  readonly databaseId: Uint8Array
  /** End of its log, which the process that opens it continues. */
  readonly log: LogEnd
}

/**
 * Creates a database at a path that does not exist, and its missing parent directories: in a sibling directory, which is renamed last (D1).
 *
 * @remarks Syncs five times: the directory of the log, the log, the catalog, the directory, and after the rename the parent. Nothing is synced twice,
 * because nothing is visible before the rename.
 * @returns `undefined` when another process has created something at the path in the meantime.
 */
export function createDirectory(
  vfs: Vfs,
  directory: string,
  options: CreationOptions,
): CreatedDatabase | undefined {
  const temporary = temporaryDirectory(vfs, directory, 'creating')
  makeParents(vfs, temporary)
  vfs.makeDirectory(temporary)
  let created: CreatedDatabase
  try {
    created = createDatabase(vfs, temporary, options, () => undefined)
    vfs.rename(temporary, directory)
  } catch (error) {
    discardTemporary(vfs, temporary, options.engines)
    if (vfs.status(directory) !== undefined) return undefined
    throw error
  }
  vfs.syncDirectory(directoryOf(directory))
  return created
}

/**
 * Creates a database inside an existing directory that is empty, or that contains an interrupted creation (D1). The caller
 * holds its lock.
 */
export function createInside(vfs: Vfs, directory: string, options: CreationOptions): CreatedDatabase {
  const mark = `${directory}/${CREATING_NAME}`
  vfs.open(mark, 'create').close()
  vfs.syncDirectory(directory)
  removeUnfinishedFiles(vfs, directory, options.engines)
  const created = createDatabase(vfs, directory, options, () => {
    // A directory with a catalog is a database: from then on, nothing of it may be missing.
    vfs.syncDirectory(directory)
  })
  vfs.remove(mark)
  // The process that created the directory may not have synced its entry.
  new DirectoryEntrySync(vfs, directory).sync()
  return created
}

/**
 * Writes all files of a new database. The catalog, which makes it a database, is written last. The keyspace `default` has no file before
 * its first checkpoint.
 *
 * @param beforeCatalog - called when everything but the catalog, and the entries in the directory, is durable.
 */
function createDatabase(
  vfs: Vfs,
  directory: string,
  options: CreationOptions,
  beforeCatalog: () => void,
): CreatedDatabase {
  const { pageBytes, engines } = options
  const keyspaces = (ownProperty(options, 'keyspaces') ?? [defaultKeyspace(options)]).map((descriptor) => ({
    descriptor,
    section: engineOf(engines, descriptor.engine).newSection(vfs.random, pageBytes),
  }))
  vfs.makeDirectory(keyspacesPath(directory))
  const databaseId = vfs.random.fill(new Uint8Array(DATABASE_ID_BYTES))
  const keys = options.access.create(vfs, directory, databaseId)?.data
  const end = options.withLog ? createLog(vfs, directory, databaseId, keys) : NO_LOG_END
  beforeCatalog()
  const catalog: Catalog = {
    databaseId,
    branchId: new Uint8Array(DATABASE_ID_BYTES),
    pageBytes,
    generation: FIRST_GENERATION,
    ...end,
    seq: 0,
    nextKeyspaceId: Math.max(...keyspaces.map(({ descriptor }) => descriptor.id)) + 1,
    keyspaces,
    change: undefined,
  }
  replaceCatalog(vfs, directory, catalog, keys)
  return { databaseId, log: end }
}

function defaultKeyspace({ engine, compression, dictionary }: CreationOptions): KeyspaceDescriptor {
  return keyspaceDescriptor({
    id: DEFAULT_KEYSPACE_ID,
    name: DEFAULT_KEYSPACE_NAME,
    engine,
    compression: storedCompression(compression),
    keys: 'utf8',
    values: 'utf8',
    createdSeq: 0,
    ...(dictionary && engine === 'btree' ? { dictionary } : {}),
  })
}

/** Generation of the catalog that creates a database. */
const FIRST_GENERATION = 1
const NO_LOG_END: LogEnd = { logSegmentId: NO_SEGMENT_ID, logLsn: 0 }

/**
 * Creates a log with a first checkpoint record. It names the catalog, which is written later: without the catalog, there is no
 * database, so that the log requires nothing that may be missing. The log is not sealed: the process that opens the database continues it.
 *
 * @returns the end of the log.
 */
function createLog(vfs: Vfs, directory: string, ownerId: Uint8Array, keys: DataKeys | undefined): LogEnd {
  const path = logPath(directory)
  const wal = Wal.open(vfs, path, {
    create: true,
    preallocateBytes: 0,
    ownerId,
    isUnpublished: true,
    ...cipherOption(keys, 'log'),
  })
  const logSegmentId = wal.history.segmentId
  const log = new WalLog(wal, false, { generation: FIRST_GENERATION, logSegmentId }, 0, 0)
  try {
    vfs.syncDirectory(path)
    log
      .beginRotation()
      .end({ seq: 0, stores: new Map([[DEFAULT_KEYSPACE_ID, NO_CHECKPOINT]]) })
      .sync()
  } finally {
    log.close(false)
  }
  return { logSegmentId, logLsn: wal.endLsn }
}

/** Removes the temporary directory as far as possible. Its random name is never reused, so a remainder does no harm. */
function discardTemporary(vfs: Vfs, temporary: string, engines: EngineTable): void {
  try {
    removeUnfinishedFiles(vfs, temporary, engines)
    if (vfs.status(`${temporary}/${CATALOG_NAME}`) !== undefined) vfs.remove(`${temporary}/${CATALOG_NAME}`)
    vfs.removeDirectory(temporary)
  } catch (error) {
    if (!isLdbError(error)) throw error
  }
}
