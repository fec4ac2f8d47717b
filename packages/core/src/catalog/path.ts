import { invalidArgument, kindOf } from '@ldb/base'

/**
 * Checks the path of a database, and removes trailing slashes.
 *
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT when it is not a string, empty, the root, or contains a NUL.
 */
export function normalizePath(path: unknown): string {
  if (typeof path !== 'string') throw invalidArgument(`path must be a string, not ${kindOf(path)}`)
  let end = path.length
  while (end > 0 && path[end - 1] === '/') end--
  if (end === 0) throw invalidArgument('path must name a directory other than the root')
  if (path.includes('\0')) throw invalidArgument('path must not have a NUL character')
  return path.slice(0, end)
}
