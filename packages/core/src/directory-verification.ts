import { isLdbError, ownOptions } from '@ldb/base'
import type { VerifyReport } from '@ldb/integrity'
import { defaultVfs } from '@ldb/vfs'
import type { FilePath, Vfs } from '@ldb/vfs'
import { resolveVfs } from './health/options.js'
import { openDatabase } from './open/opening.js'
import type { OpenDatabase } from './open/open-database.js'
import { checkVerifyOptions, reportOfFailure, verifyDatabase } from './verification.js'
import type { VerifyOptions } from './verification.js'

const KNOWN = ['vfs', 'onProgress', 'signal'] as const

/** Verifies a closed database; documented where it is exported, as `Database.verify`. */
export function verifyDirectory(
  path: FilePath,
  options: (VerifyOptions & { readonly vfs?: Vfs | undefined }) | undefined,
): VerifyReport {
  const given = ownOptions(options, KNOWN)
  const vfs = resolveVfs(given.vfs) ?? defaultVfs()
  const checked = checkVerifyOptions(given)
  const startedAtMs = vfs.clock.monotonic()
  let opened: OpenDatabase
  try {
    opened = openDatabase(path, { vfs, readOnly: true })
  } catch (error) {
    if (!isLdbError(error, 'LDB_CORRUPTION')) throw error
    return reportOfFailure(error, vfs.clock.monotonic() - startedAtMs)
  }
  try {
    return verifyDatabase(opened, checked)
  } finally {
    opened.close()
  }
}
