// Runs before a suite over built packages: a build of other sources than those that are there would be tested instead of them.
import { readFileSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { isBuiltFromSources } from '../bundle/source-digest.js'

/** Throws if a package of the workspace that the suite loads is not built from the present sources. */
export function setup() {
  // Turbo has built what the suite depends on.
  if (process.env.TURBO_HASH !== undefined) return
  const outdated = dependenciesOf(process.cwd()).filter((folder) => !isBuiltFromSources(folder))
  if (outdated.length === 0) return
  const names = outdated.map((folder) => readPackage(folder).name).join(', ')
  throw new Error(`outdated builds: ${names}. Run \`npm run build\` in the root.`)
}

/**
 * @param {string} folder - of a package
 * @returns {string[]} the folders of the published packages that it depends on, directly or not
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
  return [...found].filter((each) => basename(dirname(each)) === 'packages')
}

/** @param {string} folder */
function readPackage(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
}
