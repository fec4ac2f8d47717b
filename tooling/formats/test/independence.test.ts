import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { pathOf, readFiles } from './golden-files.js'

test('no source imports a package of the workspace, and none is a dependency', () => {
  const imports = [...readFiles('tooling/formats/src')].flatMap(([path, bytes]) =>
    Array.from(
      new TextDecoder().decode(bytes).matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g),
      ([, specifier]) => ({
        path,
        specifier: specifier ?? '',
      }),
    ),
  )
  expect(imports.length).toBeGreaterThan(20)
  expect(imports.filter(({ specifier }) => !/^\.{1,2}\/|^node:/.test(specifier))).toEqual([])
  expect(imports.filter(({ specifier }) => specifier.startsWith('../../'))).toEqual([])
  for (const [path, bytes] of readFiles('tooling/formats/src')) {
    expect(new TextDecoder().decode(bytes), path).not.toContain('@ldb/')
  }
  const manifest = JSON.parse(readFileSync(pathOf('tooling/formats/package.json'), 'utf8')) as Record<
    string,
    object
  >
  const dependencies = Object.keys({ ...manifest['dependencies'], ...manifest['devDependencies'] })
  expect(dependencies.filter((name) => name.startsWith('@ldb/'))).toEqual([])
})
