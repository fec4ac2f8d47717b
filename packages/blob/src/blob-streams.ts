import type { Vfs } from '@ldb/vfs'
import { BlobFile } from './blob-file.js'
import type { CreateCipher } from './blob-options.js'
import { removeQuietly } from './compaction.js'
import { blobFileName, newBlobFileName } from './encoding/file-name.js'
import { BlobStreamWriter } from './stream-writer.js'

/** The files among which streamed values get theirs. */
interface StreamedFiles {
  /** Adds a file that has its name. */
  addStreamed(number: number): void
  /** Forgets a file, and returns its path. */
  dropStreamed(number: number): string
}

/** The values of one directory that are written as streams, each to a file of its own. */
export class BlobStreams {
  readonly #vfs: Vfs
  readonly #directory: string
  readonly #createCipher: CreateCipher | undefined
  readonly #files: StreamedFiles
  readonly #open: Set<BlobStreamWriter> = new Set()
  /** Files that have their names, and whose references are not committed yet. */
  readonly #pinned: Set<number> = new Set()

  constructor(vfs: Vfs, directory: string, createCipher: CreateCipher | undefined, files: StreamedFiles) {
    this.#vfs = vfs
    this.#directory = directory
    this.#createCipher = createCipher
    this.#files = files
  }

  /** Begins a value in the file `number`, which gets its name when the value is complete. */
  begin(number: number, fileId: Uint8Array, key: Uint8Array): BlobStreamWriter {
    const newPath = `${this.#directory}/${newBlobFileName(number)}`
    const file = BlobFile.create(this.#vfs, newPath, number, fileId, this.#createCipher?.(fileId))
    const writer = new BlobStreamWriter(file, key, {
      finished: () => {
        this.#vfs.rename(newPath, `${this.#directory}/${blobFileName(number)}`)
        this.#pinned.add(number)
        this.#files.addStreamed(number)
        this.#open.delete(writer)
      },
      aborted: (isFinished) => {
        this.#pinned.delete(number)
        this.#open.delete(writer)
        // No reference has named it, so that its number may be used again after a restart.
        removeQuietly(this.#vfs, isFinished ? this.#files.dropStreamed(number) : newPath)
      },
    })
    this.#open.add(writer)
    return writer
  }

  /** True while a value is being written. */
  get isWriting(): boolean {
    return this.#open.size > 0
  }

  isPinned(number: number): boolean {
    return this.#pinned.has(number)
  }

  unpin(number: number): void {
    this.#pinned.delete(number)
  }

  /** Aborts the values that are not complete. */
  abortAll(): void {
    for (const writer of [...this.#open]) writer.abort()
  }
}
