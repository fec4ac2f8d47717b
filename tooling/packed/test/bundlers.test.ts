// Strategy: an application that uses the packages as npm installs them is built into one file, and the file is run where nothing is
// installed, and where the packages are.
// Invariants: a build has no errors and no warnings; a built application works with and without the native hash; the native hash is
// used wherever Node finds it.
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { bundleWithEsbuild, bundleWithRollup, bundleWithVite, bundleWithWebpack } from '../src/bundle.js'
import { copyConsumer, dropConsumer, run } from '../src/consumer.js'
import type { Consumer } from '../src/consumer.js'

/** Prints what the application read, and whether the process has loaded the native hash. */
const APPLICATION = `
import { Database } from '@ldb/core'
const path = process.argv[2]
const writer = Database.open(path)
writer.put('a', 'x'.repeat(100_000))
writer.keyspace('l', { engine: 'lsm', values: 'json' }).put('b', { c: 1 })
writer.close()
const db = Database.open(path)
const { ok } = db.verify()
const { length } = db.get('a')
if (db.keyspace('l', { values: 'json' }).get('b').c !== 1) throw new Error('the LSM tree has lost an entry')
db.close()
const isNative = process.report.getReport().sharedObjects.some((file) => file.includes('xxhash'))
console.log(length, ok, isNative ? 'native' : 'portable')
`

let consumer: Consumer
/** A folder where no package is installed. */
let elsewhere = ''
let runCount = 0

beforeAll(() => {
  consumer = copyConsumer(inject('packed'))
  elsewhere = mkdtempSync(join(tmpdir(), 'ldb-deployed-'))
})

afterAll(() => {
  dropConsumer(consumer)
  rmSync(elsewhere, { recursive: true, force: true })
})

/** Runs an application with a new database. Returns what it printed. */
function outputOf(args: readonly string[], folder: string): string {
  return run(process.execPath, [...args, join(elsewhere, `data-${++runCount}`)], folder).trim()
}

function writeApplication(name: string, code: string): string {
  const file = join(consumer.folder, name)
  writeFileSync(file, code)
  return file
}

describe.each([
  ['webpack', bundleWithWebpack, 'cjs'],
  ['esbuild', bundleWithEsbuild, 'cjs'],
  ['rollup', bundleWithRollup, 'mjs'],
  ['vite', bundleWithVite, 'mjs'],
] as const)('an application built with %s', (name, bundle, extension) => {
  test('uses the portable hash where the native one is not installed', async () => {
    // Built in a folder of its own: the built file may name the folder of the packages.
    const entry = writeApplication(`${name}.mjs`, APPLICATION)
    const built = join(consumer.folder, 'built', `${name}.${extension}`)
    await bundle(entry, built, 'node')
    const folder = join(elsewhere, name)
    mkdirSync(folder)
    copyFileSync(built, join(folder, `app.${extension}`))
    const native = join(consumer.folder, 'node_modules/@node-rs')
    const hidden = `${native}-hidden`
    run('mv', [native, hidden], consumer.folder)
    try {
      expect(outputOf([`app.${extension}`], folder)).toBe('100000 true portable')
    } finally {
      run('mv', [hidden, native], consumer.folder)
    }
  })
})

describe.each([
  ['webpack', bundleWithWebpack],
  ['esbuild', bundleWithEsbuild],
] as const)('an application that is built with %s', (name, bundle) => {
  test('is built although the native hash is not installed', async () => {
    const entry = writeApplication(`${name}-without.mjs`, APPLICATION)
    const native = join(consumer.folder, 'node_modules/@node-rs')
    const hidden = `${native}-hidden`
    run('mv', [native, hidden], consumer.folder)
    try {
      await bundle(entry, join(consumer.folder, 'built', `${name}-without.cjs`), 'node')
    } finally {
      run('mv', [hidden, native], consumer.folder)
    }
    expect(outputOf([`built/${name}-without.cjs`], consumer.folder)).toMatch(/^100000 true /)
  })
})

describe('the native hash is used', () => {
  test('by an ES module', () => {
    const file = writeApplication('module.mjs', APPLICATION)
    expect(outputOf([file], elsewhere)).toBe('100000 true native')
  })

  test('by a CommonJS module', () => {
    const code = APPLICATION.replace(/import (.*) from (.*)/, 'const $1 = require($2)')
    const file = writeApplication('common.cjs', code)
    expect(outputOf([file], elsewhere)).toBe('100000 true native')
  })

  test('by a worker thread', () => {
    const file = writeApplication(
      'thread.mjs',
      `import { isMainThread, Worker } from 'node:worker_threads'
       if (isMainThread) new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) })
       else await import('./module.mjs')`,
    )
    writeApplication('module.mjs', APPLICATION)
    expect(outputOf([file], elsewhere)).toBe('100000 true native')
  })

  test('where pnpm installs it', () => {
    const folder = join(elsewhere, 'pnpm')
    mkdirSync(folder)
    const dependencies = Object.fromEntries(
      [...consumer.tarballs].map(([name, tarball]) => [name, `file:${tarball}`]),
    )
    // The tarballs depend on each other by version, and no registry has them.
    const manifest = { name: 'app', private: true, dependencies, pnpm: { overrides: dependencies } }
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
    writeFileSync(join(folder, 'pnpm-workspace.yaml'), 'packages: []\n')
    run('pnpm', ['install', '--prefer-offline', '--ignore-scripts'], folder)
    writeFileSync(join(folder, 'app.mjs'), APPLICATION)
    expect(outputOf(['app.mjs'], folder)).toBe('100000 true native')
  })
})
