// Strategy: a test of an application that uses the packages as npm installs them, in the test runners that people use, with fake timers.
// Invariants: it passes as an ES module and as a CommonJS module; entries expire by the clock that the runner has replaced.
import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

import { afterAll, beforeAll, expect, inject, test } from 'vitest'

import { copyConsumer, dropConsumer, run } from '../src/consumer.js'
import type { Consumer } from '../src/consumer.js'

const require = createRequire(import.meta.url)
let consumer: Consumer

beforeAll(() => {
  consumer = copyConsumer(inject('packed'))
})

afterAll(() => {
  dropConsumer(consumer)
})

const NAMES: Readonly<Record<string, string>> = {
  '@ldb/core': '{ Database, LdbError }',
  'node:fs': '{ mkdtempSync, rmSync }',
  'node:os': '{ tmpdir }',
  'node:path': '{ dirname, join }',
}
const REQUIRED = Object.entries(NAMES).map(([from, list]) => `const ${list} = require('${from}')\n`)
const IMPORTED = Object.entries(NAMES).map(([from, list]) => `import ${list} from '${from}'\n`)

const BODY = `test('a database is opened, written and closed', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'ldb-runner-')), 'data')
  const db = Database.open(path)
  const lsm = db.keyspace('l', { engine: 'lsm', values: 'json', ttlMs: 60_000 })
  jest.useFakeTimers()
  await db.promises.put('a', '1')
  lsm.put('b', { c: 1 })
  expect(lsm.get('b')).toEqual({ c: 1 })
  jest.advanceTimersByTime(60_000)
  expect(lsm.get('b')).toBe(undefined)
  expect(() => db.keyspace('')).toThrow(LdbError)
  await db.promises.close()
  jest.useRealTimers()
  rmSync(dirname(path), { recursive: true })
})
`

/** Makes a folder with a manifest. */
function folderOf(name: string, manifest: object): string {
  const folder = join(consumer.folder, name)
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
  return folder
}

/** Runs Jest in a folder, and returns the number of tests that have passed. */
function runJest(folder: string, flags: readonly string[], config: object): number {
  const program = join(dirname(require.resolve('jest/package.json')), 'bin/jest.js')
  const whole = JSON.stringify({ rootDir: folder, testEnvironment: 'node', watchman: false, ...config })
  const args = [...flags, program, '--ci', '--runInBand', '--json', '--config', whole]
  return (JSON.parse(run(process.execPath, args, folder)) as { numPassedTests: number }).numPassedTests
}

test('Jest runs tests in its default mode, and those of TypeScript with decorators', () => {
  const folder = folderOf('jest', {})
  writeFileSync(join(folder, 'common.test.js'), REQUIRED.join('') + BODY)
  writeFileSync(
    join(folder, 'injected.test.ts'),
    `${IMPORTED.join('')}
const Injectable = (): ClassDecorator => () => undefined
@Injectable()
class Service {
  constructor(readonly db: Database) {}
}
declare const jest: any, test: any, expect: any
${BODY.replace('const db = Database.open(path)', 'const { db } = new Service(Database.open(path))')}`,
  )
  const compilerOptions = {
    module: 'CommonJS',
    moduleResolution: 'node10',
    target: 'ES2022',
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    isolatedModules: true,
    ignoreDeprecations: '6.0',
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }))
  const transform = { '\\.ts$': [require.resolve('ts-jest'), { tsconfig: join(folder, 'tsconfig.json') }] }
  expect(runJest(folder, [], { transform })).toBe(2)
})

test('Jest runs tests that are ES modules', () => {
  const folder = folderOf('jest-modules', { type: 'module' })
  const imported = `import { jest } from '@jest/globals'\n${IMPORTED.join('')}`
  writeFileSync(join(folder, 'module.test.js'), imported + BODY)
  expect(runJest(folder, ['--experimental-vm-modules', '--no-warnings'], { transform: {} })).toBe(1)
})

test('Vitest runs tests of both kinds', () => {
  const folder = folderOf('vitest', { type: 'module' })
  const vitest = dirname(require.resolve('vitest/package.json'))
  const imported = `import { expect, test, vi as jest } from '${join(vitest, 'dist/index.js')}'\n`
  writeFileSync(join(folder, 'module.test.js'), imported + IMPORTED.join('') + BODY)
  const common = [
    `import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)\n`,
  ]
  writeFileSync(join(folder, 'common.test.js'), imported + [...common, ...REQUIRED].join('') + BODY)
  const args = [join(vitest, 'vitest.mjs'), 'run', '--root', folder, '--reporter=json', '--no-isolate']
  const report = JSON.parse(run(process.execPath, args, folder)) as { numPassedTests: number }
  expect(report.numPassedTests).toBe(2)
})
