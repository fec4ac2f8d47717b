import { isLdbError, ownOptions, ownProperty } from '@ldb/base'
import type { VerifyReport } from '@ldb/integrity'
import { defaultVfs } from '@ldb/vfs'
import type { FilePath, Vfs } from '@ldb/vfs'
import { cipherMaker } from './encryption/ciphers.js'
import type { Encryption } from './encryption/secret.js'
import { verifyWal } from '@ldb/wal'
import { logPath } from './catalog/directory-layout.js'
import { resolveVfs } from './health/options.js'
import { openDatabase } from './open/opening.js'
import type { OpenDatabase } from './open/open-database.js'
import { compareDatabases } from './verification/comparison.js'
import type { DatabaseComparison } from './verification/comparison.js'
import { verifyDatabase } from './verification/database-steps.js'
import { checkVerifyOptions } from './verification/options.js'
import type { ResolvedVerifyOptions, VerifyOptions } from './verification/options.js'
import { assertNotAborted } from './verification/reporting-sink.js'
import { verifyUnopened } from './verification/unopened.js'

/** Options of the verification of a closed database. @category Health */
export interface VerifyDirectoryOptions extends VerifyOptions {
  /** The file system. Default: the files of Node. */
  readonly vfs?: Vfs | undefined
  /** The key or the passphrase of an encrypted database, and of the one at `against`. */
  readonly encryption?: Encryption | undefined
  /**
   * Path of another closed database, of any engines, with which the content is compared: see `comparison` of the report. The other one is
   * not verified beyond that.
   */
  readonly against?: FilePath | undefined
}

/** The report of the verification of a closed database. @category Reports */
export interface DirectoryVerifyReport extends VerifyReport {
  /**
   * How the content differs from that of the database at `against`; `undefined` without that option, and when the verified database cannot
   * be opened. A difference is no finding.
   */
  readonly comparison: DatabaseComparison | undefined
}

const KNOWN = ['vfs', 'onProgress', 'onLocation', 'signal', 'encryption', 'against'] as const

/** Verifies a closed database; documented where it is exported, as `Database.verify`. */
export function verifyDirectory(
  path: FilePath,
  options: VerifyDirectoryOptions | undefined,
): DirectoryVerifyReport {
  const given = ownOptions(options, KNOWN)
  const vfs = resolveVfs(given.vfs) ?? defaultVfs()
  const checked = checkVerifyOptions(given)
  const against = given.against as FilePath | undefined
  const encryption = given.encryption as Encryption | undefined
  const opening = { vfs, readOnly: true, ...(encryption !== undefined && { encryption }) }
  // Errors of the other database come before the long walk.
  const other = against === undefined ? undefined : openDatabase(against, opening)
  try {
    const { report, comparison } = verifyAndCompare(path, opening, checked, other)
    return Object.freeze({ ...report, comparison })
  } finally {
    other?.close()
  }
}

function verifyAndCompare(
  path: FilePath,
  opening: { readonly vfs: Vfs; readonly readOnly: boolean; readonly encryption?: Encryption },
  options: ResolvedVerifyOptions,
  other: OpenDatabase | undefined,
): { readonly report: VerifyReport; readonly comparison: DatabaseComparison | undefined } {
  const { vfs } = opening
  const startedAtMs = vfs.clock.monotonic()
  let opened: OpenDatabase
  try {
    opened = openDatabase(path, opening)
  } catch (error) {
    if (!isLdbError(error, 'LDB_CORRUPTION')) throw error
    return {
      report: verifyUnopened(vfs, path, options, error, startedAtMs, ownProperty(opening, 'encryption')),
      comparison: undefined,
    }
  }
  try {
    // Recovery is in an overlay, in which it has replaced a damaged seal: the log is read as it is in the files.
    const { directory } = opened.engines
    const { databaseId } = opened.manager.catalog
    const createCipher = cipherMaker(opened.engines.keys?.data, 'log')
    const report = verifyDatabase(opened, options, (sink) => {
      verifyWal(vfs, logPath(directory), sink, undefined, databaseId, createCipher)
      return []
    })
    const check = (): void => {
      assertNotAborted(options.signal)
    }
    return { report, comparison: other && compareDatabases(opened, other, check) }
  } finally {
    opened.close()
  }
}
