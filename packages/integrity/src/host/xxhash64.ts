import type { Seed64 } from '../seed64.js'

/** The hash function of a C host; SPEC.md of `@ldb/ffi` describes it. */
interface HashHost {
  hash(
    bytes: Uint8Array,
    start: number,
    end: number,
    seedLow: number,
    seedHigh: number,
    target: Int32Array,
  ): void
}

/** A parameter of the function in which a portable bundle runs. */
declare const ldbHost: HashHost

/** Implementation of `xxHash64` by a C host. */
export function xxHash64(
  bytes: Uint8Array,
  start: number,
  end: number,
  seed: Seed64,
  target: Int32Array,
): void {
  ldbHost.hash(bytes, start, end, seed.low, seed.high, target)
}
