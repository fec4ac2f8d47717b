import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { bundlesOf } from '@ldb/bundle'
import { transformSync } from 'esbuild'
import { WORKSPACE_ROOT } from '../report/workspace-root.js'
import type { SeededBug } from './bugs/seeded-bug.js'

/** A module with a seeded bug. Its files are not modified. */
export interface Mutant {
  /** Absolute path of the source. */
  readonly sourcePath: string
  /** Source text with the bug. */
  readonly source: string
}

/**
 * Applies a bug to the text of its module.
 *
 * @throws when the text to replace does not occur exactly once, or the result is not valid code: the list of bugs is outdated.
 */
export function mutantOf(bug: SeededBug): Mutant {
  const sourcePath = `${WORKSPACE_ROOT}${bug.file}`
  const original = readFileSync(sourcePath, 'utf8')
  const pieces = original.split(bug.find)
  if (pieces.length !== 2) {
    throw new Error(`${bug.name}: ${bug.file} contains the text ${pieces.length - 1} times: ${bug.find}`)
  }
  const source = pieces.join(bug.replace)
  if (transpile(bug, source) === transpile(bug, original)) throw new Error(`${bug.name} changes no code`)
  return { sourcePath, source }
}

/** Returns the bundles that contain the module, built with the bug: their texts by their URLs. */
export async function bundlesWith({ sourcePath, source }: Mutant): Promise<Record<string, string>> {
  const [folder = ''] = sourcePath.split('/src/')
  const bundles = await bundlesOf(folder, { path: sourcePath, text: source })
  const mutated = bundles.filter(({ sources }) => sources.includes(sourcePath))
  return Object.fromEntries(mutated.map(({ path, text }) => [pathToFileURL(path).href, text]))
}

/** @throws when the text is not valid code. */
function transpile(bug: SeededBug, source: string): string {
  try {
    return transformSync(source, {
      loader: 'ts',
      target: 'es2022',
      logLevel: 'silent',
      tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
    }).code
  } catch (error) {
    throw new Error(`${bug.name} is not valid code: ${String(error)}`, { cause: error })
  }
}
