import { corruption, NO_SEGMENT_ID, ResumableTask, toSeq } from '@ldb/base'
import type { StoreLoad } from '@ldb/base'
import type { DataKeys } from '@ldb/integrity'
import { isMissingPath, makeParents } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import { newSeed } from '../key-hash.js'
import { LEVEL_COUNT, STORE_ID_BYTES } from '../format.js'
import type { ResolvedLsmOptions } from '../options.js'
import { MANIFEST_NAME, ManifestWriter } from '../version/manifest-writer.js'
import { readManifest } from '../version/manifest-reader.js'
import type { ManifestState } from '../version/manifest-reader.js'
import { TableFiles } from '../version/table-files.js'
import type { Table } from '../version/table.js'
import { Version } from '../version/version.js'
import { BackgroundWork } from './background-work.js'
import { Persistence } from './persistence.js'
import { RemoteCompaction } from './remote-compaction.js'
import { StoreStatus } from './status.js'
import { StoreState } from './store-state.js'

/** Tables in level 0 that start a compaction. */
const LEVEL0_TABLES = 4
/** Bytes of a level divided by those of the level above. */
const LEVEL_RATIO = 8

/** The parts of an open store. */
export interface OpenedStore {
  readonly vfs: Vfs
  readonly directory: string
  readonly options: ResolvedLsmOptions
  readonly storeId: Uint8Array
  readonly status: StoreStatus
  readonly state: StoreState
  readonly files: TableFiles
  readonly manifest: ManifestWriter
  readonly persistence: Persistence
  readonly work: BackgroundWork
  /** Loads in progress. */
  readonly loads: Set<StoreLoad>
}

/**
 * Opens or creates a store.
 *
 * @param snapshots - returns the stamps of the open snapshots, ascending.
 * @param threadEnded - called in a turn of the event loop after another thread has compacted.
 */
export function openStore(
  vfs: Vfs,
  directory: string,
  options: ResolvedLsmOptions,
  snapshots: () => number[],
  threadEnded: () => void,
): OpenedStore {
  const { found, writer: manifest } = openManifest(vfs, directory, options)
  const { storeId, durableSeq, stamp, nextNumber, segmentId } = found
  const { blockBytes, codecs, cache, keys } = options
  const files = new TableFiles(vfs, directory, storeId, blockBytes, codecs, cache, nextNumber, keys)
  const levels = Array.from({ length: LEVEL_COUNT }, (): Table[] => [])
  let version: Version | undefined
  try {
    for (const { level, meta } of found.tables) levels[level]?.push(files.openDurable(meta))
    version = Version.of(levels)
    if (version === undefined) {
      throw corruption(`${directory}/${MANIFEST_NAME}`, 0, 'the tables of a level overlap')
    }
  } catch (error) {
    files.close()
    manifest.close()
    throw error
  }
  const state = new StoreState(version, toSeq(durableSeq), stamp, () => newSeed(vfs.random))
  const persistence = new Persistence(
    vfs,
    directory,
    state,
    files,
    manifest,
    segmentId,
    options.rewriteManifest !== 'none',
  )
  const compaction = {
    policy: options.compaction,
    level0Tables: LEVEL0_TABLES,
    levelRatio: LEVEL_RATIO,
    baseBytes: options.levelBaseBytes,
    tableBytes: options.tableBytes,
    codecs,
  }
  const { tableBytes, thread } = options
  const job = { directory, storeId, blockBytes, tableBytes }
  const remote =
    thread === undefined ? undefined : new RemoteCompaction(thread, files, job, vfs.clock, threadEnded)
  const work = new BackgroundWork(state, files, compaction, snapshots, vfs.clock, options.observer, remote)
  return {
    vfs,
    directory,
    options,
    storeId,
    status: new StoreStatus(directory),
    state,
    files,
    manifest,
    persistence,
    work,
    loads: new Set(),
  }
}

/** A manifest that was found or created. */
interface Manifest {
  readonly found: ManifestState
  readonly writer: ManifestWriter
}

function openManifest(vfs: Vfs, directory: string, options: ResolvedLsmOptions): Manifest {
  const path = `${directory}/${MANIFEST_NAME}`
  const { create, creation, storeId, keys } = options
  let found: ManifestState
  try {
    found = readManifest(vfs, path, keys)
  } catch (error) {
    if (!isMissingPath(error)) throw error
    if (creation === 'write' && storeId !== undefined) return emptyManifest(vfs, directory, storeId, keys)
    // The owner knows the store, and that it has a manifest.
    if (storeId !== undefined)
      throw corruption(path, 0, 'the manifest of the store is missing', { cause: error })
    if (!create) throw error
    return createManifest(vfs, directory, keys)
  }
  if (storeId !== undefined && found.storeId.some((byte, index) => byte !== storeId[index])) {
    throw corruption(path, 0, 'the manifest belongs to another store')
  }
  return { found, writer: new ManifestWriter(vfs, directory, found.storeId, true, keys) }
}

const EMPTY = { durableSeq: 0, stamp: 0, nextNumber: 1, segmentId: NO_SEGMENT_ID }

/** The manifest of an empty store whose files the first write creates. */
function emptyManifest(vfs: Vfs, directory: string, storeId: Uint8Array, keys?: DataKeys): Manifest {
  return {
    found: { storeId, ...EMPTY, tables: [] },
    writer: new ManifestWriter(vfs, directory, storeId, false, keys),
  }
}

/** Creates an empty store: its directory, and a manifest without tables. */
function createManifest(vfs: Vfs, directory: string, keys?: DataKeys): Manifest {
  makeParents(vfs, `${directory}/${MANIFEST_NAME}`)
  const storeId = vfs.random.fill(new Uint8Array(STORE_ID_BYTES))
  const writer = new ManifestWriter(vfs, directory, storeId, false, keys)
  try {
    new ResumableTask(writer.replace({ ...EMPTY, removed: [], added: [] })).sync()
  } catch (error) {
    writer.close()
    throw error
  }
  return { found: { storeId, ...EMPTY, tables: [] }, writer }
}
