// The suites of the engines that run in QuickJS.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const packages = fileURLToPath(new URL('../../..', import.meta.url))

/** Packages whose code is in the bundle. */
const PACKAGES = ['base', 'vfs', 'integrity', 'cache', 'wal', 'blob', 'mvcc', 'btree', 'lsm', 'core']

/** Returns the paths of all test files of these packages, from the folder `packages`. */
export function allSuites() {
  return PACKAGES.flatMap((name) =>
    ['src', 'test'].flatMap((part) => {
      const folder = join(packages, name, part)
      if (!existsSync(folder)) return []
      return readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith('.test.ts'))
        .map((path) => `${name}/${part}/${path}`)
    }),
  ).sort()
}

export const PACKAGES_FOLDER = packages
