import type { VerifyReport } from '@ldb/integrity'
import type { OpenDatabase } from '../open/open-database.js'
import { hasCatalogCopy } from './catalog-part.js'

/**
 * Writes files anew that a verification has found damaged, and whose content is in memory: the catalog, its copy, and the key file.
 *
 * @throws {@link LdbError} LDB_IO, LDB_NO_SPACE: then the database is poisoned if it is not known which file the device has.
 */
export function rebuildFiles(opened: OpenDatabase, { parts }: VerifyReport): void {
  const { engines, health, manager } = opened
  const hasFinding = (name: string): boolean =>
    parts.some((part) => part.name === name && part.findingCount > 0)
  if (hasFinding('catalog') || !hasCatalogCopy(opened)) manager.rewriteCatalog()
  if (hasFinding('keys')) {
    engines.keys?.rewrite(engines.vfs, engines.directory, (error) => {
      health.fail(error, false)
    })
  }
}
