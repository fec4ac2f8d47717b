import { assert } from '@ldb/base'
import { xxHash64 } from '#xxhash64'
import { createSeed64, SEED_ZERO } from './seed64.js'
import type { Seed64 } from './seed64.js'

/**
 * Bytes of the random id of a file.
 *
 * @category Checksums
 */
export const FILE_ID_BYTES = 16

/**
 * Returns the seed of a file's checksums, made of its random id: bytes that belong to another file do not pass.
 *
 * @param fileId - 16 random bytes.
 * @category Checksums
 */
export function seedOfFile(fileId: Uint8Array): Seed64 {
  assert(fileId.length === FILE_ID_BYTES, 'a file id has 16 bytes')
  const hash = new Int32Array(2)
  xxHash64(fileId, 0, FILE_ID_BYTES, SEED_ZERO, hash)
  return createSeed64(hash[0] as number, hash[1] as number)
}
