import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import ts from 'typescript'

/** Returns the first ```ts example of a document. */
export function firstExample(markdown: string): string | undefined {
  return /^```ts\n([\s\S]*?)^```/m.exec(markdown)?.[1]
}

/** Returns all ```ts examples of a document. */
export function allExamples(markdown: string): string[] {
  return [...markdown.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code]) => code as string)
}

/** Returns the first example of a README. Throws if it has none. */
export function readExample(readme: string): string {
  const code = firstExample(readFileSync(readme, 'utf8'))
  if (code === undefined) throw new Error(`${readme} has no ts example`)
  return code
}

/** Returns the packages that an example imports, without Node's own modules. */
export function packagesIn(code: string): string[] {
  return ts
    .preProcessFile(code)
    .importedFiles.map(({ fileName }) => fileName)
    .filter((name) => !name.startsWith('node:'))
}

/** Writes an example to a file of its own in a consumer's folder. Returns the path of the file. */
export function writeExample(folder: string, name: string, code: string): string {
  const file = join(folder, name.replace(/\W+/g, '-'), 'example.ts')
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, code)
  return file
}

/** Removes the types of a file. Returns the path of the JavaScript file beside it. */
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
