import { LdbError, utf8Bytes } from '@ldb/base'
import type { Vfs } from '@ldb/vfs'

/** Length of a name in UTF-8 bytes that every file system allows. */
const NAME_BYTES_MIN = 100
const RANDOM_BYTES = 8
const RANDOM_NAME = /^[0-9a-f]{16}$/

/**
 * Returns the name of a directory that is built beside the one it replaces, at the end. It begins with the name of that directory, as far as
 * it is not longer than that name: a file system that allows one allows the other.
 *
 * @param purpose - what is being done.
 */
export function temporaryDirectory(vfs: Vfs, directory: string, purpose: string): string {
  let suffix = ''
  for (const byte of vfs.random.fill(new Uint8Array(RANDOM_BYTES)))
    suffix += byte.toString(16).padStart(2, '0')
  return `${namePrefix(directory, purpose)}${suffix}`
}

/** Returns the directories that `temporaryDirectory` has named, and that are still there. */
export function leftTemporaryDirectories(vfs: Vfs, directory: string, purpose: string): string[] {
  const prefix = namePrefix(directory, purpose)
  const start = nameStartOf(prefix)
  const parent = start <= 1 ? prefix.slice(0, start) : prefix.slice(0, start - 1)
  if (vfs.status(parent)?.kind !== 'directory') return []
  const name = prefix.slice(start)
  return vfs
    .list(parent)
    .filter((found) => found.startsWith(name) && RANDOM_NAME.test(found.slice(name.length)))
    .map((found) => prefix.slice(0, start) + found)
}

function namePrefix(directory: string, purpose: string): string {
  const suffix = `.${purpose}-`
  const nameStart = nameStartOf(directory)
  const name = Array.from(directory.slice(nameStart))
  const bytesMax = Math.max(NAME_BYTES_MIN, bytesOf(name)) - suffix.length - 2 * RANDOM_BYTES
  while (bytesOf(name) > bytesMax) name.pop()
  return directory.slice(0, nameStart) + name.join('') + suffix
}

function nameStartOf(path: string): number {
  return Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1
}

function bytesOf(characters: readonly string[]): number {
  return utf8Bytes(characters.join(''))
}

/** @throws {@link LdbError} LDB_EXISTS unless the path is absent or an empty directory. */
export function assertFree(vfs: Vfs, directory: string): void {
  const status = vfs.status(directory)
  if (status === undefined || (status.kind === 'directory' && vfs.list(directory).length === 0)) return
  throw new LdbError('LDB_EXISTS', `${directory} exists, and is not an empty directory`, {
    details: { file: directory },
  })
}

/**
 * Gives a complete directory its name. The caller syncs the directory around it.
 *
 * @throws {@link LdbError} as `assertFree`.
 */
export function publishDirectory(vfs: Vfs, temporary: string, directory: string): void {
  assertFree(vfs, directory)
  // Not every platform replaces an empty directory by a rename.
  if (vfs.status(directory) !== undefined) vfs.removeDirectory(directory)
  vfs.rename(temporary, directory)
}
