// Writes `docs/api.json` in each package: what its script `docs` does, in one process. A process for each would parse the same declarations
// twenty times and take five times as long.
import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { Application, TSConfigReader, TypeDocReader } from 'typedoc'

const PACKAGES = resolve(import.meta.dirname, '..', '..', 'packages')

/**
 * Documents one package. Typedoc reads its options from, and makes paths relative to, the working directory.
 *
 * @param {string} folder
 * @returns {Promise<boolean>} whether it is without errors and warnings.
 */
async function document(folder) {
  process.chdir(folder)
  const app = await Application.bootstrapWithPlugins({ logLevel: 'Warn' }, [
    new TypeDocReader(),
    new TSConfigReader(),
  ])
  const project = await app.convert()
  if (project === undefined) return false
  app.validate(project)
  await app.generateOutputs(project)
  return !app.logger.hasErrors() && !app.logger.hasWarnings()
}

const names = readdirSync(PACKAGES).filter((name) => existsSync(join(PACKAGES, name, 'typedoc.json')))
for (const name of names) {
  if (await document(join(PACKAGES, name))) continue
  console.error(`@ldb/${name} is not documented without errors`)
  process.exitCode = 1
}
