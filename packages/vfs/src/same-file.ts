import { LdbError, optionalMember } from '@ldb/base'
import type { Vfs, VfsFile } from './vfs.js'

/**
 * Proves that the path of an open file still leads to it, before something else is done by that path or by that of its directory.
 *
 * @throws {@link LdbError} LDB_POISONED when the path leads to another file, or to none.
 * @category Files
 */
export function assertSameFile(vfs: Vfs, file: VfsFile): void {
  const expected = identityOf(file)
  if (expected !== undefined) compareIdentities(file.path, expected, vfs.status(file.path)?.identity)
}

/** Opens a second handle of an open file by its path. @throws {@link LdbError} LDB_POISONED when the path leads to another file. */
export function openAgain(vfs: Vfs, file: VfsFile): VfsFile {
  const again = vfs.open(file.path, 'write')
  try {
    const expected = identityOf(file)
    const actual = identityOf(again)
    if (expected !== undefined && actual !== undefined) compareIdentities(file.path, expected, actual)
    return again
  } catch (error) {
    again.close()
    throw error
  }
}

function identityOf(file: VfsFile): string | undefined {
  return optionalMember(file, 'identity')?.call(file)
}

function compareIdentities(path: string, expected: string, actual: string | undefined): void {
  if (actual === expected) return
  const found = actual === undefined ? 'no file' : 'another file than the one that is open'
  throw new LdbError(
    'LDB_POISONED',
    `${path} leads to ${found}: it, or its directory, was moved or replaced`,
    {
      details: { file: path, expected, actual: actual ?? 'absent' },
    },
  )
}
