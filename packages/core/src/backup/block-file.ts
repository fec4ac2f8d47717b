import { readU32, SEGMENT_ID_BYTES, writeU32 } from '@ldb/base'
import type { HeldFile, Syncable, TaskSteps } from '@ldb/base'
import { SEED_ZERO, xxHash64 } from '@ldb/integrity'
import { FileSync } from '@ldb/vfs'
import type { Vfs, VfsFile } from '@ldb/vfs'
import { BLOCK_CHECKSUM_BYTES } from '../format.js'
import { blockBytesAt, blockCountOf } from './manifest.js'
import type { BackupFile, BackupFileId } from './manifest.js'

/** Bytes that one step reads and writes. */
const STEP_BYTES = 1_048_576

/** Receives the bytes of a backup. */
export interface BackupTarget {
  readonly vfs: Vfs
  /** Path of the file with the stored blocks. */
  readonly path: string
  /** Yields the thread between two steps. */
  readonly timeSlice: Syncable
  /** Called after each step with the bytes that were read and those that were written. Throws to end the backup. */
  progress(readBytes: number, storedBytes: number): void
}

/** What the entry of a file in the manifest contains, besides its blocks. */
export interface BlockFileEntry extends BackupFileId {
  readonly durableSeq: number
  readonly segmentId: Uint8Array
}

/** The entry of a file that contains no checkpoint. */
export function plainEntry({ role, keyspaceId, number }: BackupFileId): BlockFileEntry {
  return { role, keyspaceId, number, durableSeq: 0, segmentId: new Uint8Array(SEGMENT_ID_BYTES) }
}

/**
 * Writes the blocks of a held file of which the parent has other contents, and returns its entry in the manifest. The file with the blocks
 * is created with the first one, and synced.
 *
 * @param parent - the file in the parent; `undefined` when it is not there.
 */
export function* copyBlocks(
  entry: BlockFileEntry,
  source: HeldFile,
  parent: BackupFile | undefined,
  target: BackupTarget,
): Generator<Syncable, BackupFile, void> {
  const copy = new BlockCopy(source, parent, target)
  try {
    yield* copy.steps()
    return copy.entry(entry)
  } finally {
    copy.close()
  }
}

/** The copy of one file. */
class BlockCopy {
  readonly #source: HeldFile
  readonly #parent: BackupFile | undefined
  readonly #target: BackupTarget
  readonly #stored: Uint8Array
  readonly #checksums: Uint8Array
  readonly #buffer: Uint8Array
  readonly #hash = new Int32Array(2)
  #file: VfsFile | undefined = undefined
  #storedCount = 0
  /** End of the stored blocks. */
  #end = 0
  /** Bytes at the start of the buffer that a step writes. */
  #storing = 0

  constructor(source: HeldFile, parent: BackupFile | undefined, target: BackupTarget) {
    const blockCount = blockCountOf(source)
    this.#source = source
    this.#parent = parent?.blockBytes === source.blockBytes ? parent : undefined
    this.#target = target
    this.#stored = new Uint8Array(Math.ceil(blockCount / 8))
    this.#checksums = new Uint8Array(blockCount * BLOCK_CHECKSUM_BYTES)
    this.#buffer = new Uint8Array(Math.min(source.length, STEP_BYTES))
  }

  *steps(): TaskSteps {
    if (yield* this.#isUnchanged()) {
      this.#checksums.set((this.#parent as BackupFile).checksums)
      this.#target.progress(this.#source.length, 0)
      return
    }
    const { length } = this.#source
    for (let at = 0; at < length; at += STEP_BYTES) {
      const byteCount = Math.min(STEP_BYTES, length - at)
      yield {
        sync: () => {
          this.#source.read(this.#buffer, 0, byteCount, at)
          if (this.#select(at, byteCount)) this.#open().write(this.#buffer, 0, this.#storing, this.#end)
        },
        syncAsync: async () => {
          await this.#source.readAsync(this.#buffer, 0, byteCount, at)
          if (this.#select(at, byteCount))
            await this.#open().writeAsync(this.#buffer, 0, this.#storing, this.#end)
        },
      }
      this.#end += this.#storing
      this.#target.progress(byteCount, this.#storing)
      yield this.#target.timeSlice
    }
    if (this.#file !== undefined) yield* syncSteps(this.#target.vfs, this.#file)
  }

  entry(entry: BlockFileEntry): BackupFile {
    const { length, blockBytes } = this.#source
    const { role, keyspaceId, number, durableSeq, segmentId } = entry
    const blocks = { stored: this.#stored, storedCount: this.#storedCount, checksums: this.#checksums }
    return { role, keyspaceId, number, durableSeq, segmentId, length, blockBytes, ...blocks }
  }

  close(): void {
    this.#file?.close()
    this.#file = undefined
  }

  /** A file that never changes is that of the parent, if its length and its first block are: that block has the random id of the file. */
  *#isUnchanged(): Generator<Syncable, boolean, void> {
    const { length, isImmutable, blockBytes } = this.#source
    if (!isImmutable || length === 0 || this.#parent?.length !== length) return false
    const byteCount = Math.min(blockBytes, length)
    yield {
      sync: () => {
        this.#source.read(this.#buffer, 0, byteCount, 0)
      },
      syncAsync: () => this.#source.readAsync(this.#buffer, 0, byteCount, 0),
    }
    this.#sum(0, 0, byteCount)
    return this.#isInParent(0, byteCount)
  }

  #open(): VfsFile {
    this.#file ??= this.#target.vfs.open(this.#target.path, 'createNew')
    return this.#file
  }

  /** Moves the blocks that the parent does not have to the start of the buffer. Returns false when there are none. */
  #select(start: number, byteCount: number): boolean {
    const { blockBytes } = this.#source
    this.#storing = 0
    for (let at = 0; at < byteCount; at += blockBytes) {
      const block = (start + at) / blockBytes
      const end = Math.min(at + blockBytes, byteCount)
      this.#sum(block, at, end)
      if (this.#isInParent(block, end - at)) continue
      this.#stored[Math.floor(block / 8)] =
        (this.#stored[Math.floor(block / 8)] as number) | (1 << (block % 8))
      this.#storedCount++
      if (at !== this.#storing) this.#buffer.copyWithin(this.#storing, at, end)
      this.#storing += end - at
    }
    return this.#storing > 0
  }

  /** Computes the checksum of a block in the buffer. */
  #sum(block: number, start: number, end: number): void {
    xxHash64(this.#buffer, start, end, SEED_ZERO, this.#hash)
    const at = block * BLOCK_CHECKSUM_BYTES
    writeU32(this.#checksums, at, (this.#hash[0] as number) >>> 0)
    writeU32(this.#checksums, at + 4, (this.#hash[1] as number) >>> 0)
  }

  #isInParent(block: number, byteCount: number): boolean {
    const parent = this.#parent
    if (parent === undefined || block >= blockCountOf(parent)) return false
    if (blockBytesAt(parent, block) !== byteCount) return false
    const at = block * BLOCK_CHECKSUM_BYTES
    return (
      readU32(parent.checksums, at) === readU32(this.#checksums, at) &&
      readU32(parent.checksums, at + 4) === readU32(this.#checksums, at + 4)
    )
  }
}

/** Syncs a new file. */
export function* syncSteps(vfs: Vfs, file: VfsFile): TaskSteps {
  const fileSync = new FileSync(vfs, file)
  try {
    yield fileSync
  } finally {
    fileSync.close()
  }
}
