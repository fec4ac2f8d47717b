import type { TaskSteps } from '@ldb/base'
import { DirectorySync } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import { KEYS_NAME, needsKey, readKeyFile, repairedKeyFile, replaceKeyFile } from './database-keys.js'
import type { DatabaseKeys } from './database-keys.js'
import { joinedKeyFile } from './key-file.js'
import { resolveEncryption } from './secret.js'
import type { Encryption } from './secret.js'

/** Writes the key file of an archive, which may have data keys that the database has no more; see {@link DatabaseKeys.archived}. */
export function* archiveKeyFile(keys: DatabaseKeys, target: Vfs, to: string): TaskSteps {
  const file = `${to}/${KEYS_NAME}`
  const stored = target.status(file) === undefined ? undefined : readKeyFile(target, to)
  const bytes = keys.archived(stored, file, target.random)
  if (bytes === undefined) return
  replaceKeyFile(target, to, bytes)
  yield new DirectorySync(target, to)
}

/**
 * Adds the data keys of an archive to the key file of a restored database, which has those of the backup. One damaged slot of the archive's
 * key file is replaced by the other one; the file is left out when both are damaged or it is missing.
 *
 * @param branch - directory of the archive that contains its key file.
 * @throws {@link LdbError} LDB_KEY when one of the two is under another key or passphrase, and has data keys that the other one has not.
 */
export function addArchivedKeys(
  vfs: Vfs,
  directory: string,
  branch: string,
  encryption: Encryption | undefined,
): void {
  if (vfs.status(`${branch}/${KEYS_NAME}`) === undefined) return
  const archived = repairedKeyFile(readKeyFile(vfs, branch))
  if (archived === undefined) return
  const secret = resolveEncryption(encryption)
  if (secret === undefined) throw needsKey(directory)
  const own = readKeyFile(vfs, directory)
  replaceKeyFile(vfs, directory, joinedKeyFile(own, archived, secret, vfs.random, `${branch}/${KEYS_NAME}`))
}
