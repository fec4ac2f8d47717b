import { isLdbError, ownOptions } from '@ldb/base'
import type { VerifyReport } from '@ldb/integrity'
import { defaultVfs } from '@ldb/vfs'
import type { FilePath, Vfs } from '@ldb/vfs'
import type { Encryption } from './encryption/secret.js'
import { resolveVfs } from './health/options.js'
import { openDatabase } from './open/opening.js'
import type { OpenDatabase } from './open/open-database.js'
import { checkVerifyOptions, reportOfFailure, verifyDatabase } from './verification.js'
import type { VerifyOptions } from './verification.js'

/** Options of the verification of a closed database. @category Health */
export interface DirectoryVerifyOptions extends VerifyOptions {
  /** The file system. Default: the files of Node. */
  readonly vfs?: Vfs
  /** The key or the passphrase of an encrypted database. */
  readonly encryption?: Encryption
}

const KNOWN = ['vfs', 'onProgress', 'signal', 'encryption'] as const

/** Verifies a closed database; documented where it is exported, as `Database.verify`. */
export function verifyDirectory(path: FilePath, options: DirectoryVerifyOptions | undefined): VerifyReport {
  const given = ownOptions(options, KNOWN)
  const vfs = resolveVfs(given.vfs) ?? defaultVfs()
  const checked = checkVerifyOptions(given)
  const startedAtMs = vfs.clock.monotonic()
  let opened: OpenDatabase
  try {
    const encryption = given.encryption as Encryption | undefined
    opened = openDatabase(path, { vfs, readOnly: true, ...(encryption !== undefined && { encryption }) })
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
