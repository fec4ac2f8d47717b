import { readU32, SEGMENT_ID_BYTES, writeU32 } from '@ldb/base'
import type { HeldFile, Syncable, TaskSteps } from '@ldb/base'
import { SEED_ZERO, xxHash64 } from '@ldb/integrity'
import { FileSync } from '@ldb/vfs'
import type { Vfs, VfsFile } from '@ldb/vfs'
import { BLOCK_CHECKSUM_BYTES } from '../format.js'
import { blockBytesAt, blockCountOf } from './manifest.js'
import type { BackupFile, BackupFileId } from './manifest.js'
import { both, NOTHING } from './sink.js'
import type { BackupSink } from './sink.js'

/** Bytes that one step reads and writes, at least a block: longer writes take more processor time on Linux. */
const STEP_BYTES = 262_144

/** What a copy reports to. */
export interface CopyObserver {
  /** Yields the thread between two steps. */
  readonly timeSlice: Syncable
  /** Called after each step with the bytes that were read and those that were written. Throws to end the backup. */
  readonly progress: (readBytes: number, storedBytes: number) => void
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

/** A file that is copied. */
export interface BlockSource {
  readonly entry: BlockFileEntry
  readonly file: HeldFile
  /** The file in the parent; `undefined` when all blocks are stored. */
  readonly parent: BackupFile | undefined
}

/**
 * Copies the blocks of a held file of which the parent has other contents, and returns its entry in the manifest. The next bytes are read
 * while these are written.
 *
 * @param index - position of the file in the manifest, from 1 on.
 */
export function* copyBlocks(
  source: BlockSource,
  index: number,
  sink: BackupSink,
  observer: CopyObserver,
): Generator<Syncable, BackupFile, void> {
  const copy = new BlockCopy(source, index, sink, observer)
  yield* copy.steps()
  const entry = copy.entry()
  yield* sink.endFile(index, entry)
  return entry
}

/** The copy of one file. */
class BlockCopy {
  readonly #source: BlockSource
  readonly #file: HeldFile
  readonly #parent: BackupFile | undefined
  readonly #index: number
  readonly #sink: BackupSink
  readonly #observer: CopyObserver
  readonly #stored: Uint8Array
  readonly #checksums: Uint8Array
  readonly #hash = new Int32Array(2)
  readonly #stepBytes: number
  #buffer: Uint8Array
  #storedCount = 0

  constructor(source: BlockSource, index: number, sink: BackupSink, observer: CopyObserver) {
    const { file, parent } = source
    const blockCount = blockCountOf(file)
    this.#source = source
    this.#file = file
    this.#parent = parent?.blockBytes === file.blockBytes ? parent : undefined
    this.#index = index
    this.#sink = sink
    this.#observer = observer
    this.#stored = new Uint8Array(Math.ceil(blockCount / 8))
    this.#checksums = new Uint8Array(blockCount * BLOCK_CHECKSUM_BYTES)
    this.#stepBytes = Math.max(STEP_BYTES, file.blockBytes)
    this.#buffer = new Uint8Array(Math.min(file.length, this.#stepBytes))
  }

  *steps(): TaskSteps {
    if (yield* this.#isUnchanged()) {
      this.#checksums.set((this.#parent as BackupFile).checksums)
      this.#observer.progress(this.#file.length, 0)
      return
    }
    const { length } = this.#file
    let next: Uint8Array = new Uint8Array(Math.min(Math.max(0, length - this.#stepBytes), this.#stepBytes))
    if (length > 0) yield this.#read(this.#buffer, 0)
    for (let at = 0; at < length && !this.#sink.isFull; at += this.#stepBytes) {
      const byteCount = Math.min(this.#stepBytes, length - at)
      const storing = this.#select(at, byteCount)
      const isLast = at + this.#stepBytes >= length
      yield both(
        isLast ? NOTHING : this.#read(next, at + this.#stepBytes),
        storing === 0 ? NOTHING : this.#sink.write(this.#index, this.#buffer, 0, storing),
      )
      ;[this.#buffer, next] = [next, this.#buffer]
      this.#observer.progress(byteCount, storing)
      yield this.#observer.timeSlice
    }
  }

  entry(): BackupFile {
    const { length, blockBytes } = this.#file
    const { role, keyspaceId, number, durableSeq, segmentId } = this.#source.entry
    const blocks = { stored: this.#stored, storedCount: this.#storedCount, checksums: this.#checksums }
    return { role, keyspaceId, number, durableSeq, segmentId, length, blockBytes, ...blocks }
  }

  #read(buffer: Uint8Array, at: number): Syncable {
    const byteCount = Math.min(this.#stepBytes, this.#file.length - at)
    return {
      sync: () => {
        this.#file.read(buffer, 0, byteCount, at)
      },
      syncAsync: () => this.#file.readAsync(buffer, 0, byteCount, at),
    }
  }

  /** A file that never changes is that of the parent, if its length and its first block are: that block has the random id of the file. */
  *#isUnchanged(): Generator<Syncable, boolean, void> {
    const { length, isImmutable, blockBytes } = this.#file
    if (!isImmutable || length === 0 || this.#parent?.length !== length) return false
    const byteCount = Math.min(blockBytes, length)
    yield {
      sync: () => {
        this.#file.read(this.#buffer, 0, byteCount, 0)
      },
      syncAsync: () => this.#file.readAsync(this.#buffer, 0, byteCount, 0),
    }
    this.#sum(0, 0, byteCount)
    return this.#isInParent(0, byteCount)
  }

  /** Moves the blocks that the parent does not have to the start of the buffer. Returns their bytes. */
  #select(start: number, byteCount: number): number {
    const { blockBytes } = this.#file
    let storing = 0
    for (let at = 0; at < byteCount; at += blockBytes) {
      const block = (start + at) / blockBytes
      const end = Math.min(at + blockBytes, byteCount)
      if (this.#isReplaced(block, end - at)) continue
      this.#sum(block, at, end)
      if (this.#isInParent(block, end - at)) continue
      this.#stored[Math.floor(block / 8)] =
        (this.#stored[Math.floor(block / 8)] as number) | (1 << (block % 8))
      this.#storedCount++
      if (at !== storing) this.#buffer.copyWithin(storing, at, end)
      storing += end - at
    }
    return storing
  }

  /** Computes the checksum of a block in the buffer. */
  #sum(block: number, start: number, end: number): void {
    xxHash64(this.#buffer, start, end, SEED_ZERO, this.#hash)
    const at = block * BLOCK_CHECKSUM_BYTES
    writeU32(this.#checksums, at, (this.#hash[0] as number) >>> 0)
    writeU32(this.#checksums, at + 4, (this.#hash[1] as number) >>> 0)
  }

  /** Takes the bytes of the parent for a block that is not used, where it has one. */
  #isReplaced(block: number, byteCount: number): boolean {
    if (!this.#file.isUnused(block) || !this.#hasParent(block, byteCount)) return false
    const at = block * BLOCK_CHECKSUM_BYTES
    this.#checksums.set((this.#parent as BackupFile).checksums.subarray(at, at + BLOCK_CHECKSUM_BYTES), at)
    return true
  }

  #hasParent(block: number, byteCount: number): boolean {
    const parent = this.#parent
    return parent !== undefined && block < blockCountOf(parent) && blockBytesAt(parent, block) === byteCount
  }

  #isInParent(block: number, byteCount: number): boolean {
    if (!this.#hasParent(block, byteCount)) return false
    const parent = this.#parent as BackupFile
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
