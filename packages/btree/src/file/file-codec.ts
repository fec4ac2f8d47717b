import { seedOfFile, UnitCodec } from '@ldb/integrity'
import type { UnitCipher } from '@ldb/integrity'

/** Returns the codec of the file that has the given id. @internal */
export type CodecOfFile = (fileId: Uint8Array) => UnitCodec

/** Returns the codec of a file that is not encrypted. @internal */
export const plainCodec: CodecOfFile = (fileId) => new UnitCodec(seedOfFile(fileId))

/**
 * Returns the function that makes the codec of a file.
 *
 * @param createCipher - makes the cipher of a file; `undefined` when files are not encrypted.
 * @internal
 */
export function codecOfFile(createCipher: ((fileId: Uint8Array) => UnitCipher) | undefined): CodecOfFile {
  if (createCipher === undefined) return plainCodec
  return (fileId) => new UnitCodec(seedOfFile(fileId), createCipher(fileId))
}
