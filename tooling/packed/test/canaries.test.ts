// The checks of examples and tarballs must fail for defective ones.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, expect, test } from 'vitest'

import { run } from '../src/consumer.js'
import { typeErrors } from '../src/compiler.js'
import { firstExample, packagesIn, stripTypes, writeExample } from '../src/example.js'
import { attwFindings, publintFindings } from '../src/package-lint.js'

const folder = mkdtempSync(join(tmpdir(), 'ldb-canary-'))

afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

test('only the first ts example is returned', () => {
  expect(firstExample('# A\n\n```sh\nls\n```\n\n```ts\nlet a\n```\n\n```ts\nlet b\n```\n')).toBe('let a\n')
  expect(firstExample('# A\n\n```js\nlet a\n```\n')).toBeUndefined()
})

test('imports of packages are found', () => {
  const code =
    "import { readFileSync } from 'node:fs'\nimport { a } from '@ldb/base'\nimport type { B } from 'b'\n"
  expect(packagesIn(code)).toEqual(['@ldb/base', 'b'])
})

test('an example with a type error is caught', () => {
  const good = writeExample(folder, 'good', 'const a: number = 1\nconsole.log(a)\nexport {}\n')
  const bad = writeExample(folder, 'bad', "const a: number = 'one'\nconsole.log(a)\nexport {}\n")
  expect(typeErrors([good])).toEqual([])
  expect(typeErrors([bad]).join()).toContain('not assignable')
})

test('an example that throws is caught', () => {
  const bad = stripTypes(writeExample(folder, 'throws', "const a: string = 'no'\nthrow new Error(a)\n"))
  expect(() => run(process.execPath, [bad], folder)).toThrow('Error: no')
})

test('an example that imports a missing package is caught', () => {
  const file = writeExample(folder, 'missing', "import { a } from '@ldb/none'\nconsole.log(a)\n")
  expect(typeErrors([file]).join()).toContain('Cannot find module')
})

test('a package with missing or wrong types is caught', async () => {
  const source = join(folder, 'wrong')
  mkdirSync(source)
  const manifest = {
    name: 'wrong',
    version: '1.0.0',
    type: 'module',
    exports: { '.': { default: './index.js', types: './index.d.cts' } },
  }
  writeFileSync(join(source, 'package.json'), JSON.stringify(manifest))
  writeFileSync(join(source, 'index.js'), 'export const a = 1\n')
  writeFileSync(join(source, 'index.d.cts'), 'export declare const a: number\n')
  run('npm', ['pack', '--silent'], source)
  const tarball = join(source, 'wrong-1.0.0.tgz')
  expect((await publintFindings(tarball)).join('\n')).toContain('types')
  expect((await attwFindings(tarball)).join('\n')).toContain('types')
})
