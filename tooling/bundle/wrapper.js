import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Writes the ES module that exports the names of the CommonJS module of the same host, so that a process has one copy of a package however
 * it is loaded.
 *
 * @param {string} folder - of the package
 * @param {string} host
 * @param {readonly string[]} names
 */
export async function writeWrapper(folder, host, names) {
  // Node searches a CommonJS module that an ES module imports for the names that it exports, which takes longer than running it. It finds
  // one name in the module between.
  await writeFile(
    join(folder, `lib/${host}-implementation.cjs`),
    `exports.implementation = require('./${host}.cjs')\n`,
  )
  await writeFile(
    join(folder, `lib/${host}.mjs`),
    `import { implementation } from './${host}-implementation.cjs'\nexport const { ${names.join(', ')} } = implementation\n`,
  )
}
