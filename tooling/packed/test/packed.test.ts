// Checks the packages as npm installs them from their tarballs in an empty folder.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'

import { printedTypes, RESOLUTIONS, typeErrors } from '../src/compiler.js'
import { copyConsumer, dropConsumer, publicPackages, ROOT, run } from '../src/consumer.js'
import type { Consumer } from '../src/consumer.js'
import { allExamples, packagesIn, readExample, stripTypes, writeExample } from '../src/example.js'
import { attwFindings, publintFindings } from '../src/package-lint.js'

const packages = publicPackages()
let consumer: Consumer

beforeAll(() => {
  consumer = copyConsumer(inject('packed'))
})

afterAll(() => {
  dropConsumer(consumer)
})

describe.each(packages.map((subject) => [subject.name, subject] as const))('%s', (name, subject) => {
  test('is one copy for import and require, and warns of nothing', () => {
    const script =
      `const required = require('${name}'); import('${name}').then((imported) => ` +
      'console.log(JSON.stringify([Object.keys(required).sort(), Object.keys(imported), ' +
      'Object.keys(required).filter((key) => required[key] !== imported[key])])))'
    const evaluated = ['--input-type=commonjs', '--throw-deprecation', '--trace-warnings', '--eval', script]
    const [required = [], imported = [], different] = JSON.parse(
      run(process.execPath, evaluated, consumer.folder),
    ) as string[][]
    expect(required).toEqual(imported)
    expect(imported.length).toBeGreaterThan(0)
    expect(different).toEqual([])
    expect(loadsNoEsModule(consumer.folder, name)).toBe(true)
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
      'lib/index.d.ts',
      'lib/index.d.cts',
      'src/index.ts',
    ]
    expect(expected.filter((file) => !existsSync(join(installed, file)))).toEqual([])
    const listing = run('tar', ['-tzf', consumer.tarballs.get(name)!], consumer.folder)
    expect(listing.split('\n').filter((path) => /\.test\.|\.tsbuildinfo|\/test\//.test(path))).toEqual([])
  })

  test('passes publint --strict', async () => {
    expect(await publintFindings(consumer.tarballs.get(name)!)).toEqual([])
  })

  test('has types that match its code (attw)', async () => {
    expect(await attwFindings(consumer.tarballs.get(name)!)).toEqual([])
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

/** Reports whether a program that requires the package runs where Node cannot require ES modules. */
function loadsNoEsModule(folder: string, name: string): boolean {
  const flags = ['--no-experimental-require-module', '--input-type=commonjs']
  return (
    run(process.execPath, [...flags, '--eval', `console.log(typeof require('${name}'))`], folder) ===
    'object\n'
  )
}

describe('an application in TypeScript', () => {
  const code = `import { AsyncDatabase, Database, isLdbError } from '@ldb/core'
import type { DatabaseOptions, Keyspace } from '@ldb/core'
export function open(path: string, options: DatabaseOptions): Keyspace<string, unknown> | undefined {
  try {
    return Database.open(path, options).keyspace('users', { values: 'json' })
  } catch (error) {
    if (isLdbError(error, 'LDB_LOCKED')) return undefined
    throw error
  }
}
export const opened: Promise<AsyncDatabase> = AsyncDatabase.open('data')
// @ts-expect-error -- the types are found, so that a wrong key is an error
open('data', {})?.get(1)
// @ts-expect-error -- a database is opened with a method
new Database()
`

  test.each(Object.entries(RESOLUTIONS))('finds the types with %s', (name, options) => {
    // A module of either kind. The types of both are the same: a class with private members has one declaration.
    const folder = join(consumer.folder, `resolution-${name}`)
    mkdirSync(folder)
    const files = ['common.cts', 'module.mts', 'both.mts'].map((file) => join(folder, file))
    writeFileSync(join(folder, 'common.cts'), code)
    writeFileSync(join(folder, 'module.mts'), code)
    writeFileSync(
      join(folder, 'both.mts'),
      `import * as common from './common.cjs'
import { Database } from '@ldb/core'
export const db: Database | undefined = undefined
export const keyspace: ReturnType<typeof common.open> = Database.memory().keyspace('users', { values: 'json' })
`,
    )
    expect(typeErrors(name === 'node10' ? files.slice(0, 1) : files, options)).toEqual([])
  })
})

test('types that editors show can be read', () => {
  const folder = join(consumer.folder, 'printed')
  mkdirSync(folder)
  const file = join(folder, 'types.mts')
  writeFileSync(
    file,
    `import type { AsyncDatabase, Database } from '@ldb/core'
interface User { readonly name: string }
declare const db: Database
declare const adb: AsyncDatabase
const plain = db.keyspace('a')
const json = db.keyspace('a', { values: 'json' })
const tuple = db.keyspace('a', { keys: 'tuple', values: 'utf8' })
const typed = db.keyspace<string, User>('a', { values: 'json' })
const pairs = db.keyspace<readonly [string, number], User>('a', { keys: 'tuple', values: 'json' })
const later = adb.keyspace<string, User>('a', { values: 'json' })
const value = typed.get('a')
const entries = pairs.entries({ prefix: ['a'] })
const names = typed.values().map(({ name }) => name)
const cursor = typed.cursor()
const batch = db.batch().in(typed)
const result = db.transaction((tx) => tx.in(pairs).get(['a', 1]))
const part = db.begin().in(typed)
const changes = db.changes({ keyspace: typed })
const put = typed.put
const get = typed.get
`,
  )
  expect(printedTypes(file)).toEqual({
    db: 'Database',
    adb: 'AsyncDatabase',
    plain: 'Keyspace<string, string>',
    json: 'Keyspace<string, unknown>',
    tuple: 'Keyspace<readonly TupleElement[], string>',
    typed: 'Keyspace<string, User>',
    pairs: 'Keyspace<readonly [string, number], User>',
    later: 'Promise<AsyncKeyspace<string, User>>',
    value: 'User | undefined',
    entries: 'Scan<[readonly [string, number], User]>',
    names: 'Scan<string>',
    cursor: 'Cursor<string, User>',
    batch: 'Batch<string, User>',
    result: 'User | undefined',
    part: 'TransactionKeyspace<string, User>',
    changes: 'ChangeStream<string, User>',
    put: '(key: string, value: User, options?: PutOptions | undefined) => void',
    get: '(key: string, options?: GetOptions | undefined) => User | undefined',
  })
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
