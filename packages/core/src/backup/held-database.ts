import { isLdbError } from '@ldb/base'
import type { HeldCheckpoint } from '@ldb/base'
import { blobFileName } from '@ldb/blob'
import { DataKeys } from '@ldb/integrity'
import type { Catalog } from '../catalog/catalog.js'
import { blobsPath } from '../catalog/directory-layout.js'
import { AUTOMATIC_CHECKPOINT } from '../commit/checkpoint-options.js'
import type { KeyspaceStore } from '../keyspace/store.js'
import type { BackupManifest } from './manifest.js'
import type { CommitPin, CommitReader } from '../log/change-reader.js'
import type { VfsFile } from '@ldb/vfs'
import type { OpenDatabase } from '../open/open-database.js'

/** The checkpoint of one keyspace. */
export interface HeldKeyspace {
  readonly keyspaceId: number
  readonly checkpoint: HeldCheckpoint
}

/** A blob file: its bytes up to a length. */
export interface HeldBlobFile {
  readonly number: number
  readonly path: string
  readonly length: number
}

/**
 * Everything that a copy of a database at one commit consists of: the catalog, the durable checkpoint of each keyspace, the values in blob
 * files, and the commits of the log that the checkpoints do not contain. Its bytes stay readable until it is released.
 */
export interface HeldDatabase {
  readonly catalog: Catalog
  /** Newest commit. */
  readonly seq: number
  /** The commits above this one are read from the log. */
  readonly logSeq: number
  /** `undefined` when there are none. */
  readonly commits: CommitReader | undefined
  /** The commits since the backup that this one continues; `undefined` when the log no longer contains them. */
  readonly commitsOfParent: CommitReader | undefined
  /** Keeps the commits since, for the next backup, which closes it; `undefined` when none is wanted. */
  readonly nextCommits: CommitPin | undefined
  readonly keyspaces: readonly HeldKeyspace[]
  readonly blobs: readonly HeldBlobFile[]
  /** Data keys and key file of an encrypted database. */
  readonly keys: { readonly data: DataKeys; readonly file: Uint8Array } | undefined
  /** Opens a blob file for reading. */
  openBlobs(path: string): VfsFile
  release(): void
}

/** The series that a copy belongs to. */
export interface HeldSeries {
  /** The backup that it continues; `undefined` for a full one. */
  readonly parent: Pick<BackupManifest, 'backupId'> | undefined
  /** Another one will continue it. */
  readonly isContinued: boolean
}

/**
 * Holds the present state of a database, which nothing else changes during the call.
 *
 * @remarks A checkpoint is needed only where there is no log: a checkpoint that was just made leaves a short log.
 * @throws {@link LdbError} LDB_IO, LDB_NO_SPACE, LDB_CORRUPTION, LDB_POISONED, LDB_CLOSED.
 */
export function holdDatabase(opened: OpenDatabase, { parent, isContinued }: HeldSeries): HeldDatabase {
  const { pipeline, log, keyspaces, checkpointer, blobs, options, manager } = opened
  const releases: (() => void)[] = []
  const onFailure: (() => void)[] = []
  const release = (): void => {
    for (const each of releases.splice(0).reverse()) each()
  }
  try {
    for (const keyspace of keyspaces) keyspace.ensureOpen()
    if (!options.readOnly) {
      if (log.isVolatile) checkpointer.run(pipeline, { ...AUTOMATIC_CHECKPOINT, force: true })
      log.flush()
    }
    const { seq } = pipeline
    const logSeq = log.isVolatile ? seq : Math.min(seq, checkpointer.stats().lastSeq)
    const commits = logSeq < seq ? log.readCommits(logSeq) : undefined
    if (commits !== undefined) releases.push(() => commits.close())
    const commitsOfParent = readSince(opened, parent)
    if (commitsOfParent !== undefined) releases.push(() => commitsOfParent.close())
    const nextCommits = isContinued && !options.readOnly ? log.pinCommits(seq) : undefined
    if (nextCommits !== undefined) onFailure.push(() => nextCommits.close())
    if (blobs !== undefined) releases.push(blobs.hold())
    const held = [...keyspaces].map((keyspace) => holdKeyspace(keyspace, opened, releases))
    const directory = blobsPath(opened.engines.directory)
    const blobFiles = (blobs?.files?.files() ?? []).map(({ number, fileBytes }) => {
      const path = `${directory}/${blobFileName(number)}`
      // The padding of the last record may lie behind the end of the file.
      return { number, path, length: Math.min(fileBytes, opened.engines.vfs.status(path)?.length ?? 0) }
    })
    return {
      catalog: manager.catalog,
      seq,
      logSeq,
      commits,
      commitsOfParent,
      nextCommits,
      keyspaces: held,
      blobs: blobFiles,
      keys: keysOf(opened),
      openBlobs: (path) => opened.engines.vfs.open(path, 'read'),
      release,
    }
  } catch (error) {
    for (const each of onFailure) each()
    release()
    throw error
  }
}

/** Opens a reader of the commits since a backup, where the log still contains them. */
function readSince({ commitHolds }: OpenDatabase, parent: HeldSeries['parent']): CommitReader | undefined {
  try {
    return parent && commitHolds.find(parent.backupId)?.open()
  } catch (error) {
    if (!isLdbError(error, 'LDB_NOT_FOUND')) throw error
    return undefined
  }
}

/** The key file comes from memory: a damaged one would make the backup useless. */
function keysOf({ engines: { vfs, keys } }: OpenDatabase): HeldDatabase['keys'] {
  // The copy of the key file lacks the data keys of later rotations: nothing in the backup may be under one of them.
  return keys && { data: DataKeys.import(keys.data.export(), vfs.random), file: keys.wholeFile }
}

/** (K4) The files of a keyspace that is dropped meanwhile stay. */
function holdKeyspace(
  keyspace: KeyspaceStore,
  { health }: OpenDatabase,
  releases: (() => void)[],
): HeldKeyspace {
  const checkpoint = keyspace.rawStore.holdCheckpoint()
  keyspace.beginRead()
  releases.push(() => {
    checkpoint.release()
    // The next open removes what belongs to a dropped keyspace.
    if (!health.closed) keyspace.endRead()
  })
  return { keyspaceId: keyspace.descriptor.id, checkpoint }
}
