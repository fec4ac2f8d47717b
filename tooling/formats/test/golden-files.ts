import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Wall clocks at which entries are counted: that of the fixtures, and those at which entries expire. */
export const TIMES = [1_764_500_000_000, 1_764_500_001_000, 1_764_586_400_000]

/** Absolute path of a file or directory of the workspace. */
export function pathOf(path: string): string {
  return fileURLToPath(new URL(`../../../${path}`, import.meta.url))
}

/** Returns all files below a directory of the workspace, by path from it, with `/`. */
export function readFiles(path: string): Map<string, Uint8Array> {
  const directory = pathOf(path)
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return new Map(
    paths
      .sort()
      .map((file) => [relative(directory, file).split(sep).join('/'), new Uint8Array(readFileSync(file))]),
  )
}

/** Returns a file of the workspace. */
export function readBytes(path: string): Uint8Array {
  return new Uint8Array(readFileSync(pathOf(path)))
}

/** Returns bytes with one bit of one byte changed. */
export function flip(bytes: Uint8Array, offset: number): Uint8Array {
  const flipped = Uint8Array.from(bytes)
  flipped[offset] = (flipped[offset] ?? 0) ^ 0x10
  return flipped
}
