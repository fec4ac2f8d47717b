import type { Vfs } from '@ldb/vfs'
import type { BlobFile } from './blob-file.js'
import { HEADER_BYTES, RECORD_HEADER_BYTES } from './format.js'
import { referencedBytes } from './reference.js'
import type { BlobReference } from './reference.js'

/** Bytes that are written at a time. */
const PART_BYTES = 1024 * 1024

/** Writes the header of a file and the records of references again, in place, and syncs them. The bytes do not change. */
export function rewriteRecords(vfs: Vfs, source: BlobFile, references: readonly BlobReference[]): void {
  const file = vfs.open(source.path, 'write')
  const buffer = new Uint8Array(PART_BYTES)
  const rewrite = (from: number, byteCount: number): void => {
    for (let done = 0; done < byteCount;) {
      const count = file.read(buffer, 0, Math.min(PART_BYTES, byteCount - done), from + done)
      // The padding of the last record may lie behind the end of the file.
      if (count === 0) return
      file.write(buffer, 0, count, from + done)
      done += count
    }
  }
  try {
    rewrite(0, HEADER_BYTES)
    for (const reference of references) {
      const { trailerBytes } = source.codec
      const recordOffset = reference.valueOffset - reference.keyBytes - trailerBytes - RECORD_HEADER_BYTES
      rewrite(source.positionOfRecord(recordOffset), referencedBytes(reference, trailerBytes))
    }
    file.sync()
  } finally {
    file.close()
  }
}

/** Groups references by the number of their file. */
export function byFileNumber(references: readonly BlobReference[]): Map<number, BlobReference[]> {
  const byFile = new Map<number, BlobReference[]>()
  for (const reference of references) {
    const named = byFile.get(reference.fileNumber)
    if (named === undefined) byFile.set(reference.fileNumber, [reference])
    else named.push(reference)
  }
  return byFile
}
