import { corruption, LdbError, readCheckedU64 } from '@ldb/base'
import type { Syncable, TaskSteps } from '@ldb/base'
import { blobFileName } from '@ldb/blob'
import { DirectorySync } from '@ldb/vfs'
import type { Vfs, VfsFile } from '@ldb/vfs'
import { archivedSinceSeqs, archiveFilePath, branchPath } from '../archive/archive-directory.js'
import { ArchiveFileReader } from '../archive/archive-file.js'
import { syncSteps } from '../backup/block-file.js'
import type { SealedCommits } from '../encryption/sealed-commits.js'
import type { Catalog } from '../catalog/catalog.js'
import { decodeCatalog } from '../catalog/decode.js'
import { blobsPath } from '../catalog/directory-layout.js'
import {
  BLOB_BYTES_HEADER_BYTES,
  BLOB_BYTES_OFFSET_FILE_NUMBER,
  BLOB_BYTES_OFFSET_FILE_OFFSET,
  FrameType,
  isCommitType,
  LogRecordType,
} from '../format.js'
import type { RestoredLog } from './restored-log.js'

/** Frames that one time slice restores. */
const SLICE_FRAMES = 256

/** How far an archive is restored. */
export interface ArchiveTarget {
  /** Newest commit; `Infinity` for no limit. */
  readonly seq: number
  /** Commits up to this time, in milliseconds since 1970; `Infinity` for no limit. */
  readonly ms: number
}

/** What the restore of an archive needs. */
export interface ArchiveRestoring {
  readonly vfs: Vfs
  /** Directory of the archive. */
  readonly archive: string
  /** Directory of the restored database. */
  readonly directory: string
  /** Decrypts the archive; `undefined` when the database is not encrypted. */
  readonly sealed: SealedCommits | undefined
  readonly timeSlice: Syncable
  /** Called after each slice. Throws to end the restore. */
  progress(): void
}

/** Restores commits from an archive, after those of a backup. */
export class ArchivedCommits {
  /** The newest catalog of the restored commits. */
  catalog: Catalog
  readonly #parts: ArchiveRestoring
  readonly #log: RestoredLog
  readonly #target: ArchiveTarget
  readonly #blobs: Map<number, VfsFile> = new Map()
  #isDone = false

  /** @param catalog - that of the backup. */
  constructor(parts: ArchiveRestoring, log: RestoredLog, catalog: Catalog, target: ArchiveTarget) {
    this.#parts = parts
    this.#log = log
    this.#target = target
    this.catalog = catalog
    this.#isDone = log.seq >= target.seq
  }

  /** @throws {@link LdbError} LDB_NOT_FOUND, LDB_CORRUPTION, LDB_FORMAT, LDB_UNSUPPORTED, LDB_IO, LDB_NO_SPACE. */
  *steps(): TaskSteps {
    const { vfs, archive, directory } = this.#parts
    const branch = branchPath(archive, this.catalog)
    const found = archivedSinceSeqs(vfs, branch)
    // A file that begins later may contain the next commit, too.
    const first = found.filter((sinceSeq) => sinceSeq <= this.#log.seq).length - 1
    if (first < 0 && found.length > 0) throw this.#missing(branch, found[0] as number)
    try {
      for (let index = Math.max(0, first); index < found.length && !this.#isDone; index++) {
        yield* this.#restoreFile(archiveFilePath(branch, found[index] as number), found[index + 1])
      }
      for (const file of this.#blobs.values()) yield* syncSteps(vfs, file)
      if (this.#blobs.size > 0) yield new DirectorySync(vfs, blobsPath(directory))
    } finally {
      for (const file of this.#blobs.values()) file.close()
    }
    if (!this.#isDone && this.#target.seq !== Infinity) throw this.#missing(branch, this.#log.seq)
  }

  #missing(branch: string, actual: number): LdbError {
    const message = `the archive at ${branch} lacks commit ${this.#log.seq + 1}`
    return new LdbError('LDB_NOT_FOUND', message, {
      details: { file: branch, expected: this.#log.seq + 1, actual },
    })
  }

  *#restoreFile(path: string, nextSinceSeq: number | undefined): TaskSteps {
    const { vfs, timeSlice } = this.#parts
    const file = vfs.open(path, 'read')
    try {
      const reader = new ArchiveFileReader(file, this.#parts.sealed)
      let lastSeq = reader.header.sinceSeq
      for (let count = 1; !this.#isDone && reader.next(); count++) {
        this.#restore(reader, path)
        if (isCommitType(reader.type)) lastSeq = reader.seq
        if (count % SLICE_FRAMES !== 0) continue
        this.#parts.progress()
        yield timeSlice
      }
      if (this.#isDone) return
      const isWhole =
        nextSinceSeq === undefined
          ? !reader.hasLater()
          : nextSinceSeq <= lastSeq || !this.#needs(nextSinceSeq)
      if (!isWhole)
        throw corruption(
          path,
          reader.nextOffset,
          'the archive file is damaged, or a file after it is missing',
        )
    } finally {
      file.close()
    }
  }

  /** Reports whether a file that begins after `sinceSeq` leaves a gap behind the restored commits. */
  #needs(sinceSeq: number): boolean {
    return sinceSeq > this.#log.seq
  }

  #restore({ type, seq, payload, nextOffset }: ArchiveFileReader, path: string): void {
    if (type === FrameType.TimeMark) {
      if (seq >= this.#log.seq && readCheckedU64(payload, 0, path, nextOffset) > this.#target.ms)
        this.#isDone = true
    } else if (type === FrameType.Catalog) {
      const catalog = decodeCatalog(payload, path)
      if (catalog.generation > this.catalog.generation) this.catalog = catalog
    } else if (type === FrameType.BlobBytes) {
      if (seq > this.#log.seq) this.#writeBlobBytes(payload, path)
    } else if (isCommitType(type)) {
      if (seq <= this.#log.seq) return
      if (type === LogRecordType.Load) throw loaded(path, seq)
      this.#log.append({ type, seq, payload })
      if (seq >= this.#target.seq) this.#isDone = true
    } else throw corruption(path, nextOffset, 'the archive file contains a frame of an unknown type')
  }

  #writeBlobBytes(payload: Uint8Array, path: string): void {
    const { vfs, directory } = this.#parts
    const number = readCheckedU64(payload, BLOB_BYTES_OFFSET_FILE_NUMBER, path, 0)
    const offset = readCheckedU64(payload, BLOB_BYTES_OFFSET_FILE_OFFSET, path, 0)
    let file = this.#blobs.get(number)
    if (file === undefined) {
      const blobs = blobsPath(directory)
      if (vfs.status(blobs) === undefined) vfs.makeDirectory(blobs)
      file = vfs.open(`${blobs}/${blobFileName(number)}`, 'create')
      this.#blobs.set(number, file)
    }
    file.write(payload, BLOB_BYTES_HEADER_BYTES, payload.length - BLOB_BYTES_HEADER_BYTES, offset)
  }
}

/** The entries of a load into an LSM tree are in no log. */
function loaded(path: string, seq: number): LdbError {
  return new LdbError(
    'LDB_UNSUPPORTED',
    `commit ${seq} is a bulk load, which only a later backup contains (${path})`,
    {
      details: { file: path, actual: seq },
    },
  )
}
