import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ManualTime, MemoryVfs } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'

/** Files of a directory, by path from it, with `/`. */
export type Files = ReadonlyMap<string, Uint8Array>

/** Wall clock of the golden databases: the entries that expire do so later. */
export const FIXTURE_TIME = 1_764_500_000_000

const ROOT = fileURLToPath(new URL('fixtures/', import.meta.url))

/** Returns the files of a golden database. */
export function readFixture(name: string): Files {
  const directory = join(ROOT, name)
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return new Map(
    paths.sort().map((path) => [relative(directory, path).split(sep).join('/'), readFileSync(path)] as const),
  )
}

/** Replaces the files of a golden database. */
export function writeFixture(name: string, files: Files): void {
  const directory = join(ROOT, name)
  rmSync(directory, { recursive: true, force: true })
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), bytes)
  }
}

/** Returns a file system in memory that contains files in a directory. */
export function fileSystemOf(
  files: Files,
  directory: string,
  startMs = FIXTURE_TIME,
  seed: number = 20,
): MemoryVfs {
  const time = new ManualTime(startMs)
  const vfs = new MemoryVfs({ seed, clock: time, scheduler: time })
  vfs.makeDirectory(directory)
  const made = new Set([directory])
  for (const [path, bytes] of files) {
    const steps = `${directory}/${path}`.split('/')
    for (let count = 2; count < steps.length; count += 1) {
      const parent = steps.slice(0, count).join('/')
      if (!made.has(parent)) vfs.makeDirectory(parent)
      made.add(parent)
    }
    const file = vfs.open(`${directory}/${path}`, 'createNew')
    file.write(bytes, 0, bytes.length, 0)
    file.close()
  }
  return vfs
}

/** Returns all files below a directory. */
export function filesOf(vfs: Vfs, directory: string, prefix = ''): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>()
  for (const name of vfs.list(directory).sort()) {
    const path = `${directory}/${name}`
    if (vfs.status(path)?.kind === 'directory') {
      for (const [inner, bytes] of filesOf(vfs, path, `${prefix}${name}/`)) files.set(inner, bytes)
      continue
    }
    const file = vfs.open(path, 'read')
    const bytes = new Uint8Array(file.length())
    file.read(bytes, 0, bytes.length, 0)
    file.close()
    files.set(`${prefix}${name}`, bytes)
  }
  return files
}

/** Returns the length of bytes without zeros at their end. */
export function lastByteOf(bytes: Uint8Array): number {
  let end = bytes.length
  while (end > 0 && bytes[end - 1] === 0) end -= 1
  return end
}
