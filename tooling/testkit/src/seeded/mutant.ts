import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import type { SeededBug } from './seeded-bug.js'

/** The workspace's root. */
export const ROOT: string = fileURLToPath(new URL('../../../../', import.meta.url))

/** A module with a bug in it. */
export interface Mutant {
  /** Path of its source, which stays as it is. */
  readonly sourcePath: string
  /** Path of what is built from it, which stays as it is too. */
  readonly builtPath: string
  /** Its text, with the bug. */
  readonly source: string
  /** The same as JavaScript. */
  readonly built: string
}

/**
 * Makes the change of a bug to the text of its module.
 *
 * @throws when the text that is to be replaced is not there exactly once, or what comes of it is no code: the list is
 * out of date.
 */
export function mutantOf(bug: SeededBug): Mutant {
  const sourcePath = `${ROOT}${bug.file}`
  const original = readFileSync(sourcePath, 'utf8')
  const pieces = original.split(bug.find)
  if (pieces.length !== 2) {
    throw new Error(`${bug.name}: ${bug.file} holds the text ${pieces.length - 1} times: ${bug.find}`)
  }
  const source = pieces.join(bug.replace)
  const built = transpile(bug, source)
  if (built === transpile(bug, original)) throw new Error(`${bug.name} changes no code`)
  return {
    sourcePath,
    builtPath: sourcePath.replace('/src/', '/dist/').replace(/\.ts$/, '.js'),
    source,
    built,
  }
}

function transpile(bug: SeededBug, source: string): string {
  const { outputText, diagnostics = [] } = ts.transpileModule(source, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
      removeComments: true,
    },
    reportDiagnostics: true,
  })
  const [first] = diagnostics
  if (first === undefined) return outputText
  throw new Error(`${bug.name} is no code: ${ts.flattenDiagnosticMessageText(first.messageText, ' ')}`)
}
