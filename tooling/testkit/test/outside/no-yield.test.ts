// Strategy: programs that commit below `full` and never return to the event loop run as processes. strace records when the log was
// written and synced. Others end in every normal way without a close, or are killed, and their databases are opened again.
// Invariants: a sync of the log follows the last write of each interval although the program computes on (C12); a normal end of a
// process or thread loses nothing acknowledged (C13); a kill loses at most what was committed within the last interval.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ScriptFolder } from '../../src/outside/script-folder.js'
import type { ScriptStart } from '../../src/outside/script-process.js'

const DURABILITIES = ['periodic', 'none'] as const
const COMPUTE_MS = 3000
/** A sync that belongs to the computation begins this long before its end, on a machine of any load. */
const WELL_BEFORE_S = 1

const hasStrace = spawnSync('strace', ['-f', '-o', '/dev/null', 'true']).status === 0
if (!hasStrace)
  console.warn('SKIPPED: recorded syncs of programs that do not yield, because strace is not available')

const PRELUDE = `
import { writeSync } from 'node:fs'
import { AsyncDatabase, Database } from '@ldb/core'
const [, , directory, durability] = process.argv
const mark = (word) => {
  const bytes = Buffer.from(word + '\\n')
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(1, bytes, at)
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error
    }
  }
}
const compute = (ms) => { for (const end = Date.now() + ms; Date.now() < end; ); }
`

interface Call {
  readonly atS: number
  readonly what: 'write' | 'sync' | 'mark'
  readonly mark: string
}

/** Reads the writes and syncs of the log, and the marks, from a recording of strace. */
function parseTrace(file: string): Call[] {
  const calls: Call[] = []
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [, time, call = '', rest = ''] = /^\d+ +([\d.]+) (\w+)\((.*)$/.exec(line) ?? []
    const atS = Number(time)
    if (call === 'write' && rest.startsWith('1<')) {
      calls.push({ atS, what: 'mark', mark: /"(.*)\\n"/.exec(rest)?.[1] ?? '' })
    } else if (/^\d+<[^>]*\.wal>/.test(rest)) {
      calls.push({ atS, what: call.endsWith('sync') ? 'sync' : 'write', mark: '' })
    }
  }
  return calls
}

describe.skipIf(!hasStrace)('a program that does not yield, recorded by strace', () => {
  let folder: ScriptFolder
  beforeEach(() => {
    folder = new ScriptFolder()
  })
  afterEach(() => {
    folder.remove()
  })

  /** Runs a script to the mark `end`, and returns the calls between its marks `begin` and `end`. */
  async function record(source: string, durability: string, start: ScriptStart = {}): Promise<Call[]> {
    const output = join(folder.path, 'trace')
    const trace = 'trace=fdatasync,fsync,pwrite64,pwritev,write'
    const end = await folder.run(PRELUDE + source, {
      ...start,
      args: [join(folder.path, 'data'), durability],
      through: ['strace', '-f', '-ttt', '-y', '-qq', '-e', trace, '-e', 'signal=none', '-o', output],
    })
    expect(end).toMatchObject({ code: 0, stderr: '' })
    const calls = parseTrace(output)
    const begin = calls.findIndex(({ mark }) => mark === 'begin')
    const last = calls.findIndex(({ mark }) => mark === 'end')
    expect(begin).toBeGreaterThanOrEqual(0)
    return calls.slice(begin, last + 1)
  }

  /** Asserts that the last write of the log before the computation, and a sync after it, precede the end by far. */
  function expectSyncedEarly(calls: readonly Call[]): void {
    const end = calls.at(-1)?.atS ?? 0
    const lastWrite = calls.filter(({ what }) => what === 'write').at(-1)
    const sync = calls.filter(({ what }) => what === 'sync').at(-1)
    expect(lastWrite).toBeDefined()
    expect(sync?.atS).toBeGreaterThanOrEqual(lastWrite?.atS ?? Infinity)
    expect(end - (sync?.atS ?? 0)).toBeGreaterThan(WELL_BEFORE_S)
  }

  it.each(DURABILITIES)('syncs about once in an interval at %s', async (durability) => {
    const calls = await record(
      `
      const db = Database.open(directory, { durability })
      db.put('first', '1')
      mark('begin')
      let count = 0
      for (const end = Date.now() + 2000; Date.now() < end; ) db.put('key' + (count++ % 100), 'value')
      mark('end')
      db.close()
      `,
      durability,
    )
    // 20 intervals; a loaded machine may start some syncs late.
    const syncCount = calls.filter(({ what }) => what === 'sync').length
    expect(syncCount).toBeGreaterThanOrEqual(6)
    expect(syncCount).toBeLessThanOrEqual(45)
    const writeCount = calls.filter(({ what }) => what === 'write').length
    expect(writeCount).toBeGreaterThanOrEqual(6)
    if (durability === 'none') expect(writeCount).toBeLessThan(500)
  })

  it.each([
    ['periodic', 1],
    ['periodic', 1000],
    ['none', 1],
  ] as const)('at %s syncs %i puts while it computes', async (durability, count) => {
    const calls = await record(
      `
      const db = Database.open(directory, { durability })
      mark('begin')
      for (let index = 0; index < ${count}; index++) db.put('key' + index, 'value')
      compute(${COMPUTE_MS})
      mark('end')
      db.close()
      `,
      durability,
    )
    expectSyncedEarly(calls)
  })

  it('syncs a put after a checkpoint while it computes', async () => {
    const calls = await record(
      `
      const db = Database.open(directory, { durability })
      db.put('first', '1')
      db.checkpoint()
      mark('begin')
      db.put('second', '1')
      compute(${COMPUTE_MS})
      mark('end')
      db.close()
      `,
      'periodic',
    )
    expectSyncedEarly(calls)
  })

  it.each(DURABILITIES)('syncs what was acknowledged through the async API at %s', async (durability) => {
    const calls = await record(
      `
      const db = await AsyncDatabase.open(directory, { durability })
      mark('begin')
      await db.put('key', 'value')
      compute(${COMPUTE_MS})
      mark('end')
      await db.close()
      `,
      durability,
    )
    expectSyncedEarly(calls)
  })

  it('syncs while the only thread of the pool is busy', async () => {
    const calls = await record(
      `
      import { execFileSync } from 'node:child_process'
      import { closeSync, open, openSync } from 'node:fs'
      const fifo = directory + '.fifo'
      execFileSync('mkfifo', [fifo])
      const db = Database.open(directory, { durability })
      // Blocks the thread until the other end is opened.
      open(fifo, 'r', (error, descriptor) => closeSync(descriptor))
      mark('begin')
      for (let index = 0; index < 1000; index++) db.put('key' + index, 'value')
      compute(${COMPUTE_MS})
      mark('end')
      closeSync(openSync(fifo, 'w'))
      db.close()
      `,
      'periodic',
      { env: { UV_THREADPOOL_SIZE: '1' } },
    )
    expectSyncedEarly(calls)
  })

  it('syncs in a worker thread, and every one of several databases', async () => {
    const calls = await record(
      `
      import { isMainThread, Worker } from 'node:worker_threads'
      if (isMainThread) {
        new Worker(new URL(import.meta.url), { argv: [directory, durability] })
        compute(${COMPUTE_MS} + 2000)
      } else {
        const databases = [0, 1, 2].map((index) => Database.open(directory + index, { durability }))
        mark('begin')
        for (const db of databases) db.put('key', 'value')
        compute(${COMPUTE_MS})
        mark('end')
        for (const db of databases) db.close()
      }
      `,
      'periodic',
    )
    expectSyncedEarly(calls)
    expect(calls.filter(({ what }) => what === 'sync').length).toBeGreaterThanOrEqual(3)
  })

  it('poisons when the sync of the other thread fails', async () => {
    const directory = join(folder.path, 'data')
    // The log of an earlier process is not continued: the first commit makes this segment. Only its syncs under its final name fail.
    const segment = join(directory, 'wal', '0000000002.wal')
    const creation = await folder.run(
      `${PRELUDE} const db = Database.open(directory); db.put('a', '1'); db.close()`,
      { args: [directory] },
    )
    expect(creation).toMatchObject({ code: 0, stderr: '' })
    const end = await folder.run(
      `${PRELUDE}
      const db = Database.open(directory, { durability })
      db.on('error', ({ error }) => mark('event ' + error.code + ' ' + error.cause.code + ' ' + error.cause.details.errno))
      db.put('b', '1')
      compute(1500)
      db.put('c', '1')
      try { db.put('d', '1') } catch (error) { mark('refused ' + error.code) }
      mark('read ' + db.get('c'))
      process.exit(0)
      `,
      {
        args: [directory, 'periodic'],
        through:
          `strace -f -qq -o /dev/null -P ${segment} -e trace=fdatasync -e inject=fdatasync:error=EIO`.split(
            ' ',
          ),
      },
    )
    expect(end).toMatchObject({
      code: 0,
      stdout: 'event LDB_COMMIT_UNKNOWN LDB_IO EIO\nrefused LDB_POISONED\nread 1\n',
    })
  })
})

describe('a process that ends without a close', () => {
  let folder: ScriptFolder
  beforeEach(() => {
    folder = new ScriptFolder()
  })
  afterEach(() => {
    folder.remove()
  })

  async function keysOf(name: string): Promise<string[]> {
    const end = await folder.run(
      `${PRELUDE} const db = Database.open(directory); mark(JSON.stringify(db.keys().toArray())); db.close()`,
      { args: [join(folder.path, name)] },
    )
    return JSON.parse(end.stdout) as string[]
  }

  const PUTS = `
    const open = (name) => Database.open(directory + '/' + name, { durability, syncIntervalMs: 60_000 })
    const databases = ['one', 'two'].map(open)
    for (const db of databases) for (let index = 0; index < 100; index++) db.put('key' + String(index).padStart(2, '0'), 'value')
  `
  const ALL_KEYS = Array.from({ length: 100 }, (_, index) => `key${String(index).padStart(2, '0')}`)
  const THREAD = `
    import { isMainThread, Worker } from 'node:worker_threads'
    if (isMainThread) {
      const worker = new Worker(new URL(import.meta.url), { argv: [directory, durability] })
      worker.on('error', () => undefined)
      worker.on('exit', () => mark('ended'))
    } else {`

  it.each([
    ['the end of the event loop', `${PUTS}`, 0],
    [
      'the end of the event loop, after timers',
      `${PUTS} setTimeout(() => databases[1].put('late', '1'), 20)`,
      0,
    ],
    ['process.exit', `${PUTS} process.exit(3)`, 3],
    ['process.exit within a transaction', `${PUTS} databases[0].transaction(() => process.exit(3))`, 3],
    ['an uncaught exception', `${PUTS} throw new Error('uncaught')`, 1],
    ['an unhandled rejection', `${PUTS} Promise.reject(new Error('unhandled'))`, 1],
    ['the end of a worker thread', `${THREAD} ${PUTS} }`, 0],
    ['process.exit in a worker thread', `${THREAD} ${PUTS} process.exit(3) }`, 0],
    ['an uncaught exception in a worker thread', `${THREAD} ${PUTS} throw new Error('uncaught') }`, 0],
    [
      'process.exit, with asynchronous commits',
      `${PUTS} await databases[1].promises.put('late', '1'); process.exit(3)`,
      3,
    ],
    [
      'process.exit, with a commit of a later exit listener',
      `process.on('exit', () => databases[0].put('earlier', '1')); ${PUTS} process.on('exit', () => databases[1].put('late', '1')); process.exit(3)`,
      3,
    ],
  ])('loses nothing at none: %s', async (_how, source, code) => {
    const end = await folder.run(PRELUDE + source, { args: [folder.path, 'none'] })
    expect(end.code).toBe(code)
    const found = { one: await keysOf('one'), two: await keysOf('two') }
    const one = source.includes("'earlier'") ? ['earlier', ...ALL_KEYS] : ALL_KEYS
    const two = source.includes("'late'") ? [...ALL_KEYS, 'late'] : ALL_KEYS
    expect(found).toEqual({ one, two })
  })

  it('is not kept alive, and not delayed, by a pending sync', async () => {
    // The databases stay reachable: a garbage collection before the end would release them, and warn.
    const source = `${PRELUDE} ${PUTS} globalThis.databases = databases; mark('done')`
    const end = await folder.run(source, { args: [folder.path, 'periodic'] })
    expect(end).toMatchObject({ code: 0, stdout: 'done\n', stderr: '' })
  })

  it('loses at most the last interval when it is killed in a loop at none', async () => {
    const script = folder.start(
      `${PRELUDE}
      const db = Database.open(directory, { durability })
      let count = 0
      for (let line = 0; ; line++) {
        for (const end = Date.now() + 100; Date.now() < end; ) db.put('key' + String(count++).padStart(9, '0'), '')
        mark(String(count))
        if (line === 25) mark('ready')
      }
      `,
      { args: [join(folder.path, 'data'), 'none'] },
    )
    await script.waitForLine('ready')
    const { stdout } = await script.killed()
    const counts = stdout.split('\n').filter((line) => /^\d+$/.test(line))
    const keys = await keysOf('data')
    // Ten intervals, for a machine of any load.
    expect(keys.length).toBeGreaterThanOrEqual(Number(counts.at(-11)))
    expect(keys.at(-1)).toBe(`key${String(keys.length - 1).padStart(9, '0')}`)
  })
})
