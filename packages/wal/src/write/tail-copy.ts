import type { Vfs, VfsFile } from '@ldb/vfs'
import type { ChainHash } from '../segment/chain-hash.js'
import { SegmentCursor } from '../segment/cursor.js'
import type { Segment } from '../segment/segment.js'
import { RecordBuffer } from './record-buffer.js'

const COPY_BUFFER_BYTES = 1024 * 1024

/** The records of an older segment, from the base of the new segment to `endLsn`, that the new segment repeats. */
export interface TailCopy {
  readonly source: Segment
  readonly endLsn: number
}

/**
 * Writes the records of `tail` to the file of a new segment at the same lsns. The operating system may hold them in its cache only, after
 * a failed sync, so that only a new write makes them durable.
 *
 * @param chainHash - receives the checksums of the copied records.
 */
export function copyTail(
  vfs: Vfs,
  file: VfsFile,
  target: Segment,
  tail: TailCopy,
  chainHash: ChainHash,
): void {
  const buffer = new RecordBuffer(COPY_BUFFER_BYTES)
  const cursor = new SegmentCursor(tail.source, vfs.open(tail.source.path, 'read'))
  try {
    let lsn = target.baseLsn
    let writtenLsn = lsn
    const flush = (): void => {
      buffer.writeTo((bytes, start, byteCount) => {
        file.write(bytes, start, byteCount, target.fileOffsetOf(writtenLsn))
        writtenLsn += byteCount
      })
      buffer.clear()
    }
    while (lsn < tail.endLsn) {
      cursor.requireRecord(lsn, tail.endLsn)
      if (buffer.byteCount > 0 && !buffer.fits(cursor.recordBytes)) flush()
      const unsyncedBytes = lsn - target.baseLsn
      const { payload, type, seq } = cursor
      lsn += buffer.append(payload, type, seq, lsn, unsyncedBytes, target, chainHash)
    }
    if (buffer.byteCount > 0) flush()
  } finally {
    cursor.close()
  }
}

/**
 * Writes the records of `tail`, from `lsn` on, again in place, and syncs them. Serves the purpose of {@link copyTail} where the device
 * has no space for a copy. The bytes do not change, so that a torn write does no harm where each sector is left old or new.
 */
export function rewriteTail(vfs: Vfs, tail: TailCopy, from: number): void {
  const { source, endLsn } = tail
  const file = vfs.open(source.path, 'write')
  try {
    const cursor = new SegmentCursor(source, vfs.open(source.path, 'read'))
    try {
      for (let lsn = from; lsn < endLsn; lsn += cursor.recordBytes) {
        cursor.requireRecord(lsn, endLsn)
        file.write(cursor.record, 0, cursor.recordBytes, source.fileOffsetOf(lsn))
      }
    } finally {
      cursor.close()
    }
    file.sync()
  } finally {
    file.close()
  }
}
