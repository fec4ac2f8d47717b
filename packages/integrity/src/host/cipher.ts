/** The derivation of keys by a C host; SPEC.md of `@ldb/ffi` describes it. */
interface DerivationHost {
  /** Returns 0, or the negative number of an error of the system. */
  scrypt(
    password: Uint8Array,
    salt: Uint8Array,
    target: Uint8Array,
    cost: number,
    blockSize: number,
    parallelization: number,
  ): number
}

/** A parameter of the function in which a portable bundle runs. */
declare const ldbHost: DerivationHost

export { createAes256, hkdfSha256, openGcm, sealGcm } from '../cipher/cipher.js'

/** Implementation of `scrypt` by a C host. */
export function scrypt(
  password: Uint8Array,
  salt: Uint8Array,
  cost: number,
  blockSize: number,
  parallelization: number,
  byteCount: number,
): Uint8Array {
  const target = new Uint8Array(byteCount)
  const result = ldbHost.scrypt(password, salt, target, cost, blockSize, parallelization)
  // Its parameters are checked before: what is left is a lack of memory.
  if (result !== 0) throw new RangeError('out of memory')
  return target
}
