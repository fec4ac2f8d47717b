import { syncDatabase } from './maintenance.js'
import { encodeStateToken } from './health/state-token.js'
import { invalidArgument, kindOf, LdbError, ownOptions } from '@ldb/base'
import { resolveEncryption } from './encryption/secret.js'
import type { Encryption } from './encryption/secret.js'
import type { BackgroundRenewal } from './maintenance/background-renewal.js'
import type { OpenDatabase } from './open/open-database.js'

/** Options of `rotateKey`. @category Options */
export interface RotateKeyOptions {
  /**
   * Whether what is encrypted with older data keys is rewritten in the background, and these keys are removed in the end. When false, `renewKeys`
   * or the next open does so.
   * @defaultValue true
   */
  readonly renew?: boolean | undefined
  /**
   * Bytes that the background rewrites in a second, on average: 1,024 or more.
   * @defaultValue 33_554_432 (32 MiB)
   */
  readonly bytesPerSecond?: number | undefined
}

const BYTES_PER_SECOND_MIN = 1024

/** Replaces the master key and the current data key; documented where it is exported, as `Database.rotateKey`. */
export function rotateDatabaseKey(
  opened: OpenDatabase,
  encryption: Encryption,
  options: RotateKeyOptions | undefined,
): void {
  const { isRenewed, bytesPerSecond } = resolveRotation(options)
  const secret = resolveEncryption(encryption)
  if (secret === undefined) throw invalidArgument('rotateKey needs a key or a passphrase')
  const { health, pipeline, engines, log } = opened
  pipeline.drain()
  health.assertWritable()
  const { keys, vfs, directory } = engines
  if (keys === undefined) {
    throw new LdbError('LDB_KEY', 'the database is not encrypted, so that it has no key to replace')
  }
  // Records that are buffered are encrypted with the present data key: what counts them reads the files.
  flushLog(health, log)
  keys.rotate(vfs, directory, secret, (error) => {
    // The device has the old file or the new one. The next open finds out, before it writes anything.
    health.fail(error, false)
  })
  if (isRenewed) opened.renewal?.start(bytesPerSecond)
}

function flushLog(health: OpenDatabase['health'], log: OpenDatabase['log']): void {
  try {
    log.flush()
  } catch (error) {
    health.fail(error, false)
    throw error
  }
}

function resolveRotation(options: unknown): {
  readonly isRenewed: boolean
  readonly bytesPerSecond: number | undefined
} {
  const { renew = true, bytesPerSecond } = ownOptions(options, ['renew', 'bytesPerSecond'], 'rotateKey')
  if (typeof renew !== 'boolean') throw invalidArgument(`renew must be true or false, not ${kindOf(renew)}`)
  const isValid =
    bytesPerSecond === undefined ||
    (typeof bytesPerSecond === 'number' &&
      bytesPerSecond >= BYTES_PER_SECOND_MIN &&
      bytesPerSecond <= Number.MAX_SAFE_INTEGER)
  if (isValid) return { isRenewed: renew, bytesPerSecond: bytesPerSecond as number | undefined }
  throw invalidArgument(`bytesPerSecond must be a number of ${BYTES_PER_SECOND_MIN} or more`)
}

/** Renews data keys now; documented where it is exported, as `Database.renewKeys`. */
export function renewalOf({ health, renewal }: OpenDatabase): BackgroundRenewal {
  health.assertWritable()
  if (renewal !== undefined) return renewal
  throw new LdbError('LDB_KEY', 'the database is not encrypted, so that it has no key to renew')
}

/** Returns a token of the present state; documented where it is exported, as `Database.stateToken`. */
export function stateTokenOf(opened: OpenDatabase): string {
  opened.health.assertReadable()
  // A token of a commit that a crash could take back would report a rollback that never was.
  if (!opened.options.readOnly && !opened.log.isVolatile) syncDatabase(opened)
  const { databaseId, generation } = opened.manager.catalog
  return encodeStateToken({ databaseId, seq: opened.pipeline.seq, generation })
}
