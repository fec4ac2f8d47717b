import { isLdbError, LdbError } from '@ldb/base'
import { InternalVfs, OverlayVfs, OwnedVfs, PooledVfs } from '@ldb/vfs'
import type { FilePath, Vfs, VfsLock } from '@ldb/vfs'
import { inspectDirectory } from '../open/directory-inspection.js'
import { lockDirectory } from '../open/directory-lock.js'
import { resolveDirectory } from '../catalog/path.js'
import { KeyAccess } from '../encryption/database-keys.js'
import { resolveEncryption } from '../encryption/secret.js'
import type { Encryption } from '../encryption/secret.js'

/** Descriptors that a repair keeps open of the damaged database. */
const OPEN_FILES_MAX = 256

/** The directory of a damaged database, locked for reading. */
export interface RepairSource {
  readonly directory: string
  /** Its files. What is written to them stays in memory. */
  readonly vfs: Vfs
  readonly lock: VfsLock
  /** Its keys, if it is encrypted. */
  readonly access: KeyAccess
}

/**
 * Locks the directory of a damaged database as a read-only opener does.
 *
 * @throws {@link LdbError} LDB_NOT_FOUND when there is no database; LDB_FORMAT for a directory that is none, or a newer format; LDB_LOCKED,
 * LDB_IO; LDB_KEY without the right key.
 */
export function openSource(base: Vfs, path: FilePath, encryption: Encryption | undefined): RepairSource {
  const directory = resolveDirectory(base, path)
  const access = new KeyAccess(directory, resolveEncryption(encryption))
  assertDatabase(base, directory, access)
  const owned = new OwnedVfs(InternalVfs.over(base))
  const vfs = new OverlayVfs(new PooledVfs(owned, { maxOpenFiles: OPEN_FILES_MAX }))
  return { directory, vfs, lock: lockDirectory(vfs, owned, directory), access }
}

function assertDatabase(vfs: Vfs, directory: string, access: KeyAccess): void {
  try {
    if (inspectDirectory(vfs, directory, access).kind === 'database') return
  } catch (error) {
    if (isLdbError(error, 'LDB_CORRUPTION')) return
    throw error
  }
  throw new LdbError('LDB_NOT_FOUND', `there is no database at ${directory}`, {
    details: { file: directory },
  })
}
