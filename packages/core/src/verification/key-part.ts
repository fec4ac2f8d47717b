import { equalBytes, isLdbError } from '@ldb/base'
import type { VerifySink } from '@ldb/base'
import { isMissingPath, isResourceShortage } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import { KEYS_NAME, readKeyFile } from '../encryption/database-keys.js'
import type { DatabaseKeys } from '../encryption/database-keys.js'
import { KEYS_SLOT_BYTES } from '../format.js'

const SLOTS = [0, KEYS_SLOT_BYTES]

/**
 * Verifies both slots of the key file. One damaged slot is a warning, because the other one opens the database; a file that is not the one
 * that the keys in memory were read from, or of which no slot is left, is an error: nothing that is encrypted can be read after the next open.
 */
export function verifyKeyFile(vfs: Vfs, directory: string, keys: DatabaseKeys, sink: VerifySink): void {
  const file = `${directory}/${KEYS_NAME}`
  try {
    const bytes = readKeyFile(vfs, directory)
    const expected = keys.wholeFile
    const faults = SLOTS.filter((start) => {
      const end = start + KEYS_SLOT_BYTES
      return !equalBytes(bytes.subarray(start, end), expected.subarray(start, end))
    })
    const severity = faults.length < SLOTS.length ? 'warning' : 'error'
    for (const offset of faults) {
      const message = 'a slot of the key file differs from the keys in memory: rotateKey writes both anew'
      sink.finding({ kind: 'checksum', file, offset, message, severity })
    }
    const count = SLOTS.length - faults.length
    const amounts = [{ kind: 'key-slot' as const, count, bytes: count * KEYS_SLOT_BYTES }]
    sink.progress({ files: 1, units: SLOTS.length, entries: 0, bytes: bytes.length, amounts })
  } catch (error) {
    // When the database is poisoned, the file at the path is not the one to verify.
    if (!isLdbError(error) || isResourceShortage(error) || error.code === 'LDB_POISONED') throw error
    const kind = error.code === 'LDB_CORRUPTION' || isMissingPath(error) ? 'missing' : 'io'
    sink.finding({ kind, file, offset: 0, message: error.message })
  }
}
