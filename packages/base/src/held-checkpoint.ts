import type { Seq } from './branded-numbers.js'

/** A file of a durable checkpoint that is held. @category Contracts */
export interface HeldFile {
  /** 0 for the file that contains the checkpoint; otherwise the number of the file in its store, which is never used again. */
  readonly number: number
  /** Length in bytes. */
  readonly length: number
  /** Bytes of the units in which its content changes from one checkpoint to the next: a power of two. */
  readonly blockBytes: number
  /** True when a file with this number always has the same content. */
  readonly isImmutable: boolean
  /**
   * Reads bytes of the file as they are in the checkpoint, all within its length.
   *
   * @throws {@link LdbError} LDB_IO; LDB_CORRUPTION when the file is shorter; LDB_CLOSED.
   */
  read(target: Uint8Array, targetOffset: number, byteCount: number, fileOffset: number): void
  /** Does the same as `read` without blocking. */
  readAsync(target: Uint8Array, targetOffset: number, byteCount: number, fileOffset: number): Promise<void>
  /** Reports whether the checkpoint does not use a block: it reads as zeros, and any other bytes may stand for it. */
  isUnused(block: number): boolean
}

/**
 * The newest durable checkpoint of a store, whose bytes stay readable while it is held, whatever the store writes meanwhile. The files
 * of it are those of a store that was closed at this checkpoint.
 *
 * @category Contracts
 */
export interface HeldCheckpoint {
  /** Newest commit in the checkpoint. */
  readonly durableSeq: Seq
  /** Log segment that the checkpoint names. */
  readonly segmentId: Uint8Array
  /** None before the first checkpoint. */
  readonly files: readonly HeldFile[]
  /** Lets the store reuse the space of the checkpoint. Idempotent. */
  release(): void
}
