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
