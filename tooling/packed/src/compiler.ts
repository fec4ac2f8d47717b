import { createRequire } from 'node:module'
import { dirname } from 'node:path'

import ts from 'typescript'

/** The types of Node are those of this package; those of the LDB packages come from the tarballs. */
const TYPE_ROOTS = [dirname(dirname(createRequire(import.meta.url).resolve('@types/node/package.json')))]

const NODE_NEXT: ts.CompilerOptions = {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  skipLibCheck: false,
}

/** Other ways in which an application may have TypeScript resolve modules, with the kind of modules that goes with each. */
export const RESOLUTIONS: Readonly<Record<string, ts.CompilerOptions>> = {
  node10: { module: ts.ModuleKind.CommonJS, moduleResolution: 2, ignoreDeprecations: '6.0' },
  node16: { module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16 },
  bundler: { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler },
}

/** Options of strict applications. */
function strictOptions(resolution: ts.CompilerOptions): ts.CompilerOptions {
  return {
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
    types: ['node'],
    typeRoots: TYPE_ROOTS,
    skipLibCheck: true,
    ...resolution,
  }
}

/** Returns the types that editors show of the constants of a file, by their names. */
export function printedTypes(file: string): Record<string, string> {
  const program = ts.createProgram([file], strictOptions({ ...NODE_NEXT, skipLibCheck: true }))
  const checker = program.getTypeChecker()
  const types: Record<string, string> = {}
  program.getSourceFile(file)?.forEachChild((statement) => {
    if (!ts.isVariableStatement(statement)) return
    for (const { name } of statement.declarationList.declarations) {
      types[name.getText()] = checker.typeToString(checker.getTypeAtLocation(name))
    }
  })
  return types
}

/** Type-checks files in strict mode, including the declarations of all packages unless other options are given. Returns the errors. */
export function typeErrors(files: readonly string[], resolution: ts.CompilerOptions = NODE_NEXT): string[] {
  const program = ts.createProgram(files, strictOptions(resolution))
  return ts.getPreEmitDiagnostics(program).map((diagnostic) => {
    const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n')
    if (diagnostic.file === undefined || diagnostic.start === undefined) return message
    const { line } = diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start)
    return `${diagnostic.file.fileName}:${line + 1}: ${message}`
  })
}
