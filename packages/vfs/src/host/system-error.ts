import { decodeUtf8 } from '@ldb/base'
import { host } from './host-calls.js'

const name = new Uint8Array(64)

/** Returns the symbolic name of an error number, for instance `'ENOENT'`. */
export function errnoNameOf(errno: number): string {
  return decodeUtf8(name.subarray(0, host.errorName(errno, name)))
}

/** Returns the result of a call, or throws an error of the shape that `node:fs` throws. */
export function succeed(result: number, call: string): number {
  if (result >= 0) return result
  const code = errnoNameOf(-result)
  throw Object.assign(new Error(`${code}: ${call}`), { code, errno: result, syscall: call })
}
