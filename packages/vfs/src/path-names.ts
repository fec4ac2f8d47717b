import { invalidArgument, kindOf } from '@ldb/base'

/**
 * Splits a path into names: `.` and empty names vanish, and `..` takes the name before it away, where there is one.
 *
 * @param keepsParents - whether a `..` at the start stays, as it must in a path relative to a directory unknown here.
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
 * Reports whether a path begins at the root.
 *
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT for what is no path.
 */
export function isFromRoot(path: string): boolean {
  if (typeof path !== 'string') throw invalidArgument(`path must be a string, not ${kindOf(path)}`)
  return path.startsWith('/')
}

/** Returns the directory that contains a path: `.` for a bare name, `/` for a name at the root. @category Paths */
export function directoryOf(path: string): string {
  const slash = path.lastIndexOf('/')
  if (slash < 0) return '.'
  return slash === 0 ? '/' : path.slice(0, slash)
}
