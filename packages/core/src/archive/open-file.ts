import { concatBytes } from '@ldb/base'
import type { TaskSteps } from '@ldb/base'
import type { Seed64 } from '@ldb/integrity'
import { DirectorySync, FileSync } from '@ldb/vfs'
import type { Vfs, VfsFile } from '@ldb/vfs'
import type { SealedCommits } from '../encryption/sealed-commits.js'
import { encodeFrame } from './archive-file.js'

/** Bytes that are written together. */
export const WRITE_BYTES = 1_048_576

/** An archive file that is being written. */
export class OpenArchiveFile {
  /** Blob files whose header it contains. */
  readonly blobFiles: Set<number> = new Set()
  /** Offset of the next frame. */
  end: number
  bufferedBytes: number
  readonly #vfs: Vfs
  readonly #branch: string
  readonly #file: VfsFile
  readonly #fileSync: FileSync
  readonly #seed: Seed64
  readonly #sealed: SealedCommits | undefined
  #parts: Uint8Array[]
  #written = 0
  #isListed = false

  /** @param sealed - encrypts the frames; `undefined` when the database is not encrypted. */
  constructor(
    vfs: Vfs,
    path: string,
    branch: string,
    header: Uint8Array,
    seed: Seed64,
    sealed: SealedCommits | undefined,
  ) {
    this.#sealed = sealed
    this.#vfs = vfs
    this.#branch = branch
    this.#file = vfs.open(path, 'createNew')
    this.#fileSync = new FileSync(vfs, this.#file)
    this.#seed = seed
    this.#parts = [header]
    this.end = header.length
    this.bufferedBytes = header.length
  }

  add(type: number, seq: number, payload: Uint8Array): void {
    const stored = this.#sealed?.sealed(type, seq, payload) ?? payload
    const frame = encodeFrame(this.#seed, this.end, type, seq, stored)
    this.#parts.push(frame)
    this.end += frame.length
    this.bufferedBytes += frame.length
  }

  *flush(): TaskSteps {
    if (this.bufferedBytes === 0) return
    const bytes = concatBytes(...this.#parts)
    const at = this.#written
    this.#parts = []
    this.bufferedBytes = 0
    this.#written += bytes.length
    yield {
      sync: () => {
        this.#file.write(bytes, 0, bytes.length, at)
      },
      syncAsync: () => this.#file.writeAsync(bytes, 0, bytes.length, at),
    }
  }

  *makeDurable(): TaskSteps {
    if (this.bufferedBytes === 0 && this.#isListed) return
    yield* this.flush()
    yield this.#fileSync
    if (!this.#isListed) yield new DirectorySync(this.#vfs, this.#branch)
    this.#isListed = true
  }

  close(): void {
    this.#fileSync.close()
    this.#file.close()
  }
}
