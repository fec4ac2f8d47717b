import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Account } from './server-process.js'

/** Creates a temporary directory for a server, owned by `account` if one is given. */
export function createScratchFolder(name: string, account?: Account): string {
  const folder = mkdtempSync(join(tmpdir(), `ldb-${name}-`))
  if (account !== undefined) chownSync(folder, account.uid, account.gid)
  return folder
}

/** Removes a directory of {@link createScratchFolder}. */
export function removeScratchFolder(folder: string): void {
  // Children of a killed server may still write into it.
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
}
