import {
  BatchReader,
  decodeBatch,
  equalBytes,
  isLdbError,
  LdbError,
  OperationKind,
  ResumableTask,
  writeU64,
} from '@ldb/base'
import type { Syncable, TaskSteps } from '@ldb/base'
import { blobFileName, decodeReference, FIRST_RECORD_OFFSET, referencedBytes } from '@ldb/blob'
import { seedOfFile } from '@ldb/integrity'
import { directoryOf, DirectorySync, makeParents } from '@ldb/vfs'
import type { ScheduledTask, VfsFile } from '@ldb/vfs'
import { referenceAt } from '../blob/value-header.js'
import type { Catalog } from '../catalog/catalog.js'
import { SealedCommits } from '../encryption/sealed-commits.js'
import { blobsPath } from '../catalog/directory-layout.js'
import { encodeCatalog } from '../catalog/encode.js'
import { archiveKeyFile } from '../encryption/copied-keys.js'
import {
  BLOB_BYTES_HEADER_BYTES,
  BLOB_BYTES_OFFSET_FILE_NUMBER,
  BLOB_BYTES_OFFSET_FILE_OFFSET,
  FrameType,
  LogRecordType,
  STORE_FILE_ID_BYTES,
} from '../format.js'
import type { ArchiveReader, LogArchive } from '../log/log-archive.js'
import { archiveFilePath, branchPath, findArchiveEnd } from './archive-directory.js'
import { encodeArchiveHeader } from './archive-file.js'
import type { ArchiveStats } from './archive-stats.js'
import type { ArchivedLog, ArchiverParts } from './archiver-parts.js'
import { OpenArchiveFile, WRITE_BYTES } from './open-file.js'

/** Time between two passes. */
const INTERVAL_MS = 1000
/** A commit gets a time mark when the last one is this old. */
const MARK_MS = 1000
/** Length from which a new file begins. */
const FILE_BYTES = 67_108_864

/**
 * Copies the commits of a log to an archive, with the large values that they name, in passes: about once a second, before the log is
 * truncated (W5), and at close. A file that was found is never appended to. A failure loses nothing: the log keeps what is not archived, and the
 * next pass tries again.
 */
export class Archiver implements LogArchive {
  retainedLsn: number
  readonly #parts: ArchiverParts
  readonly #log: ArchivedLog
  readonly #branch: string
  readonly #sealed: SealedCommits | undefined
  readonly #marks: { readonly seq: number; readonly ms: number }[] = []
  readonly #catalogs: { readonly seq: number; readonly catalog: Catalog }[] = []
  /** The newest catalog that was archived, or that was found. */
  #catalog: Catalog
  /** Newest commit in the archive. */
  #seq = 0
  #reader: ArchiveReader | undefined = undefined
  #file: OpenArchiveFile | undefined = undefined
  #task: ResumableTask | undefined = undefined
  /** Generation of the key file whose data keys the archive has; 0 for none. */
  keysGeneration = 0
  #failure: string | undefined = undefined
  #scheduled: ScheduledTask | undefined = undefined
  #isClosed = false

  constructor(parts: ArchiverParts, log: ArchivedLog) {
    this.#parts = parts
    this.#log = log
    this.#catalog = parts.catalog
    this.#branch = branchPath(parts.to, parts.catalog)
    this.#sealed = parts.keys && new SealedCommits(parts.keys.data, parts.catalog)
    this.retainedLsn = log.firstLsn
    this.#schedule()
  }

  noteAppended(seq: number): void {
    const ms = Math.max(0, Math.floor(this.#parts.source.clock.now()))
    const last = this.#marks.at(-1)
    if (last === undefined || ms - last.ms >= MARK_MS || ms < last.ms) this.#marks.push({ seq, ms })
    if (this.#scheduled === undefined) this.#schedule()
  }

  noteCatalog(catalog: Catalog, seq: number): void {
    this.#catalogs.push({ seq, catalog })
    if (this.#scheduled === undefined) this.#schedule()
  }

  stats(): ArchiveStats {
    const [oldest] = this.#marks
    return {
      seq: this.#seq,
      lagBytes: this.#log.endLsn - this.retainedLsn,
      lagMs: oldest === undefined ? 0 : Math.max(0, this.#parts.source.clock.now() - oldest.ms),
      failure: this.#failure,
    }
  }

  sync(): void {
    this.#run((task) => {
      task.sync()
    })
  }

  async syncAsync(): Promise<void> {
    try {
      await this.#begin().syncAsync()
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Archives what is on the device, and closes the files. */
  close(): void {
    this.sync()
    this.#isClosed = true
    this.#scheduled?.cancel()
    this.#task?.abort(new LdbError('LDB_CLOSED', 'the database was closed'))
    this.#closeFiles()
  }

  #run(run: (task: ResumableTask) => void): void {
    try {
      // A pass in progress may have read the log before the newest commits.
      if (this.#task?.isEnded === false) run(this.#task)
      run(this.#begin())
    } catch (error) {
      this.#fail(error)
    }
  }

  #begin(): ResumableTask {
    if (this.#task?.isEnded === false) return this.#task
    this.#task = new ResumableTask(this.#pass())
    return this.#task
  }

  #schedule(): void {
    if (this.#isClosed) return
    this.#scheduled = this.#parts.source.scheduler.after(INTERVAL_MS, () => {
      this.#scheduled = undefined
      void this.syncAsync().then(() => {
        if (this.#failure !== undefined && !this.#isClosed) this.#schedule()
      })
    })
  }

  #fail(error: unknown): void {
    if (!isLdbError(error)) throw error
    this.#closeFiles()
    if (this.#isClosed) return
    if (this.#failure === undefined) this.#parts.logger?.warn(`the log cannot be archived: ${error.message}`)
    this.#failure = error.message
  }

  #closeFiles(): void {
    this.#reader?.close()
    this.#reader = undefined
    this.#file?.close()
    this.#file = undefined
  }

  *#pass(): TaskSteps {
    if (this.#reader !== undefined) yield* this.#copyNewKeys()
    this.#reader ??= yield* this.#open()
    const reader = this.#reader
    let { seq } = reader
    while (reader.next()) {
      yield* this.#addNotes(reader.seq)
      if (reader.type === LogRecordType.BlobCommit) yield* this.#addBlobs(reader.seq, reader.payload)
      yield* this.#add(reader.type, reader.seq, reader.payload)
      seq = reader.seq
      if ((this.#file?.end ?? 0) >= FILE_BYTES) yield* this.#endFile()
    }
    if (this.#catalogs[0] !== undefined && this.#catalogs[0].seq <= seq && this.#file !== undefined)
      yield* this.#addNotes(seq + 1)
    if (this.#file !== undefined) yield* this.#file.makeDurable()
    this.#seq = seq
    this.retainedLsn = reader.nextLsn
    this.#failure = undefined
    while (this.#marks[0] !== undefined && this.#marks[0].seq <= seq) this.#marks.shift()
  }

  /** Finds where the archive ends, and opens the log there. */
  *#open(): Generator<Syncable, ArchiveReader, void> {
    const { target, to, catalog } = this.#parts
    if (target.status(this.#branch) === undefined) {
      makeParents(target, this.#branch)
      target.makeDirectory(this.#branch)
      yield new DirectorySync(target, to)
      yield new DirectorySync(target, directoryOf(to))
    }
    yield* this.#copyKeys()
    const { truncatedSeq } = this.#log
    const end = findArchiveEnd(target, this.#branch, catalog, truncatedSeq, this.#sealed)
    const reader = this.#log.readArchive(
      end === undefined || end.seq <= truncatedSeq ? truncatedSeq : end.seq - 1,
    )
    if (end !== undefined && end.seq > truncatedSeq) {
      // The newest archived commit is in the log, unless the database is an older copy, or has another history.
      if (!reader.next() || !equalBytes(reader.payload, end.payload as Uint8Array)) {
        reader.close()
        throw new LdbError(
          'LDB_EXISTS',
          `the archive at ${this.#branch} contains another history of the database`,
          {
            details: { file: this.#branch },
          },
        )
      }
    }
    this.#seq = reader.seq
    return reader
  }

  /** Copies the key file, without which the archive cannot be read; after a rotation, the new one. */
  *#copyKeys(): TaskSteps {
    const { keys, target } = this.#parts
    if (keys === undefined) return
    const { generation } = keys
    yield* archiveKeyFile(keys, target, this.#branch)
    this.keysGeneration = generation
  }

  /** Copies a key file that was replaced: a frame names no data key that the archive lacks, and the archive needs the present secret. */
  *#copyNewKeys(): TaskSteps {
    const { keys } = this.#parts
    while (keys !== undefined && keys.generation !== this.keysGeneration) yield* this.#copyKeys()
  }

  /** Adds the catalogs and the time marks that precede a commit. */
  *#addNotes(seq: number): TaskSteps {
    for (let next = this.#catalogs[0]; next !== undefined && next.seq < seq; next = this.#catalogs[0]) {
      yield* this.#add(FrameType.Catalog, next.seq, encodeCatalog(next.catalog))
      this.#catalog = next.catalog
      this.#catalogs.shift()
    }
    for (const { seq: marked, ms } of this.#marks) {
      if (marked === seq) yield* this.#add(FrameType.TimeMark, seq - 1, u64(ms))
    }
  }

  /** Adds the bytes of blob files that a commit names. */
  *#addBlobs(seq: number, batch: Uint8Array): TaskSteps {
    const reader = new BatchReader()
    for (const section of decodeBatch(batch, 'wal', 0)) {
      reader.reset(section)
      while (reader.next()) {
        if (reader.kind !== OperationKind.Put) continue
        const at = referenceAt(reader.bytes, reader.valueStart, reader.valueEnd)
        const reference = at < 0 ? undefined : decodeReference(reader.bytes, at)
        if (reference === undefined) continue
        const { fileNumber, valueOffset, keyBytes } = reference
        const trailerBytes = this.#sealed?.trailerBytes ?? 0
        const headerBytes = referencedBytes({ ...reference, keyBytes: 0, valueBytes: 0 })
        const start = valueOffset - keyBytes - trailerBytes - headerBytes
        yield* this.#addBlobBytes(seq, fileNumber, start, referencedBytes(reference, trailerBytes))
      }
    }
  }

  *#addBlobBytes(seq: number, fileNumber: number, start: number, byteCount: number): TaskSteps {
    const { source, directory } = this.#parts
    const file = source.open(`${blobsPath(directory)}/${blobFileName(fileNumber)}`, 'read')
    try {
      if (this.#file?.blobFiles.has(fileNumber) !== true) {
        yield* this.#addFileBytes(seq, file, fileNumber, 0, FIRST_RECORD_OFFSET)
        this.#file?.blobFiles.add(fileNumber)
      }
      for (let at = 0; at < byteCount; at += WRITE_BYTES) {
        yield* this.#addFileBytes(seq, file, fileNumber, start + at, Math.min(WRITE_BYTES, byteCount - at))
      }
    } finally {
      file.close()
    }
  }

  *#addFileBytes(
    seq: number,
    file: VfsFile,
    fileNumber: number,
    start: number,
    byteCount: number,
  ): TaskSteps {
    const bytes = new Uint8Array(BLOB_BYTES_HEADER_BYTES + byteCount)
    writeU64(bytes, BLOB_BYTES_OFFSET_FILE_NUMBER, fileNumber)
    writeU64(bytes, BLOB_BYTES_OFFSET_FILE_OFFSET, start)
    // The padding of the last record may lie behind the end of the file.
    const count = file.read(bytes, BLOB_BYTES_HEADER_BYTES, byteCount, start)
    yield* this.#add(FrameType.BlobBytes, seq, bytes.subarray(0, BLOB_BYTES_HEADER_BYTES + count))
  }

  *#add(type: number, seq: number, payload: Uint8Array): TaskSteps {
    yield* this.#copyNewKeys()
    this.#file ??= this.#createFile(this.#reader?.seq ?? 0)
    const file = this.#file
    file.add(type, seq, payload)
    if (file.bufferedBytes >= WRITE_BYTES) yield* file.flush()
  }

  *#endFile(): TaskSteps {
    const file = this.#file
    this.#file = undefined
    if (file === undefined) return
    try {
      yield* file.makeDurable()
    } finally {
      file.close()
    }
  }

  /** Begins a file whose first commit is `seq`. It begins with the present catalog. */
  #createFile(seq: number): OpenArchiveFile {
    const { target } = this.#parts
    const fileId = target.random.fill(new Uint8Array(STORE_FILE_ID_BYTES))
    const { databaseId, branchId } = this.#parts.catalog
    const path = archiveFilePath(this.#branch, seq - 1)
    const header = encodeArchiveHeader(
      { fileId, databaseId, branchId, sinceSeq: seq - 1 },
      this.#sealed !== undefined,
    )
    const file = new OpenArchiveFile(target, path, this.#branch, header, seedOfFile(fileId), this.#sealed)
    file.add(FrameType.Catalog, seq - 1, encodeCatalog(this.#catalog))
    const isMarked = this.#marks.some((mark) => mark.seq === seq)
    if (!isMarked) file.add(FrameType.TimeMark, seq - 1, u64(Math.max(0, Math.floor(target.clock.now()))))
    return file
  }
}

function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  writeU64(bytes, 0, value)
  return bytes
}
