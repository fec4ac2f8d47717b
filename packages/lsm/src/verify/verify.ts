import { isLdbError } from '@ldb/base'
import type { VerifyFinding, VerifySink } from '@ldb/base'
import { MANIFEST_NAME } from '../version/manifest-writer.js'
import { readManifest } from '../version/manifest-reader.js'
import type { OpenedStore } from '../store/open.js'
import { verifyTable } from './verify-table.js'

/**
 * Verifies the manifest, and every table of the present version. Tables are read past the cache.
 *
 * @throws everything that the sink throws.
 */
export function verifyStore(
  { vfs, directory, state, manifest, options }: OpenedStore,
  sink: VerifySink,
): void {
  const pinned = state.current.pin()
  try {
    const path = `${directory}/${MANIFEST_NAME}`
    guardFile(sink, path, () => {
      if (manifest.exists) readManifest(vfs, path, options.keys, sink)
    })
    for (const table of pinned.version.tables()) {
      guardFile(sink, table.reader.path, () => {
        verifyTable(table, sink)
      })
    }
  } finally {
    pinned.unpin()
  }
}

/** Reports an error of a file as a finding, and goes on. */
function guardFile(sink: VerifySink, file: string, part: () => void): void {
  try {
    part()
  } catch (error) {
    if (!isLdbError(error)) throw error
    const kind = KINDS[error.code]
    if (kind === undefined) throw error
    const { offset = 0 } = error.details as { offset?: number }
    sink.finding({ kind, file, offset, message: error.message })
  }
}

const KINDS: Readonly<Record<string, VerifyFinding['kind']>> = {
  LDB_CORRUPTION: 'checksum',
  LDB_FORMAT: 'structure',
  LDB_UNSUPPORTED: 'structure',
  LDB_NOT_FOUND: 'missing',
  LDB_IO: 'io',
}
