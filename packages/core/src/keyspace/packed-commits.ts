import { copyBytesInto } from '@ldb/base'
import type { KeyspaceSection } from '@ldb/base'
import type { RetainedBatch } from './commit-queue.js'

/** Length of a chunk, in bytes. */
const CHUNK_BYTES = 65_536
/** Longest key and value that are packed, together: a copy of longer ones would cost more than a batch. */
export const PACKED_BYTES_MAX = 2048
/** Empty chunks that are retained for later commits. */
const FREE_CHUNKS_MAX = 16

/** Memory that the operations of consecutive commits share. */
interface Chunk {
  readonly bytes: Uint8Array
  /** Packed commits in it that are not released. */
  liveCount: number
}

/** The operations of consecutive commits of one operation each, on one keyspace: one section, which becomes visible as a whole. */
export class PackedCommits implements KeyspaceSection, RetainedBatch {
  readonly keyspaceId: number
  readonly bytes: Uint8Array
  readonly start: number
  end: number
  /** Number of operations, and of commits. */
  operationCount = 0
  // Absent, but not to be read from `Object.prototype`.
  readonly isSorted = undefined
  readonly starts = undefined
  readonly origin = undefined
  /** Length of the encoded batches, in bytes. */
  byteLength = 0
  /** Memory that contains the operations. */
  readonly chunk: Chunk
  readonly #sections: readonly KeyspaceSection[]

  constructor(chunk: Chunk, start: number, keyspaceId: number) {
    this.chunk = chunk
    this.bytes = chunk.bytes
    this.start = start
    this.end = start
    this.keyspaceId = keyspaceId
    this.#sections = [this]
  }

  /** Returns the same array before and after the addition of a commit. */
  sections(): readonly KeyspaceSection[] {
    return this.#sections
  }
}

/**
 * Retains the operations of single-operation commits until they are applied to the stores. A batch for each of many commits in
 * flight would take ten times the memory of its bytes, and allocate seven objects.
 */
export class CommitPacker {
  #current: Chunk = newChunk()
  /** End of the operations in the current chunk. */
  #end = 0
  readonly #free: Chunk[] = []

  /** Reports whether an operation can be added to packed commits: to the newest ones, while their chunk has space. */
  fits(commits: PackedCommits, { keyspaceId, start, end }: KeyspaceSection): boolean {
    return (
      commits.keyspaceId === keyspaceId &&
      commits.chunk === this.#current &&
      commits.end === this.#end &&
      end - start <= CHUNK_BYTES - this.#end
    )
  }

  /** Returns packed commits that contain none yet. */
  begin({ keyspaceId, start, end }: KeyspaceSection): PackedCommits {
    if (end - start > CHUNK_BYTES - this.#end) {
      this.#current = this.#free.pop() ?? newChunk()
      this.#end = 0
    }
    this.#current.liveCount++
    return new PackedCommits(this.#current, this.#end, keyspaceId)
  }

  /**
   * Adds a commit, and copies its operation.
   *
   * @param byteLength - length of its encoded batch.
   */
  add(commits: PackedCommits, { bytes, start, end }: KeyspaceSection, byteLength: number): void {
    copyBytesInto(commits.bytes, this.#end, bytes, start, end)
    this.#end += end - start
    commits.end = this.#end
    commits.operationCount++
    commits.byteLength += byteLength
  }

  /** Releases packed commits, which are in the stores. A chunk is reused when all of its commits are released. */
  release({ chunk }: PackedCommits): void {
    if (--chunk.liveCount > 0) return
    if (chunk === this.#current) this.#end = 0
    else if (this.#free.length < FREE_CHUNKS_MAX) this.#free.push(chunk)
  }
}

function newChunk(): Chunk {
  return { bytes: new Uint8Array(CHUNK_BYTES), liveCount: 0 }
}
