import { once } from 'node:events'
import * as fs from 'node:fs'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { NodeVfs } from '../src/index.js'
import { encodeLockRecord } from '../src/lock/record.js'
import type { LockRecord } from '../src/lock/record.js'
import { describeCurrentProcess } from '../src/node/process.js'
import { fixture, kill, LIBRARY, runLines, scratchDirectory, startFixture } from './child.js'
import { expectCode } from './conformance/subject.js'

const vfs = new NodeVfs()
const linux = process.platform === 'linux'
const tryInChild = async (directory: string): Promise<string | undefined> =>
  (await runLines(process.execPath, [fixture('lock-child.mjs'), LIBRARY, directory, 'try']))[0]

describe('the lock between processes', () => {
  it('refuses a second process, naming the first', async () => {
    using directory = scratchDirectory()
    const lock = vfs.lock(directory.path)
    expect(await tryInChild(directory.path)).toMatch(new RegExp(`^LDB_LOCKED pid ${process.pid} on host `))
    lock.assertHeld()
    lock.release()
    expect(fs.readdirSync(directory.path)).toEqual([])
    expect(await tryInChild(directory.path)).toBe('held')
  })

  it('is free as soon as its holder is killed', async () => {
    using directory = scratchDirectory()
    for (let round = 0; round < 3; round++) {
      const { child, line } = await startFixture('lock-child.mjs', [LIBRARY, directory.path, 'hold'])
      expect(line).toBe('held')
      const error = expectCode('LDB_LOCKED', () => vfs.lock(directory.path))
      expect(error).toMatchObject({
        details: { holder: expect.stringContaining(`pid ${child.pid} `) as string },
      })
      await kill(child)
      vfs.lock(directory.path).release()
      expect(fs.readdirSync(directory.path)).toEqual([])
    }
  })

  it('refuses a second thread, naming this process', async () => {
    using directory = scratchDirectory()
    const lock = vfs.lock(directory.path)
    expect(await messageOf(startWorker(directory.path))).toBe(
      `LDB_LOCKED another thread of this process (pid ${process.pid})`,
    )
    lock.release()
  })

  it.runIf(linux)('is free as soon as the thread that holds it is terminated', async () => {
    using directory = scratchDirectory()
    const worker = startWorker(directory.path)
    expect(await messageOf(worker, false)).toBe('held')
    expectCode('LDB_LOCKED', () => vfs.lock(directory.path))
    await worker.terminate()
    vfs.lock(directory.path).release()
  })

  it('identifies a directory by every path to it', async () => {
    using directory = scratchDirectory()
    fs.mkdirSync(`${directory.path}/real`)
    fs.symlinkSync('real', `${directory.path}/link`)
    const lock = vfs.lock(`${directory.path}/link`)
    expectCode('LDB_LOCKED', () => vfs.lock(`${directory.path}/real`))
    expect(await tryInChild(`${directory.path}/real`)).toMatch(/^LDB_LOCKED/)
    lock.release()
  })

  it.each(['kernel', 'files'])('excludes concurrent openers, through the %s', async (layer) => {
    using directory = scratchDirectory()
    const run = (): Promise<string[]> =>
      runLines(process.execPath, [fixture('race-child.mjs'), LIBRARY, directory.path, '40', layer])
    expect(await Promise.all([run(), run(), run()])).toEqual([['done'], ['done'], ['done']])
    vfs.lock(directory.path).release()
    expect(fs.readdirSync(directory.path)).toEqual([])
  })
})

describe('a kernel lock that is taken without a live holder (K14)', () => {
  it('is retried while child processes start', async () => {
    using directory = scratchDirectory()
    const starter = new Worker(
      `const { spawn } = require('node:child_process')
       const again = () => spawn('true').on('exit', again)
       for (let index = 0; index < 4; index++) again()`,
      { eval: true },
    )
    try {
      await once(starter, 'online')
      for (let round = 0; round < 60; round++) {
        vfs.lock(directory.path).release()
        vfs.lock(directory.path, 'shared').release()
      }
    } finally {
      await starter.terminate()
    }
  })
})

describe('an existing LOCK', () => {
  const other: LockRecord = {
    ...describeCurrentProcess(),
    socket: '-',
    directory: '-',
    filesystem: '-',
    kernel: '-',
    mode: 'exclusive',
    token: 'ab'.repeat(16),
  }

  it('stays when its holder is alive, even without a socket', () => {
    using directory = scratchDirectory()
    const text = putLock(directory.path, other)
    const error = expectCode('LDB_LOCKED', () => vfs.lock(directory.path))
    expect(error).toMatchObject({
      details: { holder: `another thread of this process (pid ${process.pid})` },
    })
    expectCode('LDB_LOCKED', () => vfs.lock(directory.path))
    expect(readLock(directory.path)).toBe(text)
    expect(fs.readdirSync(directory.path)).toEqual(['LOCK'])
  })

  it('stays when its holder is on another host', () => {
    using directory = scratchDirectory()
    const text = putLock(directory.path, { ...other, boot: 'elsewhere', host: 'elsewhere' })
    const error = expectCode('LDB_LOCKED', () => vfs.lock(directory.path))
    expect(error).toMatchObject({ details: { holder: `pid ${process.pid} on host elsewhere` } })
    expect(String(error)).toContain('if it has ended, remove')
    expect(readLock(directory.path)).toBe(text)
  })

  it.runIf(linux).each([
    ['a pid reused by another process', { start: '1' }],
    ['a process that does not exist', { pid: 2 ** 31 - 1 }],
    ['an earlier boot of this machine', { boot: 'earlier' }],
  ])('is taken over from %s', (_, fields) => {
    using directory = scratchDirectory()
    putLock(directory.path, { ...other, ...fields })
    const lock = vfs.lock(directory.path)
    lock.assertHeld()
    expect(fs.readdirSync(directory.path)).toEqual(['LOCK'])
    lock.release()
  })

  it.runIf(linux)(
    'is taken over from an opener that died during a takeover, and leftover files are removed',
    () => {
      using directory = scratchDirectory()
      const dead = { ...other, start: '1' }
      const [first, second] = ['01'.repeat(16), '02'.repeat(16)]
      putLock(directory.path, { ...dead, token: first })
      putLock(directory.path, { ...dead, token: second }, `LOCK.${first}`)
      putLock(directory.path, { ...dead, token: '03'.repeat(16) }, `LOCK.${'04'.repeat(16)}`)
      fs.writeFileSync(`${directory.path}/LOCK.${second}.new`, 'half a rec')
      fs.writeFileSync(`${directory.path}/LOCK.txt`, 'not ours')
      const lock = vfs.lock(directory.path)
      lock.assertHeld()
      expect(fs.readdirSync(directory.path)).toEqual(['LOCK', 'LOCK.txt'])
      lock.release()
    },
  )

  it('stays while the creator of its successor file is alive', () => {
    using directory = scratchDirectory()
    putLock(directory.path, { ...other, start: '1', token: '01'.repeat(16) })
    putLock(directory.path, other, `LOCK.${'01'.repeat(16)}`)
    expectCode('LDB_LOCKED', () => vfs.lock(directory.path))
    expect(fs.readdirSync(directory.path).length).toBe(2)
  })

  it.each([
    ['empty', ''],
    ['other text', 'pid 1'],
    ['of a later version', encodeLockRecord(other).replace('LDB-LOCK 2', 'LDB-LOCK 3')],
    ['larger than any record', 'x'.repeat(100_000)],
  ])('stays when it is %s', (_, text) => {
    using directory = scratchDirectory()
    fs.writeFileSync(`${directory.path}/LOCK`, text)
    const error = expectCode('LDB_LOCKED', () => vfs.lock(directory.path))
    expect(error).toMatchObject({ details: { holder: 'an unknown holder' } })
    expect(readLock(directory.path)).toBe(text)
    expect(fs.readdirSync(directory.path)).toEqual(['LOCK'])
  })

  it('stays when it is a directory or a link', () => {
    using directory = scratchDirectory()
    fs.mkdirSync(`${directory.path}/LOCK`)
    expectCode('LDB_LOCKED', () => vfs.lock(directory.path))
    fs.rmdirSync(`${directory.path}/LOCK`)
    fs.symlinkSync('nowhere', `${directory.path}/LOCK`)
    expectCode('LDB_LOCKED', () => vfs.lock(directory.path))
  })

  it('is lost when another process replaces it, and release leaves it in place', () => {
    using directory = scratchDirectory()
    const lock = vfs.lock(directory.path)
    const text = putLock(directory.path, other)
    expectCode('LDB_POISONED', () => lock.assertHeld())
    lock.release()
    expect(readLock(directory.path)).toBe(text)
  })

  it('is lost when another process removes it', () => {
    using directory = scratchDirectory()
    const lock = vfs.lock(directory.path)
    fs.unlinkSync(`${directory.path}/LOCK`)
    expectCode('LDB_POISONED', () => lock.assertHeld())
    lock.release()
  })
})

function startWorker(directory: string): Worker {
  return new Worker(fixture('lock-worker.mjs'), { execArgv: [], workerData: { library: LIBRARY, directory } })
}

async function messageOf(worker: Worker, endsWith = true): Promise<unknown> {
  const [message] = (await once(worker, 'message')) as [unknown]
  if (endsWith) await worker.terminate()
  return message
}

function putLock(directory: string, record: LockRecord, name = 'LOCK'): string {
  const text = encodeLockRecord(record)
  fs.writeFileSync(`${directory}/${name}`, text)
  return text
}

function readLock(directory: string): string {
  return fs.readFileSync(`${directory}/LOCK`, 'latin1')
}
