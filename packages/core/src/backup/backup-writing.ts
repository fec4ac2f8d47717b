import { assert } from '@ldb/base'
import type { Syncable, TaskSteps } from '@ldb/base'
import type { RandomSource, Vfs } from '@ldb/vfs'
import { throwIfAborted } from '../health/abort-signal.js'
import { BACKUP_ID_BYTES } from '../format.js'
import { copyBlocks } from './block-file.js'
import type { CopyObserver } from './block-file.js'
import { changedBytes, contentOf } from './content.js'
import type { BackupContent, ContentFile } from './content.js'
import type { HeldDatabase } from './held-database.js'
import { encodeManifest, NO_PARENT } from './manifest.js'
import type { BackupFile, BackupManifest } from './manifest.js'
import { reportProgress } from './options.js'
import type { BackupReport, ResolvedBackupOptions } from './options.js'
import type { BackupSink } from './sink.js'

/** What the writing of a backup needs. */
export interface WritingParts {
  /** Source of ids and times. */
  readonly vfs: { readonly random: RandomSource; readonly clock: Vfs['clock'] }
  /** Yields the thread. */
  readonly timeSlice: Syncable
  /** Throws when the database can no longer be read. */
  readonly assertReadable: () => void
}

/**
 * One backup that is being written.
 *
 * @remarks It may be copied more than once, to the same bytes: what is not read from held files is in memory.
 */
export class BackupWriting {
  readonly backupId: Uint8Array
  readonly number: number
  readonly #held: HeldDatabase
  readonly #parent: BackupManifest | undefined
  readonly #parts: WritingParts
  readonly #options: Pick<ResolvedBackupOptions, 'signal' | 'onProgress'>
  readonly #createdAt: number
  #content: BackupContent | undefined = undefined
  #files: BackupFile[] = []
  #byteCount = 0
  #storedBytes = 0

  constructor(
    held: HeldDatabase,
    parent: BackupManifest | undefined,
    parts: WritingParts,
    options: Pick<ResolvedBackupOptions, 'signal' | 'onProgress'>,
  ) {
    const { random, clock } = parts.vfs
    this.#held = held
    this.#parent = parent
    this.#parts = parts
    this.#options = options
    this.backupId = random.fill(new Uint8Array(BACKUP_ID_BYTES))
    this.number = (parent?.number ?? 0) + 1
    this.#createdAt = Math.max(0, Math.floor(clock.now()))
  }

  /** Decides what the backup contains. Before anything else. */
  *prepare(): TaskSteps {
    this.#report(0, 0)
    this.#content = yield* contentOf(this.#held, this.#parent, this.#observer())
  }

  /** Bytes of all files, as they are restored. */
  get totalBytes(): number {
    return this.#sum((file) => (file.kind === 'inherited' ? file.file.length : file.length))
  }

  /** Bytes that the backup takes at most, its manifest included. */
  get neededBytesMax(): number {
    return (
      this.#manifestBytes +
      this.#sum((file) => (file.kind === 'inherited' ? 0 : (file.newBytes ?? file.length)))
    )
  }

  /** Returns the bytes that the backup takes, which may need to read the stores. */
  *neededBytes(): Generator<Syncable, number, void> {
    const known = this.#sum((file) => (file.kind === 'inherited' ? 0 : (file.newBytes ?? 0)))
    const isKnown = this.#parent === undefined || this.#prepared.isCommits
    const changed = isKnown
      ? 0
      : yield* changedBytes(this.#held, this.#parent as BackupManifest, Infinity, this.#observer())
    return this.#manifestBytes + known + changed
  }

  /**
   * Copies everything to a sink.
   *
   * @param isDone - reports whether the sink has all of a file already, and the entry of the file is known.
   */
  *copyTo(sink: BackupSink, isDone: (index: number) => boolean = () => false): TaskSteps {
    this.#byteCount = 0
    this.#storedBytes = 0
    for (const [at, file] of this.#prepared.files.entries()) {
      const done = this.#files[at]
      if (done !== undefined && isDone(at + 1)) {
        this.#byteCount += done.length
        this.#storedBytes += storedBytesOf(done)
      } else this.#files[at] = yield* this.#copy(file, at + 1, sink)
    }
    yield* sink.end(encodeManifest(this.manifest))
    this.#report(0, 0)
  }

  /** The manifest, when everything was copied. */
  get manifest(): BackupManifest {
    const { catalog, seq } = this.#held
    const { logSeq, newestSeq } = this.#prepared
    return {
      databaseId: catalog.databaseId,
      branchId: catalog.branchId,
      backupId: this.backupId,
      parentId: this.#parent?.backupId ?? NO_PARENT,
      seq,
      firstSeq: Math.min(seq, newestSeq),
      logSeq,
      createdAt: this.#createdAt,
      number: this.number,
      files: this.#files,
    }
  }

  report(): BackupReport {
    return {
      seq: this.#held.seq,
      number: this.number,
      isIncremental: this.#parent !== undefined,
      content: this.#prepared.isCommits ? 'commits' : 'blocks',
      totalBytes: this.#byteCount,
      storedBytes: this.#storedBytes,
    }
  }

  /** @throws {@link LdbError} LDB_ABORTED, LDB_CLOSED, LDB_POISONED. */
  check(): void {
    this.#parts.assertReadable()
    throwIfAborted(this.#options.signal, 'backup')
  }

  get #prepared(): BackupContent {
    assert(this.#content !== undefined, 'a backup is prepared first')
    return this.#content
  }

  get #manifestBytes(): number {
    // A checksum and a bit for each page of the smallest size: the exact length is known at the end.
    return Math.ceil(this.totalBytes / 400)
  }

  *#copy(file: ContentFile, index: number, sink: BackupSink): Generator<Syncable, BackupFile, void> {
    if (file.kind === 'inherited') {
      this.#report(file.file.length, 0)
      return file.file
    }
    const { source, close } = file.open()
    try {
      return yield* copyBlocks(source, index, sink, this.#observer())
    } finally {
      close()
    }
  }

  #observer(): CopyObserver {
    return {
      timeSlice: this.#parts.timeSlice,
      progress: (readBytes, storedBytes) => {
        if (readBytes === 0 && storedBytes === 0) this.check()
        else this.#report(readBytes, storedBytes)
      },
    }
  }

  #sum(bytesOf: (file: ContentFile) => number): number {
    return this.#prepared.files.reduce((sum, file) => sum + bytesOf(file), 0)
  }

  #report(readBytes: number, storedBytes: number): void {
    this.#byteCount += readBytes
    this.#storedBytes += storedBytes
    this.check()
    const totalBytes = this.#content === undefined ? this.#heldBytes() : this.totalBytes
    reportProgress(this.#options.onProgress, {
      byteCount: this.#byteCount,
      totalBytes: Math.max(totalBytes, this.#byteCount),
      storedBytes: this.#storedBytes,
    })
    throwIfAborted(this.#options.signal, 'backup')
  }

  #heldBytes(): number {
    const { keyspaces, blobs } = this.#held
    const stores = keyspaces.flatMap(({ checkpoint }) => checkpoint.files)
    return [...stores, ...blobs].reduce((bytes, { length }) => bytes + length, 0)
  }
}

function storedBytesOf({ storedCount, blockBytes, length }: BackupFile): number {
  return Math.min(length, storedCount * blockBytes)
}
