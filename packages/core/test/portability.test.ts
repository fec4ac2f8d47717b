// The source is portable: core, btree and wal are bundled for a bare engine, and run in a context that has only the language: no timers,
// TextEncoder, crypto, console or Node.
import { fileURLToPath } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import { build } from 'esbuild'
import { expect, it } from 'vitest'

const SCRIPT = `
import { Database } from '@ldb/core'
import { MemoryVfs } from '@ldb/vfs'

const vfs = new MemoryVfs()
let db = Database.open('data', { vfs })
db.put('gr\u00fc\u00dfe', 'w\u00f6rld')
const users = db.keyspace('users', { keys: 'tuple', values: 'json' })
db.batch().put('a', '1').put('b', '2'.repeat(20_000)).in(users).put(['DE', 7], { name: 'Ada' }).commit()
db.close()
db = Database.open('data', { vfs })
const memory = Database.memory()
memory.put('in', 'memory')
globalThis.result = JSON.stringify({
  entries: db.entries().map(([key, value]) => [key, value.length]).toArray(),
  users: db.keyspace('users', { keys: 'tuple', values: 'json' }).entries().toArray(),
  memory: memory.get('in'),
  ok: db.verify().ok,
})
memory.close()
db.close()
`

it('runs in a bare engine', async () => {
  const { outputFiles, metafile } = await build({
    stdin: { contents: SCRIPT, resolveDir: fileURLToPath(new URL('..', import.meta.url)), loader: 'ts' },
    bundle: true,
    write: false,
    metafile: true,
    format: 'iife',
    platform: 'neutral',
    target: 'es2020',
    conditions: ['@ldb/source'],
    mainFields: ['module', 'main'],
  })
  const inputs = Object.keys(metafile.inputs)
  expect(inputs.filter((name) => /-node\.ts$|node-[a-z]+\.ts$/.test(name))).toEqual([])
  const context = createContext(Object.create(null) as object)
  // Node adds these to every context.
  runInContext('delete globalThis.console; delete globalThis.WebAssembly; delete Symbol.dispose', context)
  runInContext(outputFiles[0]?.text ?? '', context)
  const result = JSON.parse(String((context as { result?: unknown }).result)) as unknown
  expect(result).toEqual({
    entries: [
      ['a', 1],
      ['b', 20_000],
      ['gr\u00fc\u00dfe', 5],
    ],
    users: [[['DE', 7], { name: 'Ada' }]],
    memory: 'memory',
    ok: true,
  })
})
