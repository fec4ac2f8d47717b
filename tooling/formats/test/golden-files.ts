import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { DataKeys } from '../src/encryption/data-keys.js'
import { readKeyFile } from '../src/encryption/key-file.js'

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

/** Directory of the golden encrypted database. */
export const ENCRYPTED = 'packages/core/test/fixtures/v6/encrypted'

interface StoredSecrets {
  readonly key: string
  readonly passphrase: string
}

const stored = JSON.parse(readFileSync(pathOf(`${ENCRYPTED}-secrets.json`), 'utf8')) as StoredSecrets

/** What opens the golden encrypted files: the key before the rotation, the passphrase after it. */
export const SECRETS = {
  key: { key: new Uint8Array(Buffer.from(stored.key, 'hex')) },
  passphrase: { passphrase: stored.passphrase },
} as const

/** Returns the data keys of the golden encrypted database. */
export function readEncryptedKeys(): DataKeys {
  return readKeyFile(readBytes(`${ENCRYPTED}/KEYS`), SECRETS.passphrase)
}
