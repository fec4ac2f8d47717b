import type { DataKeys, FilePurpose, UnitCipher } from '@ldb/integrity'

/** The option by which the owner of a file encrypts it; none when there are no keys. */
interface CipherOption {
  readonly createCipher?: (fileId: Uint8Array) => UnitCipher
}

/** Returns the option for files of a kind. */
export function cipherOption(keys: DataKeys | undefined, purpose: FilePurpose): CipherOption {
  return keys === undefined ? {} : { createCipher: (fileId) => keys.cipherOf(purpose, fileId) }
}

/** Returns what makes the ciphers of files of a kind; `undefined` when there are no keys. */
export function cipherMaker(
  keys: DataKeys | undefined,
  purpose: FilePurpose,
): ((fileId: Uint8Array) => UnitCipher) | undefined {
  return keys && ((fileId) => keys.cipherOf(purpose, fileId))
}
