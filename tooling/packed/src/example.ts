import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

import ts from 'typescript'

/** The first ```ts example of a document. */
export function firstExample(markdown: string): string | undefined {
  return /^```ts\n([\s\S]*?)^```/m.exec(markdown)?.[1]
}

/** All ```ts examples of a document. */
export function allExamples(markdown: string): string[] {
  return [...markdown.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code]) => code as string)
}

/** Reads the first example of a README; throws when it has none. */
export function readExample(readme: string): string {
  const code = firstExample(readFileSync(readme, 'utf8'))
  if (code === undefined) throw new Error(`${readme} has no ts example`)
  return code
}

/** Packages that an example imports, Node's own modules left out. */
export function packagesIn(code: string): string[] {
  return ts
    .preProcessFile(code)
    .importedFiles.map(({ fileName }) => fileName)
    .filter((name) => !name.startsWith('node:'))
}

/** Puts an example into a consumer's folder, as a file of its own; gives the file. */
export function placeExample(folder: string, name: string, code: string): string {
  const file = join(folder, name.replace(/\W+/g, '-'), 'example.ts')
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, code)
  return file
}

/** Type-checks files as a strict user's compiler would, the declarations of all packages included. */
export function typeErrors(files: readonly string[]): string[] {
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    types: ['node'],
    // The types of Node come from here; those of the packages, from the tarballs alone.
    typeRoots: [dirname(dirname(createRequire(import.meta.url).resolve('@types/node/package.json')))],
    skipLibCheck: false,
  }
  const program = ts.createProgram(files, options)
  return ts.getPreEmitDiagnostics(program).map((diagnostic) => {
    const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n')
    if (diagnostic.file === undefined || diagnostic.start === undefined) return message
    const { line } = diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start)
    return `${diagnostic.file.fileName}:${line + 1}: ${message}`
  })
}

/** Strips the types of a file; gives the JavaScript file beside it. */
export function stripTypes(file: string): string {
  const { outputText } = ts.transpileModule(readFileSync(file, 'utf8'), {
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2022,
      verbatimModuleSyntax: true,
    },
  })
  const target = file.replace(/\.ts$/, '.js')
  writeFileSync(target, outputText)
  return target
}
