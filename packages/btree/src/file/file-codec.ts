import { LdbError } from '@ldb/base'
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
  return (fileId) => {
    const cipher = createCipher(fileId)
    // The heap of a page ends with the page: there is no space for a trailer.
    if (cipher.trailerBytes > 0) {
      throw new LdbError('LDB_UNSUPPORTED', 'a B+tree does not support ciphers with a trailer')
    }
    return new UnitCodec(seedOfFile(fileId), cipher)
  }
}
