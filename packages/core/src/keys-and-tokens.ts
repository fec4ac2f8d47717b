import { syncDatabase } from './maintenance.js'
import { encodeStateToken } from './health/state-token.js'
import { invalidArgument, LdbError } from '@ldb/base'
import { resolveEncryption } from './encryption/secret.js'
import type { Encryption } from './encryption/secret.js'
import type { OpenDatabase } from './open/open-database.js'

/** Replaces the master key and the current data key; documented where it is exported, as `Database.rotateKey`. */
export function rotateDatabaseKey(opened: OpenDatabase, encryption: Encryption): void {
  const secret = resolveEncryption(encryption)
  if (secret === undefined) throw invalidArgument('rotateKey needs a key or a passphrase')
  const { health, pipeline, engines } = opened
  pipeline.drain()
  health.assertWritable()
  const { keys, vfs, directory } = engines
  if (keys === undefined) {
    throw new LdbError('LDB_KEY', 'the database is not encrypted, so that it has no key to replace')
  }
  keys.rotate(vfs, directory, secret, (error) => {
    // The device has the old file or the new one. The next open finds out, before it writes anything.
    health.fail(error, false)
  })
}

/** Returns a token of the present state; documented where it is exported, as `Database.stateToken`. */
export function stateTokenOf(opened: OpenDatabase): string {
  opened.health.assertReadable()
  // A token of a commit that a crash could take back would report a rollback that never was.
  if (!opened.options.readOnly && !opened.log.isVolatile) syncDatabase(opened)
  const { databaseId, generation } = opened.manager.catalog
  return encodeStateToken({ databaseId, seq: opened.pipeline.seq, generation })
}
