import { readFileSync } from 'node:fs'
import ts from 'typescript'
import { WORKSPACE_ROOT } from '../report/workspace-root.js'
import type { SeededBug } from './bugs/seeded-bug.js'

/** A module with a seeded bug. Its files are not modified. */
export interface Mutant {
  /** Path of the source. */
  readonly sourcePath: string
  /** Path of the built module. */
  readonly builtPath: string
  /** Source text with the bug. */
  readonly source: string
  /** Built text with the bug. */
  readonly built: string
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
  throw new Error(`${bug.name} is not valid code: ${ts.flattenDiagnosticMessageText(first.messageText, ' ')}`)
}
