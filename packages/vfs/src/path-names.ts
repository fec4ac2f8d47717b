import { invalidArgument, kindOf } from '@ldb/base'

/**
 * Splits a path into names and normalizes it: removes `.` and empty names, and resolves `..` against the preceding name.
 *
 * @param keepsParents - keeps `..` at the start, for a path relative to a directory that is not known; otherwise drops it.
 */
export function pathNames(path: string, keepsParents = false): string[] {
  const names: string[] = []
  for (const name of path.split('/')) {
    if (name === '..' && names.length > 0 && names.at(-1) !== '..') names.pop()
    else if (name === '..' ? keepsParents : name !== '' && name !== '.') names.push(name)
  }
  return names
}

/**
 * Reports whether a path is absolute.
 *
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT when `path` is not a string.
 */
export function isAbsolutePath(path: string): boolean {
  if (typeof path !== 'string') throw invalidArgument(`path must be a string, not ${kindOf(path)}`)
  return path.startsWith('/')
}

/** Returns the parent directory of a path: `.` for a bare name, `/` for a name in the root directory. @category Paths */
export function directoryOf(path: string): string {
  const slash = path.lastIndexOf('/')
  if (slash < 0) return '.'
  return slash === 0 ? '/' : path.slice(0, slash)
}
