import { invalidArgument } from '@ldb/base'
import { resolvePath } from '@ldb/vfs'
import type { FilePath, Vfs } from '@ldb/vfs'

/**
 * Returns the directory that the path of a database denotes now: absolute where paths depend on a working directory, and without trailing
 * slashes. (D7) Nothing below uses another path.
 *
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT when it is neither a string nor a `file:` URL, empty, the root, or contains a NUL;
 * LDB_NOT_FOUND when a directory before `..` does not exist; LDB_IO.
 */
export function resolveDirectory(vfs: Vfs, path: FilePath): string {
  if (path === '') throw invalidArgument('path must not be empty')
  const directory = resolvePath(vfs, path)
  let end = directory.length
  while (end > 0 && directory[end - 1] === '/') end--
  if (end === 0) throw invalidArgument('path must name a directory other than the root')
  return directory.slice(0, end)
}
