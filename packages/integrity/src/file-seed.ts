import { assert } from '@ldb/base'
import { xxHash64 } from '#xxhash64'
import { createSeed64, SEED_ZERO } from './seed64.js'
import type { Seed64 } from './seed64.js'

/**
 * Size of the random id of a file.
 *
 * @category Checksums
 */
export const FILE_ID_BYTES = 16

/**
 * Derives the checksum seed of a file from its file id: the 64-bit xxHash64, with seed 0, of the 16 bytes of the id.
 *
 * @remarks This is the only derivation in LDB. Every checksum that must fail for a block of another file is seeded with it:
 * pages, log records and footers. A block that was written to the wrong file, or left over from a deleted file, then fails
 * its checksum. The header that stores the file id is checked before the id is known, so its own checksum has seed 0
 * ({@link SEED_ZERO}). Files without a file id use seed 0 throughout.
 *
 * Hashing the id, instead of taking 8 of its bytes, makes the seed depend on all 128 bits.
 * @param fileId - 16 random bytes, stored in the header of the file.
 * @category Checksums
 */
export function seedOfFile(fileId: Uint8Array): Seed64 {
  assert(fileId.length === FILE_ID_BYTES, 'a file id has 16 bytes')
  const hash = new Int32Array(2)
  xxHash64(fileId, 0, FILE_ID_BYTES, SEED_ZERO, hash)
  return createSeed64(hash[0] as number, hash[1] as number)
}
