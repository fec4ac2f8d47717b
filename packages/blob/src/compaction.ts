import { isLdbError } from '@ldb/base'
import type { Syncable, TaskSteps } from '@ldb/base'
import { DirectorySync, FileSync } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import type { BlobFile } from './blob-file.js'
import { encodeHeader } from './encoding/blob-header.js'
import { BlobIndex } from './blob-index.js'
import { isNewBlobFileName } from './encoding/file-name.js'
import { HEADER_BYTES, indexBytesOf } from './format.js'

/** Bytes that are copied between two time slices. */
const SLICE_BYTES = 1024 * 1024

/** A record that a compaction keeps. @category Blob files */
export interface KeptRecord {
  /** Offset of the record in its file when it was written. */
  readonly offset: number
  /** Bytes of the record, its padding included. */
  readonly recordBytes: number
}

/** A copy of a file that has only some of its records. */
export interface CompactedCopy {
  readonly source: BlobFile
  /** The records to copy, by ascending offset. */
  readonly kept: readonly KeptRecord[]
  /** Path at which the copy is written. */
  readonly newPath: string
}

/**
 * Replaces a file by a compacted copy. A crash leaves the file as before or compacted; what it leaves at `newPath` means nothing.
 *
 * @param replace - closes the file, and renames the copy, which is on the device.
 * @param timeSlice - synced after each MiB.
 */
export function* compactionSteps(
  vfs: Vfs,
  copy: CompactedCopy,
  directory: string,
  timeSlice: Syncable,
  replace: () => void,
): TaskSteps {
  if (vfs.status(copy.newPath) !== undefined) vfs.remove(copy.newPath)
  try {
    yield* copyKept(vfs, copy, timeSlice)
  } catch (error) {
    removeQuietly(vfs, copy.newPath)
    throw error
  }
  replace()
  yield new DirectorySync(vfs, directory)
}

/** Truncates a file of which every record is dead to its header. A crash leaves it as before or truncated. */
export function* truncationSteps(vfs: Vfs, source: BlobFile): TaskSteps {
  const file = vfs.open(source.path, 'write')
  try {
    file.truncate(HEADER_BYTES)
    source.end = HEADER_BYTES
    const fileSync = new FileSync(vfs, file)
    try {
      yield fileSync
    } finally {
      fileSync.close()
    }
  } finally {
    file.close()
  }
}

/** Returns the length of a compacted copy. @category Blob files */
export function compactedBytes(kept: readonly KeptRecord[]): number {
  let bytes = HEADER_BYTES + indexBytesOf(kept.length)
  for (const { recordBytes } of kept) bytes += recordBytes
  return bytes
}

/** Removes a file that means nothing. The next compaction removes it if that fails. */
export function removeQuietly(vfs: Vfs, path: string): void {
  try {
    vfs.remove(path)
  } catch (error) {
    if (!isLdbError(error)) throw error
  }
}

/** Removes what an earlier process has not completed: compacted copies, and streamed values. */
export function removeUnfinished(vfs: Vfs, directory: string): void {
  for (const name of vfs.list(directory)) {
    if (isNewBlobFileName(name)) removeQuietly(vfs, `${directory}/${name}`)
  }
}

/** Writes and syncs the copy. The bytes of the records do not change. */
function* copyKept(vfs: Vfs, { source, kept, newPath }: CompactedCopy, timeSlice: Syncable): TaskSteps {
  const index = BlobIndex.of(kept)
  const { fileId, number, frame, codec } = source
  const file = vfs.open(newPath, 'createNew')
  const fileSync = new FileSync(vfs, file)
  try {
    const { cipher: encryption } = codec
    const header = encodeHeader({ fileId, fileNumber: number, indexCount: kept.length, encryption })
    file.write(header, 0, HEADER_BYTES, 0)
    if (kept.length > 0) file.write(index.encode(frame), 0, indexBytesOf(kept.length), HEADER_BYTES)
    const buffer = new Uint8Array(SLICE_BYTES)
    let sliceBytes = 0
    for (const [at, { offset, recordBytes }] of kept.entries()) {
      const from = source.positionOfRecord(offset)
      for (let done = 0; done < recordBytes;) {
        const wanted = Math.min(buffer.length, recordBytes - done)
        const count = source.file.read(buffer, 0, wanted, from + done)
        // The padding of the last record may lie behind the end of the file.
        if (count === 0) break
        file.write(buffer, 0, count, index.positionAt(at) + done)
        fileSync.recordWrite(count)
        done += count
        sliceBytes += count
        if (sliceBytes < SLICE_BYTES) continue
        sliceBytes = 0
        yield timeSlice
      }
    }
    yield fileSync
  } finally {
    fileSync.close()
    file.close()
  }
}
