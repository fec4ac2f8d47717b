import { isLdbError } from '@ldb/base'
import type { StoreSnapshot, VerifySink } from '@ldb/base'
import type { BlobValues } from '../blob/blob-values.js'
import { referenceAt, REFERRING_VALUE_BYTES } from '../blob/value-header.js'
import type { KeyspaceStore } from './store.js'

/** Reads and checks every value in a blob file that a present entry of a keyspace names. */
export function verifyValues(keyspace: KeyspaceStore, blobs: BlobValues, sink: VerifySink): void {
  if (!keyspace.hasBlobs) return
  const view = keyspace.rawStore.snapshot()
  try {
    verifyView(view, blobs, sink)
  } catch (error) {
    // A damaged page is a finding of the verification of the store.
    if (!isLdbError(error, 'LDB_CORRUPTION')) throw error
  } finally {
    view.release()
  }
}

function verifyView(view: StoreSnapshot, blobs: BlobValues, sink: VerifySink): void {
  const cursor = view.cursor()
  try {
    for (let found = cursor.first(); found; found = cursor.next()) {
      const { value } = cursor
      const at = value.length === REFERRING_VALUE_BYTES ? referenceAt(value, 0, value.length) : -1
      if (at < 0) continue
      const fault = blobs.faultOf(value, at)
      sink.progress({ units: 1, entries: 0, bytes: blobs.bytesOf(value, at) })
      if (fault === undefined) continue
      const { file = blobs.directory, offset = 0 } = fault.details
      sink.finding({ kind: 'checksum', file, offset, message: fault.message })
    }
  } finally {
    cursor.close()
  }
}
