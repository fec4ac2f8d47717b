import { isLdbError } from '@ldb/base'
import type { VerifySink } from '@ldb/base'
import type { BlobFiles } from './blob-files.js'
import { blobFileName } from './encoding/file-name.js'
import { HEADER_BYTES } from './format.js'

/**
 * Counts the records of all blob files, live and dead, and reports files that cannot be read. Values are checked where an engine refers
 * to them: what nothing refers to is dead, and a crash may have left it torn, the header of a file included.
 *
 * @param directory - of the files, for findings.
 * @category Blob files
 */
export function verifyBlobFiles(files: BlobFiles, directory: string, sink: VerifySink): void {
  for (const { number } of files.files()) {
    const file = `${directory}/${blobFileName(number)}`
    sink.progress({ files: 1, units: 0, entries: 0, bytes: HEADER_BYTES })
    try {
      let offset = HEADER_BYTES
      for (;;) {
        const record = files.readRecord(number, offset)
        if (record === undefined) break
        sink.progress({ units: 1, entries: 0, bytes: record.nextOffset - offset })
        offset = record.nextOffset
      }
    } catch (error) {
      if (!isLdbError(error)) throw error
      if (error.code !== 'LDB_IO') continue
      sink.finding({ kind: 'io', file, offset: error.details.offset ?? 0, message: error.message })
    }
  }
}
