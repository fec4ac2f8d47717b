import { LdbError } from '@ldb/base'
import type { Vfs } from '@ldb/vfs'

/**
 * Returns the name of a directory that is built beside the one it replaces, at the end.
 *
 * @param purpose - what is being done.
 */
export function temporaryDirectory(vfs: Vfs, directory: string, purpose: string): string {
  let name = ''
  for (const byte of vfs.random.fill(new Uint8Array(8))) name += byte.toString(16).padStart(2, '0')
  return `${directory}.${purpose}-${name}`
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
