import { decodeUtf8 } from '@ldb/base'
import { host } from './host-calls.js'
import { succeed } from './system-error.js'

/** Longest path or name that a host returns. */
export const TEXT_BYTES = 4096

/** Returns the working directory of the process. */
export function workingDirectory(): string {
  return textOf((target) => host.workingDirectory(target), 'getcwd')
}

/** Returns the text that a call stores, whose length it returns. */
export function textOf(call: (target: Uint8Array) => number, name: string): string {
  const target = new Uint8Array(TEXT_BYTES)
  return decodeUtf8(target.subarray(0, succeed(call(target), name)))
}
