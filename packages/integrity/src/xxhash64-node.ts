import type { xxh64 } from '@node-rs/xxhash'
import type { Seed64 } from './seed64.js'
import { xxHash64 as xxHash64Portable } from './xxhash64.js'

type NativeHash = typeof xxh64

/** Smallest input that the native hash processes. README.md has the measurements, by `bench/xxhash64.mjs`. */
const NATIVE_BYTES_MIN = 256

/**
 * Package of the native hash. Bundlers follow a constant specifier into the package, whose binaries for other platforms are not
 * installed, and then fail; they cannot evaluate this one. An application that is built without the package uses the portable hash.
 */
const NATIVE_PACKAGE = ['@node-rs', 'xxhash'].join('/')

const native = loadNative()

// The bigint is split through typed arrays: each shift would allocate another bigint.
const wide = new BigUint64Array(1)
const halves = new Int32Array(wide.buffer)
const LOW = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? 0 : 1

/**
 * Node implementation of `xxHash64`: native code of `@node-rs/xxhash` for inputs of 256 bytes and more, the portable
 * implementation for shorter ones and where the native module cannot be loaded.
 */
export function xxHash64(
  bytes: Uint8Array,
  start: number,
  end: number,
  seed: Seed64,
  target: Int32Array,
): void {
  if (native === undefined || end - start < NATIVE_BYTES_MIN) {
    xxHash64Portable(bytes, start, end, seed, target)
    return
  }
  seed.native ??= (BigInt(seed.high >>> 0) << 32n) | BigInt(seed.low >>> 0)
  wide[0] = native(bytes.subarray(start, end), seed.native)
  target[0] = halves[LOW] as number
  target[1] = halves[1 - LOW] as number
}

/** Returns the native hash, or `undefined` when it is not installed or has no binary for this platform. */
function loadNative(): NativeHash | undefined {
  try {
    // Not `import { createRequire }`: bundlers evaluate calls of that function.
    const { createRequire } = process.getBuiltinModule('node:module')
    const module = createRequire(import.meta.url)(NATIVE_PACKAGE) as { readonly xxh64?: NativeHash }
    return typeof module.xxh64 === 'function' ? module.xxh64 : undefined
  } catch {
    return undefined
  }
}
