import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Returns the bytes of all files in a directory; 0 for one that cannot be read. Files that vanish meanwhile do not count. */
export function directoryBytes(path: string): number {
  try {
    return readdirSync(path, { recursive: true, encoding: 'utf8' })
      .map((name) => statSync(join(path, name), { throwIfNoEntry: false }))
      .reduce((sum, found) => sum + (found?.isFile() === true ? found.size : 0), 0)
  } catch {
    return 0
  }
}
