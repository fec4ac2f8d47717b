// Strategy: a real process installs the fake timers of a test library, before or after it imports the packages, and never advances
// them; then it uses every kind of operation that waits. A hung operation ends the process early or runs into its time limit.
// Invariants: no operation waits for a replaced timer, background syncs run in real time, and entries expire by the replaced clock.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ScriptFolder } from '../../src/outside/script-folder.js'

/** Sources that install fake timers; each defines `advance(ms)`. */
const LIBRARIES = {
  '@sinonjs/fake-timers': `
    const { default: FakeTimers } = await import('@sinonjs/fake-timers')
    const fakes = FakeTimers.install({ now: Date.now() })
    const advance = (ms) => fakes.tick(ms)`,
  'node:test': `
    const { mock } = await import('node:test')
    mock.timers.enable({ apis: ['setInterval', 'setImmediate', 'setTimeout', 'Date'], now: Date.now() })
    const advance = (ms) => mock.timers.tick(ms)`,
  'replaced globals': `
    const never = () => ({ unref() {}, ref() {} })
    Object.assign(globalThis, { setTimeout: never, setImmediate: never, setInterval: never, queueMicrotask: never })
    process.nextTick = never
    performance.now = () => 0
    process.hrtime = Object.assign(() => [0, 0], { bigint: () => 0n })
    let nowMs = Date.now()
    Date.now = () => nowMs
    const advance = (ms) => { nowMs += ms }`,
}

const IMPORT = `const { AsyncDatabase, Database } = await import('@ldb/core')`

/** Waits in real time: a wait for a memory cell. A worker keeps the process alive meanwhile. */
const REAL_SLEEP = `
  const { Worker } = await import('node:worker_threads')
  const keepAlive = new Worker('setInterval(() => {}, 1000)', { eval: true })
  const cells = new Int32Array(new SharedArrayBuffer(4))
  const sleep = (ms) => Atomics.waitAsync(cells, 0, 0, ms).value
`

const OPERATIONS = `
  const path = process.argv[2]
  let adb = await AsyncDatabase.open(path, { cacheBytes: 65_536 })
  const words = await adb.keyspace('words')
  await Promise.all(Array.from({ length: 1000 }, (_, i) => words.put('key' + String(i).padStart(5, '0'), 'v'.repeat(200))))
  await adb.checkpoint()
  await adb.close()

  adb = await AsyncDatabase.open(path, { cacheBytes: 65_536 })
  const again = await adb.keyspace('words')
  let count = 0
  for await (const _ of again.entries()) count++
  for (let i = 0; i < 1000; i++) await again.get('key' + String(i).padStart(5, '0'))
  await adb.transaction(async (tx) => { await tx.in(again).put('key00001', 'changed') }, { retries: 2 })
  await Promise.all([1, 2, 3].map((i) => adb.transaction(async (tx) => { await tx.put('n', String(Number(await tx.get('n') ?? 0) + i)) }, { retries: 9 })))
  await again.deleteRange({ lt: 'key00400' })
  await adb.compact()
  await adb.synced()
  const report = await adb.verify()
  console.log(count, await again.count(), await adb.get('n'), report.ok)
  await adb.close()
`

const EXPIRY = `
  const ttl = Database.memory()
  const sessions = ttl.keyspace('sessions', { ttlMs: 100 })
  sessions.put('a', '1')
  await sleep(200)
  const before = sessions.get('a')
  advance(100)
  console.log(before, sessions.get('a'), await ttl.promises.keyspace('sessions').then((each) => each.get('a')))
  ttl.close()
`

const BACKGROUND_SYNC = `
  const { readFileSync, readdirSync } = await import('node:fs')
  const path = process.argv[2]
  const adb = await AsyncDatabase.open(path, { durability: 'none', syncIntervalMs: 20 })
  await adb.put('a', 'written in the background')
  const isWritten = () => readdirSync(path + '/wal')
    .some((name) => readFileSync(path + '/wal/' + name, 'latin1').includes('written in the background'))
  while (!isWritten()) await sleep(20)
  console.log('written')
  await adb.close()
`

const END = `
  await keepAlive.terminate()
  console.log('end')
`

describe.each(Object.entries(LIBRARIES))('with fake timers of %s', (_, install) => {
  let folder: ScriptFolder
  beforeEach(() => {
    folder = new ScriptFolder()
  })
  afterEach(() => {
    folder.remove()
  })

  describe.each([
    ['before', [REAL_SLEEP, install, IMPORT].join('\n')],
    ['after', [REAL_SLEEP, IMPORT, install].join('\n')],
  ])('installed %s the import', (_when, prologue) => {
    it.each([
      ['operations end', OPERATIONS, '1000 600 6 true'],
      ['entries expire by the replaced clock', EXPIRY, '1 undefined undefined'],
      ['commits are written in the background', BACKGROUND_SYNC, 'written'],
    ])('%s', async (_promise, source, output) => {
      const end = await folder.run([prologue, source, END].join('\n'), { args: [`${folder.path}/data`] })
      expect(end.stdout, end.stderr).toBe(`${output}\nend\n`)
      expect(end.code).toBe(0)
    })
  })
})

describe('with fake timers of Vitest', () => {
  // Vitest refuses to replace `nextTick` in a child process.
  const toFake = [
    'setTimeout',
    'clearTimeout',
    'setInterval',
    'clearInterval',
    'setImmediate',
    'clearImmediate',
    'hrtime',
    'performance',
    'queueMicrotask',
    'Date',
  ] as const
  afterEach(() => {
    vi.useRealTimers()
  })

  it.each(['before', 'after'])('installed %s the import, operations end and entries expire', async (when) => {
    vi.resetModules()
    const early = when === 'after' ? await import('@ldb/core') : undefined
    vi.useFakeTimers({ toFake: [...toFake] })
    const { AsyncDatabase } = early ?? (await import('@ldb/core'))
    const adb = await AsyncDatabase.memory()
    const sessions = await adb.keyspace('sessions', { ttlMs: 1000 })
    await Promise.all(
      Array.from({ length: 2000 }, (_, index) => sessions.put(`key${index}`, 'v'.repeat(100))),
    )
    expect((await sessions.entries().toArray()).length).toBe(2000)
    await adb.checkpoint()
    vi.advanceTimersByTime(999)
    expect(await sessions.get('key7')).toBe('v'.repeat(100))
    vi.advanceTimersByTime(1)
    expect(await sessions.get('key7')).toBeUndefined()
    expect(await sessions.count()).toBe(0)
    await adb.close()
  })
})
