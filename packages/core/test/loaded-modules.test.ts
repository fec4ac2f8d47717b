// Strategy: a process of its own opens, writes, reads and closes with the bundles, and reports what it loaded. It starts quickly only if
// what is rarely used is not among it.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

const PACKAGE = fileURLToPath(new URL('../', import.meta.url))
let root: string

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'ldb-loaded-'))
})
afterAll(() => {
  rmSync(root, { recursive: true, force: true })
})

/** Runs a program with an open database `db`; returns the packages and the modules of Node that it loaded. */
function loadedBy(program: string, name: string): { packages: string[]; builtins: string[] } {
  const source = `const { Database } = require('@ldb/core')
    const db = Database.open(${JSON.stringify(join(root, name))})
    ${program}
    db.close()
    const packages = Object.keys(require.cache).map((path) => /packages.(\\w+)/.exec(path)?.[1]).filter(Boolean)
    const builtins = process.moduleLoadList.map((each) => each.replace('NativeModule ', ''))
    console.log(JSON.stringify({ packages, builtins }))`
  const printed = execFileSync(process.execPath, ['--eval', source], { cwd: PACKAGE, encoding: 'utf8' })
  return JSON.parse(printed) as { packages: string[]; builtins: string[] }
}

const RARE = ['crypto', 'zlib']

test('a program that puts and gets loads nothing that is rarely used', () => {
  const { packages, builtins } = loadedBy(
    `db.put('a', 'b'); if (db.get('a') !== 'b') throw new Error()`,
    'small',
  )
  expect(new Set(packages)).toEqual(
    new Set(['core', 'base', 'vfs', 'integrity', 'cache', 'btree', 'wal', 'mvcc']),
  )
  if (process.platform === 'linux') expect(builtins.filter((each) => RARE.includes(each))).toEqual([])
  expect(builtins).toContain('fs')
})

test('a program with large values loads the package for them', () => {
  const value = `'c'.repeat(2_000_000)`
  const { packages } = loadedBy(
    `db.put('a', ${value}); if (db.get('a') !== ${value}) throw new Error()`,
    'large',
  )
  expect(packages).toContain('blob')
})
