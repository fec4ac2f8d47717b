// Checks the packages as npm installs them from their tarballs in an empty folder.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { dropConsumer, makeConsumer, publicPackages, ROOT, run } from '../src/consumer.js'
import type { Consumer } from '../src/consumer.js'
import { allExamples, packagesIn, readExample, stripTypes, typeErrors, writeExample } from '../src/example.js'
import { attw, publintFindings } from '../src/package-lint.js'

const packages = publicPackages()
let consumer: Consumer

beforeAll(() => {
  consumer = makeConsumer(packages)
}, 300_000)

afterAll(() => {
  dropConsumer(consumer)
})

describe.each(packages.map((subject) => [subject.name, subject] as const))('%s', (name, subject) => {
  test('exports the same names to import and to require', () => {
    const script =
      `const required = require('${name}'); import('${name}').then((imported) => ` +
      'console.log(JSON.stringify([Object.keys(required), Object.keys(imported)])))'
    const output = run(process.execPath, ['--input-type=commonjs', '--eval', script], consumer.folder)
    const [required = [], imported = []] = JSON.parse(output) as string[][]
    const isExport = (key: string): boolean => key !== '__esModule' && key !== 'module.exports'
    expect(required.filter(isExport)).toEqual(imported.filter(isExport))
    expect(imported.length).toBeGreaterThan(0)
  })

  test('runs the example of its README', () => {
    const code = readExample(join(subject.folder, 'README.md'))
    const allowed = [name, ...subject.companions]
    expect(packagesIn(code).filter((specifier) => !allowed.includes(specifier))).toEqual([])
    expect(packagesIn(code)).toContain(name)
    const file = writeExample(consumer.folder, name, code)
    expect(run(process.execPath, [basename(stripTypes(file))], join(file, '..'))).not.toBe('')
  })

  test('contains the expected files and no tests', () => {
    const installed = join(consumer.folder, 'node_modules', name)
    const expected = [
      'package.json',
      'README.md',
      'LICENSE',
      'lib/index.js',
      'dist/index.d.ts',
      'src/index.ts',
    ]
    expect(expected.filter((file) => !existsSync(join(installed, file)))).toEqual([])
    const listing = run('tar', ['-tzf', consumer.tarballs.get(name)!], consumer.folder)
    expect(listing.split('\n').filter((path) => /\.test\.|\.tsbuildinfo|\/test\//.test(path))).toEqual([])
  })

  test('passes publint --strict', async () => {
    expect(await publintFindings(consumer.tarballs.get(name)!)).toEqual([])
  })

  test('has types that match its code (attw, esm-only)', () => {
    expect(attw(consumer.tarballs.get(name)!)).toContain('(ESM)')
  })
})

test('the root README runs its example', () => {
  const file = writeExample(consumer.folder, 'root', readExample(join(ROOT, 'README.md')))
  expect(run(process.execPath, [basename(stripTypes(file))], join(file, '..'))).not.toBe('')
})

test('all examples type-check against the packed declarations', () => {
  const readmes = [...packages.map(({ name, folder }) => [name, folder] as const), ['root', ROOT] as const]
  const files = readmes.map(([name, folder]) =>
    writeExample(consumer.folder, name, readExample(join(folder, 'README.md'))),
  )
  expect(typeErrors(files)).toEqual([])
})

describe('the guides', () => {
  const folder = join(ROOT, 'docs/guides')
  const examples = readdirSync(folder)
    .filter((name) => name.endsWith('.md'))
    .flatMap((name) =>
      allExamples(readFileSync(join(folder, name), 'utf8')).map((code, index) => ({
        name: `${name}-${index + 1}`,
        code,
      })),
    )

  test.each(examples)('$name runs', ({ name, code }) => {
    const file = writeExample(consumer.folder, name, code)
    expect(
      run(process.execPath, [basename(stripTypes(file))], join(file, '..')).length,
    ).toBeGreaterThanOrEqual(0)
  })

  test('type-check against the packed declarations', () => {
    expect(examples.length).toBeGreaterThan(5)
    const files = examples.map(({ name, code }) => writeExample(consumer.folder, name, code))
    expect(typeErrors(files)).toEqual([])
  })
})
