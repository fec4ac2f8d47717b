// Strategy: read-only openers and a writer in threads and processes of their own, on directories that they may or may not write to,
// and on copies that cp makes of a database that is open, or was when its process was killed.
// Invariants: readers share, change nothing and need no write access; a writer and readers exclude each other, with a message that
// names the holder and its mode; a copy is not locked by the holder of the original.
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, readdirSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { NodeVfs } from '@ldb/vfs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LockScripts, reasonToSkip, WITHOUT_FLOCK } from '../../src/outside/lock-scripts.js'
import type { OpenOutcome } from '../../src/outside/lock-scripts.js'
import { ScriptFolder } from '../../src/outside/script-folder.js'
import type { ScriptStart } from '../../src/outside/script-process.js'

const OPENED: Partial<OpenOutcome> = { outcome: 'opened' }
const REFUSED: Partial<OpenOutcome> = { outcome: 'LDB_LOCKED' }
const READER = { readOnly: true }

const AS_OTHER_USER = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups']
const OTHER_USER: ScriptStart = { through: AS_OTHER_USER }
const NO_FLOCK: ScriptStart = { through: WITHOUT_FLOCK }
/** Node's permission model: no child processes, and with them no flock, and no writes. */
const PERMITTED_TO_READ: ScriptStart = {
  flags: [
    process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission',
    '--no-warnings',
    '--allow-fs-read=*',
  ],
}

const noFlock = reasonToSkip(['flock', '/'])
const noOtherUser = reasonToSkip(AS_OTHER_USER)
const noMount = reasonToSkip(WITHOUT_FLOCK)
for (const reason of [noFlock, noOtherUser, noMount]) if (reason !== '') console.log(`skipped: ${reason}`)

let folder: ScriptFolder
let scripts: LockScripts
beforeEach(async () => {
  folder = new ScriptFolder()
  scripts = new LockScripts(folder, join(folder.path, 'data'))
  await scripts.create()
})
afterEach(() => {
  folder.remove()
})

/** Returns name, length, mode and times of every file and directory, to the nanosecond. */
function statesIn(path: string): string[] {
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' }).sort()
  return ['.', ...names].map((name) => {
    const { size, mode, mtimeNs, ctimeNs } = statSync(join(path, name), { bigint: true })
    return [name, size, mode, mtimeNs, ctimeNs].join(' ')
  })
}

/** Lets every user reach and read the database, and only root write to it. */
function makeReadable(): void {
  chmodSync(dirname(folder.path), 0o755)
  expect(spawnSync('chmod', ['-R', 'a+rX,a-w', scripts.path]).status).toBe(0)
}

function expectRefusal(outcome: OpenOutcome | undefined, holder: string, mode: string): void {
  expect(outcome).toMatchObject(REFUSED)
  expect(outcome?.message).toContain(`${holder}, opened ${mode}`)
  expect(outcome?.holder).toContain(holder)
}

describe.skipIf(noFlock !== '')('read-only openers', () => {
  it('share a database in several processes, change nothing, and exclude a writer', async () => {
    const before = statesIn(scripts.path)
    const readers = [await scripts.hold({}, READER), await scripts.hold({}, READER)]
    const pids = readers.map((reader) => reader.pid).sort((a, b) => a - b)
    const [shared, refusal] = await scripts.tryBothModes()
    expect(shared).toMatchObject(OPENED)
    expectRefusal(refusal, `pid ${pids.join(', ')} on host ${hostname()}`, 'read-only')
    await readers[0]?.end()
    expectRefusal(await scripts.tryOpen(), `pid ${readers[1]?.pid} on host ${hostname()}`, 'read-only')
    await readers[1]?.killed()
    expect(statesIn(scripts.path)).toEqual(before)
    expect(await scripts.tryOpen()).toMatchObject(OPENED)
  })

  it('are refused while a writer lives, and admitted after its end or kill', async () => {
    for (const method of ['end', 'killed'] as const) {
      const writer = await scripts.hold()
      for (const outcome of await scripts.tryBothModes())
        expectRefusal(outcome, `pid ${writer.pid} on host ${hostname()}`, 'for writing')
      await writer[method]()
      expect(await scripts.tryOpen({}, READER)).toMatchObject(OPENED)
    }
  })

  it('leave the LOCK and the log of a killed writer as they are', async () => {
    const writer = await scripts.hold({}, { key: 'acknowledged' })
    await writer.killed()
    const before = statesIn(scripts.path)
    expect(before.join('\n')).toContain('LOCK')
    for (let round = 0; round < 2; round++) {
      const opened = await scripts.tryOpen({}, READER)
      expect(opened.keys).toEqual(['acknowledged', 'first'])
    }
    expect(statesIn(scripts.path)).toEqual(before)
  })

  it('share a database in one thread, in workers, and with verify', async () => {
    const end = await folder.run(
      `
      import { AsyncDatabase, Database } from '@ldb/core'
      import { isMainThread, parentPort, Worker } from 'node:worker_threads'
      const path = process.argv[2]
      const tryOpen = (options) => {
        try {
          Database.open(path, options).close()
          return 'opened'
        } catch (error) {
          return error.code + ' ' + error.details.holder
        }
      }
      if (isMainThread) {
        const one = Database.open(path, { readOnly: true })
        const two = await AsyncDatabase.open(path, { readOnly: true })
        const worker = new Worker(new URL(import.meta.url), { argv: [path] })
        console.log(await new Promise((resolve) => worker.once('message', resolve)))
        console.log(Database.verify(path).ok, one.get('first'), await two.get('first'), tryOpen({}))
        one.close()
        await two.close()
        console.log(tryOpen({}), tryOpen({ readOnly: true }))
        await worker.terminate()
        console.log(tryOpen({}))
        const writer = Database.open(path)
        try {
          Database.verify(path)
        } catch (error) {
          console.log(error.code, error.details.holder)
        }
        writer.close()
      } else {
        const db = Database.open(path, { readOnly: true })
        parentPort.postMessage(db.get('first') + ' in the worker')
        parentPort.on('message', () => {})
      }
      `,
      { args: [scripts.path] },
    )
    expect(end.stderr).toBe('')
    const pid = /another thread of this process \(pid \d+\)/.exec(end.stdout)?.[0]
    expect(end.stdout.trimEnd().split('\n')).toEqual([
      'x in the worker',
      'true x x LDB_LOCKED this process',
      `LDB_LOCKED ${pid} opened`,
      'opened',
      'LDB_LOCKED this process',
    ])
  })
})

describe.skipIf(noOtherUser !== '')('a directory without write access', () => {
  it('is opened read-only, beside other readers, and changes in nothing', async () => {
    makeReadable()
    const before = statesIn(scripts.path)
    const reader = await scripts.hold(OTHER_USER, READER)
    for (const start of [OTHER_USER, {}]) expect(await scripts.tryOpen(start, READER)).toMatchObject(OPENED)
    expect(statesIn(scripts.path)).toEqual(before)
    const [shared, refusal] = await scripts.tryBothModes()
    expect(shared).toMatchObject(OPENED)
    expectRefusal(refusal, `pid ${reader.pid} on host ${hostname()}`, 'read-only')
    await reader.killed()
    const writer = await scripts.hold()
    expectRefusal(
      await scripts.tryOpen(OTHER_USER, READER),
      `pid ${writer.pid} on host ${hostname()}`,
      'for writing',
    )
    await writer.killed()
  })

  it('is opened read-only after the kill of its writer', async () => {
    const writer = await scripts.hold({}, { key: 'acknowledged' })
    makeReadable()
    expect(await scripts.tryOpen(OTHER_USER, READER)).toMatchObject(REFUSED)
    await writer.killed()
    const opened = await scripts.tryOpen(OTHER_USER, READER)
    expect(opened.keys).toEqual(['acknowledged', 'first'])
    expect(existsSync(join(scripts.path, 'LOCK'))).toBe(true)
  })

  it('refuses a writer with the cause', async () => {
    makeReadable()
    const refusal = await scripts.tryOpen(OTHER_USER)
    expect(refusal).toMatchObject({ outcome: 'LDB_IO' })
    expect(refusal.message).toContain('EACCES')
    expect(await scripts.tryOpen(OTHER_USER, READER)).toMatchObject(OPENED)
  })
})

describe.skipIf(noMount !== '')('a read-only mount', () => {
  it('is opened read-only, and excludes a writer on the writable side', async () => {
    const script = 'mount --bind "$0" "$0"; mount -o remount,ro,bind "$0"; exec "$@"'
    const mounted: ScriptStart = { through: ['unshare', '--mount', 'sh', '-ec', script, scripts.path] }
    const reader = await scripts.hold(mounted, READER)
    expect(await scripts.tryOpen()).toMatchObject(REFUSED)
    expect(await scripts.tryOpen({}, READER)).toMatchObject(OPENED)
    await reader.end()
    expect(await scripts.tryOpen(mounted)).toMatchObject({ outcome: 'LDB_READ_ONLY' })
    const writer = await scripts.hold()
    expectRefusal(
      await scripts.tryOpen(mounted, READER),
      `pid ${writer.pid} on host ${hostname()}`,
      'for writing',
    )
    await writer.killed()
    expect(await scripts.tryOpen(mounted, READER)).toMatchObject(OPENED)
  })
})

describe.skipIf(noMount !== '')('read-only openers without flock', () => {
  it('share within a thread, and exclude other processes', async () => {
    const end = await folder.run(
      `
      import { Database } from '@ldb/core'
      const path = process.argv[2]
      const one = Database.open(path, { readOnly: true })
      const two = Database.open(path, { readOnly: true })
      one.close()
      console.log(two.get('first'))
      try {
        Database.open(path)
      } catch (error) {
        console.log(error.code, error.details.holder)
      }
      two.close()
      Database.open(path).close()
      `,
      { ...NO_FLOCK, args: [scripts.path] },
    )
    expect(end).toMatchObject({ code: 0, stdout: 'x\nLDB_LOCKED this process\n' })

    const reader = await scripts.hold(NO_FLOCK, READER)
    const holder = `pid ${reader.pid} on host ${hostname()}`
    for (const outcome of await scripts.tryBothModes(NO_FLOCK)) expectRefusal(outcome, holder, 'read-only')
    expectRefusal(await scripts.tryOpen(), holder, 'read-only')
    await reader.killed()
    for (const outcome of await scripts.tryBothModes(NO_FLOCK)) expect(outcome).toMatchObject(OPENED)
  })

  it('are refused while a writer lives, whatever the writer has', async () => {
    for (const start of [{}, NO_FLOCK]) {
      const writer = await scripts.hold(start)
      for (const outcome of await scripts.tryBothModes(NO_FLOCK))
        expectRefusal(outcome, `pid ${writer.pid} on host ${hostname()}`, 'for writing')
      await writer.killed()
    }
    expect(await scripts.tryOpen(NO_FLOCK, READER)).toMatchObject(OPENED)
  })

  it.skipIf(noOtherUser !== '')('need no write access', async () => {
    makeReadable()
    const start: ScriptStart = { through: [...WITHOUT_FLOCK, ...AS_OTHER_USER] }
    const before = statesIn(scripts.path)
    const reader = await scripts.hold(start, READER)
    expect(await scripts.tryOpen(start, READER)).toMatchObject(OPENED)
    expect(statesIn(scripts.path)).toEqual(before)
    await reader.end()
    const writer = await scripts.hold()
    expect(await scripts.tryOpen(start, READER)).toMatchObject(REFUSED)
    await writer.killed()
    // The writer has created files of its own.
    makeReadable()
    expect(await scripts.tryOpen(start, READER)).toMatchObject(OPENED)
  })
})

describe("a reader under Node's permission model", () => {
  it('opens without child processes and without write access, unless a writer lives', async () => {
    const before = statesIn(scripts.path)
    const reader = await scripts.hold(PERMITTED_TO_READ, READER)
    expect(await scripts.tryOpen(PERMITTED_TO_READ, READER)).toMatchObject(OPENED)
    await reader.end()
    expect(statesIn(scripts.path)).toEqual(before)
    const writer = await scripts.hold()
    expect(await scripts.tryOpen(PERMITTED_TO_READ, READER)).toMatchObject(REFUSED)
    await writer.killed()
    expect(await scripts.tryOpen(PERMITTED_TO_READ, READER)).toMatchObject(OPENED)
  })
})

describe('a copy', () => {
  const copies: [string, (source: string, target: string) => void][] = [
    ['fs.cpSync', (source, target) => cpSync(source, target, { recursive: true })],
    ['cp -r', (source, target) => expect(spawnSync('cp', ['-r', source, target]).status).toBe(0)],
    ['cp -a', (source, target) => expect(spawnSync('cp', ['-a', source, target]).status).toBe(0)],
  ]

  it.each(copies)('by %s of an open database, and of a killed one, opens', async (_, copy) => {
    const writer = await scripts.hold({}, { key: 'acknowledged' })
    const at = (name: string): string => join(folder.path, name)
    copy(scripts.path, at('while-open'))
    for (const outcome of await scripts.tryBothModes({}, at('while-open'))) {
      expect(outcome).toMatchObject(OPENED)
      expect(outcome.keys).toEqual(['acknowledged', 'first'])
    }
    expect(await scripts.tryOpen()).toMatchObject(REFUSED)
    await writer.killed()
    copy(scripts.path, at('after-kill'))
    for (const path of [at('after-kill'), scripts.path]) {
      for (const outcome of await scripts.tryBothModes({}, path)) expect(outcome).toMatchObject(OPENED)
    }
  })

  it.skipIf(noMount !== '')('without flock opens while the original is held', async () => {
    const writer = await scripts.hold(NO_FLOCK)
    const path = join(folder.path, 'copy')
    cpSync(scripts.path, path, { recursive: true })
    for (const outcome of await scripts.tryBothModes(NO_FLOCK, path)) expect(outcome).toMatchObject(OPENED)
    expect(await scripts.tryOpen(NO_FLOCK)).toMatchObject(REFUSED)
    await writer.killed()
  })

  it('has a lock of its own', async () => {
    const path = join(folder.path, 'copy')
    const vfs = new NodeVfs()
    const lock = vfs.lock(scripts.path)
    cpSync(scripts.path, path, { recursive: true })
    const copyLock = vfs.lock(path)
    expect(await scripts.tryOpen({}, { path })).toMatchObject(REFUSED)
    copyLock.release()
    lock.assertHeld()
    lock.release()
    expect(await scripts.tryOpen({}, { path })).toMatchObject(OPENED)
  })
})
