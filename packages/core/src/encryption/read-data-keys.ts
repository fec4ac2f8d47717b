import { invalidArgument, kindOf } from '@ldb/base'
import type { KeyMaterial } from '@ldb/integrity'
import { needsKey } from './database-keys.js'
import { decodeKeyFile } from './key-file.js'
import { resolveEncryption } from './secret.js'
import type { Encryption } from './secret.js'

/**
 * Returns the data keys in the key file of an encrypted database or backup, for tools that read its files one by one.
 *
 * @remarks The keys are secret, and in plain text: keep them in memory only. A passphrase is derived in the calling thread, which takes about 0.4 s.
 * @param keyFile - content of the key file, two slots of 8,192 bytes. One of them may be damaged.
 * @param encryption - the key or the passphrase. A `keyProvider` needs the asynchronous API and is refused.
 * @param file - name of the key file, for errors.
 * @throws {@link LdbError} LDB_KEY without a key or passphrase, and for a wrong one; LDB_CORRUPTION when both slots are damaged; LDB_FORMAT for
 * a form of a later version; LDB_INVALID_ARGUMENT.
 * @category Encryption
 */
export function readDataKeys(
  keyFile: Uint8Array,
  encryption: Encryption | undefined,
  file: string,
): KeyMaterial {
  if (!(keyFile instanceof Uint8Array))
    throw invalidArgument(`keyFile must be a Uint8Array, not ${kindOf(keyFile)}`)
  if (typeof file !== 'string') throw invalidArgument(`file must be a string, not ${kindOf(file)}`)
  const secret = resolveEncryption(encryption)
  if (secret === undefined) throw needsKey(file)
  const { databaseId, currentId, keys } = decodeKeyFile(keyFile, secret, file).content
  return { databaseId, currentId, keys }
}
