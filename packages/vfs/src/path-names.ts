/**
 * Splits a path into names: `.` and empty names vanish, `..` takes the name before it away, and a relative path is
 * one from the root.
 */
export function pathNames(path: string): string[] {
  const names: string[] = []
  for (const name of path.split('/')) {
    if (name === '..') names.pop()
    else if (name !== '' && name !== '.') names.push(name)
  }
  return names
}
