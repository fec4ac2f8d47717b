import { isLdbError, optionalMember, runVerifySteps } from '@ldb/base'
import type { VerifyAmount, VerifySink } from '@ldb/base'
import type { BlobFiles } from './blob-files.js'
import { blobFileName } from './encoding/file-name.js'
import { HEADER_BYTES } from './format.js'

/** Records of a step. */
const STEP_RECORDS = 16

/** The records of blob files, live and dead. @category Blob files */
export interface BlobRecordTotals {
  readonly count: number
  readonly bytes: number
}

/**
 * Counts the records of all blob files, live and dead, and reports files that cannot be read. Values are checked where an engine refers
 * to them: what nothing refers to is dead, and a crash may have left it torn, the header of a file included.
 *
 * @param directory - of the files, for findings.
 * @category Blob files
 */
export function verifyBlobFiles(files: BlobFiles, directory: string, sink: VerifySink): void {
  runVerifySteps(verifyBlobFileSteps(files, directory, sink))
}

/**
 * As {@link verifyBlobFiles}, in steps. Values may be appended and files compacted between two: what was appended after the first step is
 * not counted. Reports the amounts of all bytes but those of the records, and the locations of all records as `blob-dead`.
 *
 * @category Blob files
 */
export function* verifyBlobFileSteps(
  files: BlobFiles,
  directory: string,
  sink: VerifySink,
): Generator<void, BlobRecordTotals> {
  const totals = { count: 0, bytes: 0 }
  const locate = optionalMember(sink, 'location')
  for (const { number, fileBytes } of files.files()) {
    const file = `${directory}/${blobFileName(number)}`
    sink.progress({ files: 1, units: 0, entries: 0, bytes: HEADER_BYTES })
    let restBytes = Math.max(0, fileBytes - HEADER_BYTES)
    checkFront(files, number, file, sink)
    const amounts: VerifyAmount[] = [{ kind: 'blob-header', count: 1, bytes: fileBytes - restBytes }]
    try {
      const indexBytes = files.indexBytesOf(number)
      if (indexBytes > 0) amounts.push({ kind: 'blob-index', count: 1, bytes: indexBytes })
      restBytes -= indexBytes
      let offset = HEADER_BYTES
      for (let count = 1; restBytes > 0; count++) {
        const record = files.readRecord(number, offset)
        if (record === undefined) break
        // The padding of the last record may be missing.
        const bytes = Math.min(restBytes, record.nextOffset - record.offset)
        restBytes -= bytes
        totals.count++
        totals.bytes += bytes
        locate?.call(sink, { kind: 'blob-dead', file, offset: record.offset, bytes })
        sink.progress({ units: 1, entries: 0, bytes })
        offset = record.nextOffset
        if (count % STEP_RECORDS === 0) yield
      }
    } catch (error) {
      if (!isLdbError(error)) throw error
      if (error.code === 'LDB_IO') {
        sink.finding({ kind: 'io', file, offset: error.details.offset ?? 0, message: error.message })
      }
    }
    locate?.call(sink, { kind: 'blob-header', file, offset: 0, bytes: HEADER_BYTES })
    if (restBytes > 0) amounts.push({ kind: 'unused', count: 1, bytes: restBytes })
    sink.progress({ units: 0, entries: 0, bytes: 0, amounts })
    yield
  }
  return totals
}

/** Reports a header or an index that was damaged after the file was opened: the next open of the file will fail. */
function checkFront(files: BlobFiles, number: number, file: string, sink: VerifySink): void {
  try {
    files.checkFront(number)
  } catch (error) {
    if (!isLdbError(error)) throw error
    const kind = error.code === 'LDB_IO' ? 'io' : 'checksum'
    sink.finding({ kind, file, offset: error.details.offset ?? 0, message: error.message })
  }
}
