import { corruption, readCheckedU64, readU32 } from '@ldb/base'
import {
  LOG_COMMIT_BYTES,
  LOG_COMMIT_OFFSET_PAYLOAD_BYTES,
  LOG_COMMIT_OFFSET_RESERVED,
  LOG_COMMIT_OFFSET_SEQ,
  LOG_COMMIT_OFFSET_TYPE,
  isCommitType,
} from '../format.js'
import type { SealedCommits } from '../encryption/sealed-commits.js'

/** A commit that is restored. */
export interface RestoredCommit {
  readonly type: number
  readonly seq: number
  /** Borrowed until the next one. */
  readonly payload: Uint8Array
}

/** Splits the log of a backup, which arrives in parts, into commits. */
export class CommitParser {
  readonly #path: string
  readonly #use: (commit: RestoredCommit) => void
  readonly #sealed: SealedCommits | undefined
  #pending: Uint8Array = new Uint8Array(0)
  #offset = 0

  /**
   * @param path - for errors.
   * @param sealed - decrypts the commits; `undefined` when the database is not encrypted.
   */
  constructor(path: string, sealed: SealedCommits | undefined, use: (commit: RestoredCommit) => void) {
    this.#sealed = sealed
    this.#path = path
    this.#use = use
  }

  /** Adds the next part. @throws {@link LdbError} LDB_CORRUPTION when the bytes are no commits, and what `use` throws. */
  add(part: Uint8Array): void {
    let bytes = part
    if (this.#pending.length > 0) {
      bytes = new Uint8Array(this.#pending.length + part.length)
      bytes.set(this.#pending)
      bytes.set(part, this.#pending.length)
    }
    let at = 0
    while (bytes.length - at >= LOG_COMMIT_BYTES) {
      const end = at + LOG_COMMIT_BYTES + readU32(bytes, at + LOG_COMMIT_OFFSET_PAYLOAD_BYTES)
      if (end > bytes.length) break
      this.#use(this.#commitAt(bytes, at, end))
      at = end
    }
    this.#offset += at
    this.#pending = bytes.slice(at)
  }

  /** @throws {@link LdbError} LDB_CORRUPTION when the last commit is not whole. */
  end(): void {
    if (this.#pending.length > 0)
      throw corruption(this.#path, this.#offset, 'the log of the backup is truncated')
  }

  #commitAt(bytes: Uint8Array, at: number, end: number): RestoredCommit {
    const type = bytes[at + LOG_COMMIT_OFFSET_TYPE] as number
    const reserved = bytes.subarray(at + LOG_COMMIT_OFFSET_RESERVED, at + LOG_COMMIT_OFFSET_SEQ)
    if (!isCommitType(type) || reserved.some((byte) => byte !== 0)) {
      throw corruption(this.#path, this.#offset + at, 'the log of the backup contains no commit here')
    }
    const seq = readCheckedU64(bytes, at + LOG_COMMIT_OFFSET_SEQ, this.#path, this.#offset + at)
    const stored = bytes.subarray(at + LOG_COMMIT_BYTES, end)
    const payload = this.#sealed?.unseal(type, seq, stored.slice(), this.#path, this.#offset + at) ?? stored
    return { type, seq, payload }
  }
}
