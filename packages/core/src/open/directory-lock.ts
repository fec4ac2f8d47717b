import type { OwnedVfs, Vfs, VfsLock } from '@ldb/vfs'

/**
 * Locks the directory of a database. (D8) From then on, every operation by name proves that the directory is still the locked one.
 *
 * @param vfs - file system that locks: `owned`, or an overlay over it.
 * @param owned - file system that checks.
 * @throws {@link LdbError} LDB_LOCKED, LDB_NOT_FOUND, LDB_READ_ONLY, LDB_IO; LDB_POISONED when the directory was moved or replaced
 * meanwhile.
 */
export function lockDirectory(vfs: Vfs, owned: OwnedVfs, directory: string): VfsLock {
  const lock = vfs.lock(directory)
  try {
    return owned.own(directory, lock)
  } catch (error) {
    lock.release()
    throw error
  }
}
