import { corruption, equalBytes, ResumableTask } from '@ldb/base'
import type { Syncable, TaskSteps } from '@ldb/base'
import { DirectorySync, FileSync } from '@ldb/vfs'
import type { Vfs, VfsFile } from '@ldb/vfs'
import { syncSteps } from './block-file.js'
import { blockBytesAt, blockCountOf, isBlock, isStored } from './manifest.js'
import type { BackupFile } from './manifest.js'
import { dataPath, MANIFEST_NAME } from './series.js'
import { both, NOTHING } from './sink.js'
import type { BackupSink } from './sink.js'

/** Bytes that one step reads, at least a block. */
const STEP_BYTES = 262_144

/** How a directory is written. */
export interface DirectorySinkParts {
  readonly vfs: Vfs
  /** Directory of the backup, which exists. */
  readonly path: string
  /** Read each file back. */
  readonly verify: boolean
  readonly timeSlice: Syncable
  /** Called between steps of the verification. Throws to end the backup. */
  check(): void
}

/**
 * A backup in a directory. Every file is synced, and read back: the operating system returns the bytes whose checksums the manifest contains. They
 * may come from its cache, and not from the device.
 */
export class DirectorySink implements BackupSink {
  readonly isFull = false
  readonly #parts: DirectorySinkParts
  #file: VfsFile | undefined = undefined
  #end = 0

  constructor(parts: DirectorySinkParts) {
    this.#parts = parts
  }

  write(index: number, bytes: Uint8Array, start: number, byteCount: number): Syncable {
    const { vfs, path } = this.#parts
    const file = (this.#file ??= vfs.open(dataPath(path, index - 1), 'createNew'))
    const at = this.#end
    this.#end += byteCount
    return {
      sync: () => {
        file.write(bytes, start, byteCount, at)
      },
      syncAsync: () => file.writeAsync(bytes, start, byteCount, at),
    }
  }

  *endFile(_index: number, entry: BackupFile): TaskSteps {
    const file = this.#file
    if (file === undefined) return
    const { vfs, verify } = this.#parts
    const fileSync = new FileSync(vfs, file)
    try {
      yield both(fileSync, verify ? new ResumableTask(this.#verify(file, entry)) : NOTHING)
    } finally {
      fileSync.close()
      this.close()
    }
  }

  *end(manifest: Uint8Array): TaskSteps {
    const { vfs, path, verify, timeSlice } = this.#parts
    const file = vfs.open(`${path}/${MANIFEST_NAME}`, 'createNew')
    try {
      const { length } = manifest
      for (let at = 0; at < length; at += STEP_BYTES) {
        const byteCount = Math.min(STEP_BYTES, length - at)
        yield {
          sync: () => {
            file.write(manifest, at, byteCount, at)
          },
          syncAsync: () => file.writeAsync(manifest, at, byteCount, at),
        }
        yield timeSlice
      }
      yield* syncSteps(vfs, file)
      if (verify) yield* this.#verifyManifest(file, manifest)
    } finally {
      file.close()
    }
    yield new DirectorySync(vfs, path)
  }

  /** Closes the file that is being written. Idempotent. */
  close(): void {
    this.#file?.close()
    this.#file = undefined
    this.#end = 0
  }

  *#verify(file: VfsFile, entry: BackupFile): TaskSteps {
    const { timeSlice } = this.#parts
    const blocks = storedBlocks(entry)
    const stepBytes = Math.max(STEP_BYTES, entry.blockBytes)
    const end = this.#end
    if (file.length() !== end) throw unlike(file.path, Math.min(file.length(), end))
    let current = new Uint8Array(Math.min(stepBytes, end))
    let next = new Uint8Array(Math.min(stepBytes, Math.max(0, end - stepBytes)))
    yield readBack(file, current, 0, end)
    for (let at = 0; at < end; at += stepBytes) {
      const bytes = current
      const compare = (): void => {
        compareBlocks(file.path, entry, blocks, bytes, at, Math.min(stepBytes, end - at))
      }
      const ahead = at + stepBytes < end ? readBack(file, next, at + stepBytes, end) : NOTHING
      yield both(ahead, { sync: compare, syncAsync: async () => compare() })
      ;[current, next] = [next, current]
      this.#parts.check()
      yield timeSlice
    }
  }

  *#verifyManifest(file: VfsFile, manifest: Uint8Array): TaskSteps {
    const bytes = new Uint8Array(Math.min(STEP_BYTES, manifest.length))
    for (let at = 0; at < manifest.length; at += bytes.length) {
      const expected = manifest.subarray(at, at + bytes.length)
      yield readBack(file, bytes, at, manifest.length)
      if (!equalBytes(bytes.subarray(0, expected.length), expected)) throw unlike(file.path, at)
      yield this.#parts.timeSlice
    }
  }
}

function readBack(file: VfsFile, buffer: Uint8Array, at: number, end: number): Syncable {
  const byteCount = Math.min(buffer.length, end - at)
  const check = (actual: number): void => {
    if (actual !== byteCount) throw unlike(file.path, at + actual)
  }
  return {
    sync: () => {
      check(file.read(buffer, 0, byteCount, at))
    },
    syncAsync: async () => {
      check(await file.readAsync(buffer, 0, byteCount, at))
    },
  }
}

/** Returns the numbers of the stored blocks, in their order. */
function storedBlocks(entry: BackupFile): Uint32Array {
  const blocks = new Uint32Array(entry.storedCount)
  let count = 0
  for (let block = 0; block < blockCountOf(entry); block++)
    if (isStored(entry, block)) blocks[count++] = block
  return blocks
}

/** Compares stored blocks with their checksums. Only the last one may be short. */
function compareBlocks(
  path: string,
  entry: BackupFile,
  blocks: Uint32Array,
  bytes: Uint8Array,
  start: number,
  byteCount: number,
): void {
  const { blockBytes } = entry
  for (let at = 0; at < byteCount; at += blockBytes) {
    const block = blocks[(start + at) / blockBytes] as number
    if (!isBlock(entry, block, bytes, at, at + blockBytesAt(entry, block))) throw unlike(path, start + at)
  }
}

function unlike(path: string, offset: number): Error {
  return corruption(path, offset, 'the backup does not contain what was written to it')
}
