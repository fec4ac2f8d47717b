import { NO_SEGMENT_ID } from '@ldb/base'
import type { HeldFile, Syncable } from '@ldb/base'
import { HeldBytes } from '@ldb/vfs'
import { BackupRole } from '../format.js'
import { encodeCatalogFile } from '../catalog/sealed-catalog.js'
import { SealedCommits } from '../encryption/sealed-commits.js'
import { copyBlocks, plainEntry } from './block-file.js'
import type { BlockSource, CopyObserver } from './block-file.js'
import type { HeldBlobFile, HeldDatabase } from './held-database.js'
import { copyCommits, copyCommitsSince, heldBytes, LOG_BLOCK_BYTES } from './log-copy.js'
import { blockBytesAt, blockCountOf, isBlock, keyOf } from './manifest.js'
import type { BackupFile, BackupManifest } from './manifest.js'
import { CountingSink } from './sink.js'

/** Bytes of commits that are always fewer than those of blocks: a tree writes that much for a few entries. The stores are not compared. */
const FEW_BYTES = 65_536
/** Bytes of commits that an increment contains at most: they are in memory. */
const COMMIT_BYTES_MAX = 67_108_864

/** A file that is open for the copy. */
export interface OpenSource {
  readonly source: BlockSource
  readonly close: () => void
}

/** A file of a backup: one that is copied, or one that is as it was in the parent. */
export type ContentFile =
  | {
      readonly kind: 'copied'
      /** Opens it. The caller closes it. */
      readonly open: () => OpenSource
      readonly length: number
      /** Bytes that are not in the parent, where that is known. */
      readonly newBytes: number | undefined
    }
  | { readonly kind: 'inherited'; readonly file: BackupFile }

/** What a backup consists of. */
export interface BackupContent {
  readonly files: readonly ContentFile[]
  /** Its commits begin with the next one. */
  readonly logSeq: number
  /** Newest commit in a checkpoint, or number of the catalog. */
  readonly newestSeq: number
  /** It is an increment that consists of commits. */
  readonly isCommits: boolean
}

/**
 * Decides what a backup contains, and reads its commits, which are then no longer pinned.
 *
 * @param parent - the backup that it continues; `undefined` for a full one.
 */
export function* contentOf(
  held: HeldDatabase,
  parent: BackupManifest | undefined,
  observer: CopyObserver,
): Generator<Syncable, BackupContent, void> {
  const { keys, catalog, seq } = held
  const sealed = keys && new SealedCommits(keys.data, catalog)
  const check = (): void => {
    observer.progress(0, 0)
  }
  const parts = { sealed, timeSlice: observer.timeSlice, check }
  const { commits, commitsOfParent } = held
  try {
    if (parent !== undefined && commitsOfParent !== undefined && hasKeyFile(held, parent)) {
      const limit = Math.min(COMMIT_BYTES_MAX, Math.max(FEW_BYTES, storeBytesOf(parent) - logBytesOf(parent)))
      const bytes = yield* copyCommitsSince(commitsOfParent, seq, limit, parts)
      if (bytes !== undefined && (yield* mayReplaceBlocks(bytes.length, held, parent, observer)))
        return contentOfCommits(held, parent, bytes)
    }
    if (commits === undefined) return contentOfBlocks(held, parent, new Uint8Array(0))
    return contentOfBlocks(held, parent, yield* copyCommits(commits, seq, parts))
  } finally {
    commits?.close()
    commitsOfParent?.close()
  }
}

/**
 * Reports whether a backup has the present key file. When it has another one, what an increment inherits from it may be under a data key that was removed
 * since: an increment of blocks inherits only what the database still contains.
 */
function hasKeyFile({ keys }: HeldDatabase, { files }: BackupManifest): boolean {
  if (keys === undefined) return true
  const before = files.find(({ role }) => role === BackupRole.Keys)
  return before?.length === keys.file.length && isBlock(before, 0, keys.file, 0, keys.file.length)
}

/** Reports whether every value in the blob files of the parent is still there: only appends have changed them. */
function* areBlobsKept(held: HeldDatabase, { files }: BackupManifest): Generator<Syncable, boolean, void> {
  const byNumber = new Map(held.blobs.map((blob) => [blob.number, blob]))
  for (const before of files) {
    if (before.role !== BackupRole.Blob || before.length === 0) continue
    const blob = byNumber.get(before.number)
    if (blob === undefined || blob.length < before.length) return false
    // A compacted file has an index in its first block.
    const bytes = new Uint8Array(blockBytesAt(before, 0))
    const file = held.openBlobs(blob.path)
    try {
      yield {
        sync: () => void file.read(bytes, 0, bytes.length, 0),
        syncAsync: async () => void (await file.readAsync(bytes, 0, bytes.length, 0)),
      }
    } finally {
      file.close()
    }
    if (!isBlock(before, 0, bytes, 0, bytes.length)) return false
  }
  return true
}

/** Reports whether commits are fewer bytes than the changed blocks of the stores, and the values that they name are there. */
function* mayReplaceBlocks(
  commitBytes: number,
  held: HeldDatabase,
  parent: BackupManifest,
  observer: CopyObserver,
): Generator<Syncable, boolean, void> {
  if (!(yield* areBlobsKept(held, parent))) return false
  if (commitBytes <= FEW_BYTES) return true
  return (yield* changedBytes(held, parent, commitBytes, observer)) > commitBytes
}

/** Returns the bytes of the blocks that the parent does not have; a number above `bytesMax` as soon as there are more. */
export function* changedBytes(
  held: HeldDatabase,
  parent: BackupManifest,
  bytesMax: number,
  { timeSlice, progress }: CopyObserver,
): Generator<Syncable, number, void> {
  const sink = new CountingSink(bytesMax)
  const counting = {
    timeSlice,
    progress: () => {
      progress(0, 0)
    },
  }
  for (const source of storeFiles(held, parent)) {
    if (sink.isFull) break
    yield* copyBlocks(source, 0, sink, counting)
  }
  return sink.byteCount
}

function contentOfBlocks(
  held: HeldDatabase,
  parent: BackupManifest | undefined,
  commits: Uint8Array,
): BackupContent {
  const { logSeq, catalog, keyspaces } = held
  const stores = [...storeFiles(held, parent)].map((source) =>
    copied(source.file.length, parent === undefined ? source.file.length : undefined, () => source),
  )
  return {
    files: [...logFile(commits, logSeq), ...rootFiles(held), ...stores, ...blobFiles(held, parent)],
    logSeq,
    newestSeq: Math.max(logSeq, catalog.seq, ...keyspaces.map(({ checkpoint }) => checkpoint.durableSeq)),
    isCommits: false,
  }
}

/** The checkpoints and the commits of the parent, and the commits since. */
function contentOfCommits(held: HeldDatabase, parent: BackupManifest, commits: Uint8Array): BackupContent {
  const { catalog } = held
  const present = new Set(catalog.keyspaces.map(({ descriptor }) => descriptor.id))
  const inherited = parent.files.filter(
    ({ role, keyspaceId }) =>
      role === BackupRole.Log || (role === BackupRole.Store && present.has(keyspaceId)),
  )
  return {
    files: [
      ...inherited.map((file) => ({ kind: 'inherited', file: unstored(file) }) as const),
      ...logFile(commits, parent.seq),
      ...rootFiles(held),
      ...blobFiles(held, parent),
    ],
    logSeq: parent.logSeq,
    newestSeq: Math.max(parent.firstSeq, catalog.seq),
    isCommits: true,
  }
}

function unstored(file: BackupFile): BackupFile {
  return { ...file, stored: new Uint8Array(Math.ceil(blockCountOf(file) / 8)), storedCount: 0 }
}

function storeBytesOf({ files }: BackupManifest): number {
  return files.reduce((sum, { role, length }) => sum + (role === BackupRole.Store ? length : 0), 0)
}

function logBytesOf({ files }: BackupManifest): number {
  return files.reduce((sum, { role, length }) => sum + (role === BackupRole.Log ? length : 0), 0)
}

function logFile(commits: Uint8Array, since: number): ContentFile[] {
  if (commits.length === 0) return []
  return [memoryFile(BackupRole.Log, since, heldBytes(commits))]
}

/** The catalog, and the key file. */
function rootFiles({ catalog, keys }: HeldDatabase): ContentFile[] {
  const files = [memoryFile(BackupRole.Catalog, 0, heldBytes(encodeCatalogFile(catalog, keys?.data)))]
  if (keys !== undefined) files.push(memoryFile(BackupRole.Keys, 0, heldBytes(keys.file)))
  return files
}

function memoryFile(role: BackupRole, number: number, file: HeldFile): ContentFile {
  const source = { entry: plainEntry({ role, keyspaceId: 0, number }), file, parent: undefined }
  return copied(file.length, file.length, () => source)
}

function* storeFiles(
  { keyspaces }: HeldDatabase,
  parent: BackupManifest | undefined,
): Generator<BlockSource, void, void> {
  const before = filesOf(parent)
  for (const { keyspaceId, checkpoint } of keyspaces) {
    for (const file of checkpoint.files) {
      const { durableSeq, segmentId } = file.number === 0 ? checkpoint : NO_CHECKPOINT_OF_FILE
      const entry = { role: BackupRole.Store, keyspaceId, number: file.number, durableSeq, segmentId }
      yield { entry, file, parent: before.get(keyOf(entry)) }
    }
  }
}

function blobFiles(held: HeldDatabase, parent: BackupManifest | undefined): ContentFile[] {
  const files = filesOf(parent)
  return held.blobs.map((blob): ContentFile => {
    const entry = plainEntry({ role: BackupRole.Blob, keyspaceId: 0, number: blob.number })
    const before = files.get(keyOf(entry))
    return {
      kind: 'copied',
      length: blob.length,
      // Values are appended.
      newBytes: Math.max(0, blob.length - (before?.length ?? 0)),
      open: () => openBlob(held, blob, (file) => ({ entry, file, parent: before })),
    }
  })
}

function openBlob(
  held: HeldDatabase,
  { path, number, length }: HeldBlobFile,
  sourceOf: (file: HeldFile) => BlockSource,
): OpenSource {
  const file = held.openBlobs(path)
  const shape = { number, length, blockBytes: LOG_BLOCK_BYTES, isImmutable: false }
  return {
    source: sourceOf(new HeldBytes(shape, new Uint8Array(0), file)),
    close: () => {
      file.close()
    },
  }
}

function copied(length: number, newBytes: number | undefined, source: () => BlockSource): ContentFile {
  const open = (): OpenSource => ({
    source: source(),
    close: () => undefined,
  })
  return { kind: 'copied', length, newBytes, open }
}

/** Returns the files of the parent by what distinguishes them. */
function filesOf(parent: BackupManifest | undefined): ReadonlyMap<string, BackupFile> {
  return new Map(parent?.files.map((file) => [keyOf(file), file]))
}

const NO_CHECKPOINT_OF_FILE = { durableSeq: 0, segmentId: NO_SEGMENT_ID }
