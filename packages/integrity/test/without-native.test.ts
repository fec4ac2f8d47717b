// Strategy: the compiled Node implementation is copied to a directory where `@node-rs/xxhash` is not installed, or has no
// binary for the platform, and loaded by `import` and by `require` in a separate Node process.
// Invariant: it loads without output and returns the same hashes.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { xxh64 } from '@node-rs/xxhash'
import { transformSync } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'

let directory = ''
let broken = ''

function install(target: string): void {
  for (const name of ['seed64', 'xxhash64', 'xxhash64-node']) {
    const source = readFileSync(new URL(`../src/${name}.ts`, import.meta.url), 'utf8')
    const { code } = transformSync(source, { loader: 'ts', target: 'es2022' })
    writeFileSync(join(target, `${name}.js`), code)
  }
  writeFileSync(join(target, 'package.json'), '{ "type": "module" }')
}

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'ldb-integrity-'))
  install(directory)
  broken = join(directory, 'broken')
  const module = join(broken, 'node_modules', '@node-rs', 'xxhash')
  mkdirSync(module, { recursive: true })
  install(broken)
  writeFileSync(join(module, 'package.json'), '{ "main": "index.js" }')
  writeFileSync(join(module, 'index.js'), "throw new Error('no binary for this platform')")
})

afterAll(() => rmSync(directory, { recursive: true, force: true }))

const use = `
  const target = new Int32Array(2)
  const bytes = new Uint8Array(5000).map((_, index) => index * 7)
  xxHash64(bytes, 3, 4900, createSeed64(1, 2), target)
  console.log(target.join())`

const scripts = [
  [
    'import',
    ['--input-type=module'],
    `import { xxHash64 } from './xxhash64-node.js'; import { createSeed64 } from './seed64.js'; ${use}`,
  ],
  [
    'require',
    ['--input-type=commonjs', '--no-warnings'],
    `const { xxHash64 } = require('./xxhash64-node.js'); const { createSeed64 } = require('./seed64.js'); ${use}`,
  ],
] as const

test.each([
  ['not installed', 'import', (): string => directory, scripts[0]],
  ['not installed', 'require', (): string => directory, scripts[1]],
  ['installed without a binary', 'import', (): string => broken, scripts[0]],
  ['installed without a binary', 'require', (): string => broken, scripts[1]],
] as const)(
  'with the native hash %s, %s returns the same hash',
  (_state, _loader, cwd, [, flags, script]) => {
    const printed = execFileSync(process.execPath, [...flags, '-e', script], { cwd: cwd(), encoding: 'utf8' })
    const bytes = new Uint8Array(5000).map((_, index) => index * 7)
    const expected = xxh64(bytes.subarray(3, 4900), (2n << 32n) | 1n)
    const [low, high] = printed.trim().split(',').map(Number)
    expect((BigInt(high! >>> 0) << 32n) | BigInt(low! >>> 0)).toBe(expected)
  },
)
