import { isLdbError, NO_SEGMENT_ID } from '@ldb/base'
import type { StoreLog, StoreObserver } from '@ldb/base'
import { PageCache } from '@ldb/cache'
import { directoryOf, makeParents } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import { Wal } from '@ldb/wal'
import type { Catalog, CompressionName, EngineName } from '../catalog/catalog.js'
import { keyspaceDescriptor } from '../catalog/descriptor.js'
import { replaceCatalog } from '../catalog/file.js'
import { removeUnfinishedFiles } from './removal.js'
import {
  CATALOG_NAME,
  CREATING_NAME,
  DEFAULT_KEYSPACE_ID,
  DEFAULT_KEYSPACE_NAME,
  keyspacePath,
  keyspacesPath,
  logPath,
} from '../catalog/directory-layout.js'
import { engineOf } from '../engine/engine-registry.js'
import type { EngineTable } from '../engine/engine-registry.js'
import { DATABASE_ID_BYTES } from '../format.js'
import type { StoreCheckpoint } from '../log/checkpoint-record.js'
import type { LogEnd } from '../log/commit-log.js'
import { WalLog } from '../log/wal-log.js'

/** Options of a new database. */
export interface CreationOptions {
  readonly engine: EngineName
  readonly compression: CompressionName
  /** Page size in bytes. */
  readonly pageBytes: number
  /** Engines of this build. */
  readonly engines: EngineTable
  /** Create a log; a memory-only database has none. */
  readonly withLog: boolean
}

/**
 * Creates a database at a path that does not exist, and its missing parent directories: in a sibling directory, which is renamed last (D1).
 *
 * @returns false when another process has created something at the path in the meantime.
 */
export function createDirectory(vfs: Vfs, directory: string, options: CreationOptions): boolean {
  const temporary = `${directory}.creating-${randomName(vfs)}`
  makeParents(vfs, temporary)
  vfs.makeDirectory(temporary)
  try {
    createDatabase(vfs, temporary, options)
    vfs.rename(temporary, directory)
  } catch (error) {
    discardTemporary(vfs, temporary, options.engines)
    if (vfs.status(directory) !== undefined) return false
    throw error
  }
  vfs.syncDirectory(directoryOf(directory))
  return true
}

/**
 * Creates a database inside an existing directory that is empty, or that contains an interrupted creation (D1). The caller
 * holds its lock.
 */
export function createInside(vfs: Vfs, directory: string, options: CreationOptions): void {
  const mark = `${directory}/${CREATING_NAME}`
  vfs.open(mark, 'create').close()
  vfs.syncDirectory(directory)
  removeUnfinishedFiles(vfs, directory, options.engines)
  createDatabase(vfs, directory, options)
  vfs.remove(mark)
  vfs.syncDirectory(directory)
}

/** Frames of the page cache while a database is created. */
const CREATION_CACHE_PAGES = 32

/** The log of a store without commits. */
const NO_LOG: StoreLog = {
  segmentId: NO_SEGMENT_ID,
  sync: () => undefined,
  syncAsync: () => Promise.resolve(),
}

/** The observer of a store without background work. */
const NO_OBSERVER: StoreObserver = {
  wantsCheckpoint: () => undefined,
  stalled: () => undefined,
  completed: () => undefined,
  failed: () => undefined,
}

/** Writes all files of a new database. The catalog, which makes it a database, is written last. */
function createDatabase(vfs: Vfs, directory: string, options: CreationOptions): void {
  const descriptor = keyspaceDescriptor({
    id: DEFAULT_KEYSPACE_ID,
    name: DEFAULT_KEYSPACE_NAME,
    engine: options.engine,
    compression: options.compression,
    keys: 'utf8',
    values: 'utf8',
    createdSeq: 0,
  })
  vfs.makeDirectory(keyspacesPath(directory))
  const storeDirectory = keyspacePath(directory, descriptor.id)
  vfs.makeDirectory(storeDirectory)
  const { pageBytes } = options
  const cache = new PageCache({ bytes: CREATION_CACHE_PAGES * pageBytes, pageBytes })
  const { store, section } = engineOf(options.engines, descriptor.engine).create({
    vfs,
    directory: storeDirectory,
    cache,
    log: NO_LOG,
    observer: NO_OBSERVER,
  })
  store.close()
  vfs.syncDirectory(storeDirectory)
  vfs.syncDirectory(keyspacesPath(directory))
  const databaseId = vfs.random.fill(new Uint8Array(DATABASE_ID_BYTES))
  const end = options.withLog ? createLog(vfs, directory, databaseId) : NO_LOG_END
  vfs.syncDirectory(directory)
  const catalog: Catalog = {
    databaseId,
    pageBytes,
    generation: FIRST_GENERATION,
    ...end,
    seq: 0,
    nextKeyspaceId: DEFAULT_KEYSPACE_ID + 1,
    keyspaces: [{ descriptor, section }],
  }
  replaceCatalog(vfs, directory, catalog)
}

/** Generation of the catalog that creates a database. */
const FIRST_GENERATION = 1
const NO_LOG_END: LogEnd = { logSegmentId: NO_SEGMENT_ID, logLsn: 0 }

/**
 * Creates a log with a first checkpoint record. It names the catalog, which is written later: without the catalog, there is no
 * database, so that the log requires nothing that may be missing.
 *
 * @returns the end of the log.
 */
function createLog(vfs: Vfs, directory: string, ownerId: Uint8Array): LogEnd {
  const wal = Wal.open(vfs, logPath(directory), { create: true, preallocateBytes: 0, ownerId })
  const logSegmentId = wal.history.segmentId
  const log = new WalLog(wal, false, { generation: FIRST_GENERATION, logSegmentId }, 0)
  const checkpoint: StoreCheckpoint = { durableSeq: 0, segmentId: NO_SEGMENT_ID }
  try {
    const rotation = log.beginRotation()
    rotation.rotated.sync()
    rotation.end({ seq: 0, stores: new Map([[DEFAULT_KEYSPACE_ID, checkpoint]]) }).sync()
  } catch (error) {
    log.close(false)
    throw error
  }
  const logLsn = wal.endLsn
  log.close(true)
  return { logSegmentId, logLsn }
}

function randomName(vfs: Vfs): string {
  let name = ''
  for (const byte of vfs.random.fill(new Uint8Array(8))) name += byte.toString(16).padStart(2, '0')
  return name
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
