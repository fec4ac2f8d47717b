// Strategy: the packages as npm installs them, run by every supported Node, Bun and Deno, whose binaries come from npm, and built by Next.
// Not part of `npm test`: it installs 700 MB. Run it with `npm run check:runtimes`.
// Invariants: the example of core runs; 100,000 operations in both engines, over reopens, leave what a Map has; verify finds nothing.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'

import { copyConsumer, dropConsumer, ROOT, run } from '../src/consumer.js'
import type { Consumer } from '../src/consumer.js'
import { readExample, stripTypes, writeExample } from '../src/example.js'
import { installRuntimes } from '../src/runtimes.js'

const OPERATIONS = `
import { AsyncDatabase, Database } from '@ldb/core'
const path = process.argv[2]
let seed = 1
const below = (limit) => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return Math.floor((seed / 4294967296) * limit)
}
const models = { tree: new Map(), lsm: new Map() }
let operationCount = 0
for (let round = 0; round < 5; round++) {
  const db = Database.open(path, { durability: 'periodic' })
  const stores = { tree: db.keyspace('tree', { values: 'json' }), lsm: db.keyspace('lsm', { engine: 'lsm', values: 'json' }) }
  for (let step = 0; step < 20_000; step++, operationCount++) {
    const name = step % 2 === 0 ? 'tree' : 'lsm'
    const key = 'key' + below(5_000)
    const choice = below(10)
    if (choice < 5) {
      stores[name].put(key, { step, text: 'v'.repeat(below(100)) })
      models[name].set(key, step)
    } else if (choice < 7) {
      stores[name].delete(key)
      models[name].delete(key)
    } else if (stores[name].get(key)?.step !== models[name].get(key)) throw new Error('a get differs at ' + key)
  }
  if (!db.verify().ok) throw new Error('verify has found something')
  db.close()
}
const db = await AsyncDatabase.open(path)
for (const name of ['tree', 'lsm']) {
  const entries = await (await db.keyspace(name, { values: 'json' })).entries().map(([key, { step }]) => key + step).toArray()
  const expected = [...models[name]].map(([key, step]) => key + step).sort()
  if (JSON.stringify(entries.sort()) !== JSON.stringify(expected)) throw new Error('the entries of ' + name + ' differ')
}
await db.close()
console.log(operationCount, 'operations')
`

let consumer: Consumer
let elsewhere = ''
let runCount = 0

beforeAll(() => {
  consumer = copyConsumer(inject('packed'))
  elsewhere = mkdtempSync(join(tmpdir(), 'ldb-runtimes-'))
})

afterAll(() => {
  dropConsumer(consumer)
  rmSync(elsewhere, { recursive: true, force: true })
})

describe.each(installRuntimes())('$name', ({ command, args }) => {
  test('runs the example of core', () => {
    const code = readExample(join(ROOT, 'packages/core/README.md'))
    const file = stripTypes(writeExample(consumer.folder, `core-${++runCount}`, code))
    expect(run(command, [...args, basename(file)], join(file, '..'))).not.toBe('')
  })

  test('runs 100,000 operations', () => {
    const file = join(consumer.folder, 'operations.mjs')
    writeFileSync(file, OPERATIONS)
    const output = run(command, [...args, file, join(elsewhere, `data-${++runCount}`)], consumer.folder)
    expect(output).toBe('100000 operations\n')
  })
})

test('Next builds and serves a route that uses a database', async () => {
  const folder = join(consumer.folder, 'next')
  mkdirSync(join(folder, 'app/api'), { recursive: true })
  const dependencies = { next: '16', react: '19', 'react-dom': '19' }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'app', private: true, dependencies }))
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'], folder)
  run('cp', ['-al', join(consumer.folder, 'node_modules/.'), join(folder, 'node_modules/')], folder)
  writeFileSync(
    join(folder, 'app/layout.js'),
    'export default ({ children }) => <html><body>{children}</body></html>\n',
  )
  writeFileSync(join(folder, 'app/page.js'), 'export default () => <p>page</p>\n')
  writeFileSync(
    join(folder, 'app/api/route.js'),
    `import { Database } from '@ldb/core'
export const dynamic = 'force-dynamic'
export function GET() {
  const db = Database.open(process.env.DATA)
  const lsm = db.keyspace('l', { engine: 'lsm' })
  lsm.put('a', '1')
  const result = { value: lsm.get('a'), ok: db.verify().ok }
  db.close()
  return Response.json(result)
}
`,
  )
  const next = join(folder, 'node_modules/next/dist/bin/next')
  run(process.execPath, [next, 'build'], folder)
  // The server ends with the process that asks it.
  const ask = `
    const { spawn } = require('node:child_process')
    const child = spawn(process.execPath, ['${next}', 'start', '-p', '0'], { env: { ...process.env, DATA: '${join(elsewhere, 'next')}' } })
    let isAsked = false
    child.stdout.on('data', async (text) => {
      const port = /localhost:(\\d+)/.exec(text)?.[1]
      if (port === undefined || isAsked) return
      isAsked = true
      for (let tries = 0; tries < 50; tries++) {
        const answer = await fetch('http://localhost:' + port + '/api').catch(() => undefined)
        if (answer !== undefined) { console.log(await answer.text()); break }
        await new Promise((resolve) => setTimeout(resolve, 200))
      }
      child.kill()
    })`
  expect(run(process.execPath, ['--eval', ask], folder).trim()).toBe('{"value":"1","ok":true}')
}, 600_000)
