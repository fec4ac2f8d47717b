// Tells whether a build is of the sources that are there: the build stores their digest. The times of files do not tell it, because turbo restores
// builds with the times at which they were made.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const FILE = join('dist', '.source-digest')

/**
 * Stores the digest of the sources of a package with its build.
 *
 * @param {string} folder - of the package
 */
export function storeSourceDigest(folder) {
  writeFileSync(join(folder, FILE), sourceDigest(folder))
}

/**
 * @param {string} folder - of a package that is bundled
 * @returns {boolean} whether it is built, from the sources that are there
 */
export function isBuiltFromSources(folder) {
  const file = join(folder, FILE)
  return existsSync(file) && readFileSync(file, 'utf8') === sourceDigest(folder)
}

/** @param {string} folder */
function sourceDigest(folder) {
  const hash = createHash('sha256')
  for (const path of sourcesBelow(join(folder, 'src'))) {
    hash.update(`${path.slice(folder.length)}\n`)
    hash.update(readFileSync(path))
  }
  return hash.digest('hex')
}

/**
 * @param {string} folder
 * @returns {string[]} the files below it in a fixed order, without tests
 */
function sourcesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return sourcesBelow(path)
      return entry.name.endsWith('.test.ts') ? [] : [path]
    })
}
