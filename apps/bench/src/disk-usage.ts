import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const BLOCK_BYTES = 512

/** Gives the bytes that the files below a folder take up on the device; holes take none. */
export function diskBytesOf(folder: string): number {
  let bytes = 0
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    bytes += entry.isDirectory() ? diskBytesOf(path) : lstatSync(path).blocks * BLOCK_BYTES
  }
  return bytes
}
