// Runs before a suite over built packages: a build that is older than its sources would be tested instead of them.
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Throws if a package of the workspace that the suite loads is not built, or its build is older than its sources. */
export function setup() {
  // Turbo has built what the suite depends on. A build that it found in its cache may be older than the files of the sources.
  if (process.env.TURBO_HASH !== undefined) return
  const outdated = dependenciesOf(process.cwd()).filter(isOutdated)
  if (outdated.length === 0) return
  throw new Error(`outdated builds: ${outdated.map(nameOf).join(', ')}. Run \`pnpm build\` in each of them.`)
}

/**
 * @param {string} folder - of a package
 * @returns {string[]} the folders of the workspace packages that it depends on, directly or not
 */
function dependenciesOf(folder) {
  const found = new Set()
  const pending = [folder]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { dependencies, devDependencies } = readPackage(next)
    for (const [name, range] of Object.entries({
      ...dependencies,
      ...(next === folder && devDependencies),
    })) {
      if (!range.startsWith('workspace:')) continue
      const dependency = realpathSync(join(next, 'node_modules', name))
      if (found.has(dependency)) continue
      found.add(dependency)
      pending.push(dependency)
    }
  }
  return [...found]
}

/** @param {string} folder */
function isOutdated(folder) {
  const { main, exports: entries } = readPackage(folder)
  const built = main ?? entries?.['.']?.default
  if (typeof built !== 'string' || !existsSync(join(folder, 'src'))) return false
  const file = join(folder, built)
  return !existsSync(file) || newest(join(folder, 'src')) > newest(dirname(file))
}

/**
 * @param {string} folder
 * @returns {number} the time of the last change of a file below it, in milliseconds
 */
function newest(folder) {
  const times = readdirSync(folder, { withFileTypes: true }).map((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? newest(path) : statSync(path).mtimeMs
  })
  return Math.max(0, ...times)
}

/** @param {string} folder */
function nameOf(folder) {
  return readPackage(folder).name
}

/** @param {string} folder */
function readPackage(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
}
