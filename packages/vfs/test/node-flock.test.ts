// Strategy: locks of real directories with flock, and other holders of it: processes without a record, killed openers, threads.
// Invariants: flock decides whether a recorded holder is dead; a lock ends with its holder; a refusal names the holder.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { NodeVfs } from '../src/index.js'
import type { LockMode } from '../src/index.js'
import { fixture, kill, LIBRARY, scratchDirectory, startFixture } from './child.js'
import { expectCode } from './conformance/subject.js'
import {
  identityOf,
  lockArguments,
  NO_FLOCK_REASON,
  putElsewhere,
  recordIn,
  tryInProcess,
} from './lock-layers.js'

const vfs = new NodeVfs()

describe.skipIf(NO_FLOCK_REASON !== '')('flock on a directory', () => {
  it('is recorded in LOCK, with the directory', () => {
    using directory = scratchDirectory()
    const lock = vfs.lock(directory.path)
    expect(recordIn(directory.path)).toMatchObject({
      directory: identityOf(directory.path),
      kernel: 'flock',
      mode: 'exclusive',
    })
    expect(fs.statSync(`${directory.path}/LOCK`).mode & 0o777).toBe(0o644 & ~process.umask())
    lock.release()
  })

  it('decides that a holder in another container is dead', () => {
    using directory = scratchDirectory()
    const text = putElsewhere(directory.path, { kernel: '-' })
    const error = expectCode('LDB_LOCKED', () => vfs.lock(directory.path))
    expect(String(error)).toContain('cannot determine whether it is alive')
    expect(fs.readFileSync(`${directory.path}/LOCK`, 'latin1')).toBe(text)
    putElsewhere(directory.path)
    const lock = vfs.lock(directory.path)
    lock.assertHeld()
    expect(recordIn(directory.path)?.pidns).not.toBe('pid:[1]')
    lock.release()
    expect(fs.readdirSync(directory.path)).toEqual([])
  })

  it('decides that openers in another container died during a takeover', () => {
    using directory = scratchDirectory()
    const [first, second] = ['01'.repeat(16), '02'.repeat(16)]
    putElsewhere(directory.path, { token: first })
    putElsewhere(directory.path, { token: second }, `LOCK.${first}`)
    fs.writeFileSync(`${directory.path}/LOCK.${second}.new`, 'half a rec')
    const reader = vfs.lock(directory.path, 'shared')
    expect(fs.readdirSync(directory.path).length).toBe(3)
    reader.release()
    vfs.lock(directory.path).release()
    expect(fs.readdirSync(directory.path)).toEqual([])
  })

  it('excludes other openers while the child that acquired it is gone', async () => {
    using directory = scratchDirectory()
    for (const mode of ['exclusive', 'shared'] as const) {
      const lock = vfs.lock(directory.path, mode)
      expect(await tryInProcess(directory.path, 'exclusive', 'kernel')).toMatch(/^LDB_LOCKED .*pid/)
      lock.release()
      expect(await tryInProcess(directory.path, 'exclusive', 'kernel')).toBe('held')
    }
  })

  it('that a process holds without a record is waited for, then refused with its pid', async () => {
    using directory = scratchDirectory()
    const hold = async (
      flag: string,
      seconds: string,
    ): Promise<{ pid: number; end: () => Promise<void> }> => {
      const script = `exec 9<"$0"; flock ${flag} 9; echo held; exec sleep ${seconds}`
      const child = spawn('sh', ['-c', script, directory.path], { stdio: ['ignore', 'pipe', 'ignore'] })
      await once(child.stdout, 'data')
      return { pid: child.pid ?? 0, end: () => kill(child) }
    }
    await hold('-x', '0.3')
    vfs.lock(directory.path).release()
    await hold('-x', '0.3')
    vfs.lock(directory.path, 'shared').release()

    const reader = await hold('-s', '60')
    const byReader = expectCode('LDB_LOCKED', () => vfs.lock(directory.path))
    expect(String(byReader)).toContain(`pid ${reader.pid} on host`)
    expect(String(byReader)).toContain('opened read-only')
    vfs.lock(directory.path, 'shared').release()
    await reader.end()

    const writer = await hold('-x', '60')
    for (const mode of ['exclusive', 'shared'] as const) {
      const byWriter = expectCode('LDB_LOCKED', () => vfs.lock(directory.path, mode))
      expect(byWriter).toMatchObject({ details: { holder: expect.stringContaining(`pid ${writer.pid} `) } })
      expect(String(byWriter)).toContain('opened for writing')
    }
    await writer.end()
    vfs.lock(directory.path).release()
    expect(fs.readdirSync(directory.path)).toEqual([])
  })

  it('of readers beside the LOCK of a dead holder refuses a writer as read-only', async () => {
    using directory = scratchDirectory()
    putElsewhere(directory.path)
    const { child } = await startFixture(
      'lock-child.mjs',
      lockArguments(directory.path, 'hold', 'shared', 'kernel'),
    )
    const error = expectCode('LDB_LOCKED', () => vfs.lock(directory.path))
    expect(error).toMatchObject({ details: { holder: expect.stringContaining(`pid ${child.pid} `) } })
    expect(String(error)).toContain('opened read-only')
    await kill(child)
    vfs.lock(directory.path).release()
  })
})

describe.skipIf(NO_FLOCK_REASON !== '')('the lock of a worker thread', () => {
  it.each([
    ['exclusive', 'exclusive'],
    ['exclusive', 'shared'],
    ['shared', 'exclusive'],
  ] as const)('excludes this thread until it is terminated: %s, %s', async (theirs, ours) => {
    using directory = scratchDirectory()
    const worker = startWorker(directory.path, theirs)
    expect(await messageOf(worker)).toBe('held')
    const error = expectCode('LDB_LOCKED', () => vfs.lock(directory.path, ours))
    expect(error).toMatchObject({
      details: { holder: `another thread of this process (pid ${process.pid})` },
    })
    await worker.terminate()
    vfs.lock(directory.path, ours).release()
    vfs.lock(directory.path).release()
    expect(fs.readdirSync(directory.path)).toEqual([])
  })

  it('is shared with readers of this thread and of other workers', async () => {
    using directory = scratchDirectory()
    const lock = vfs.lock(directory.path, 'shared')
    const workers = [startWorker(directory.path, 'shared'), startWorker(directory.path, 'shared')]
    expect(await Promise.all(workers.map(messageOf))).toEqual(['held', 'held'])
    lock.release()
    expectCode('LDB_LOCKED', () => vfs.lock(directory.path))
    await Promise.all(workers.map((worker) => worker.terminate()))
    vfs.lock(directory.path).release()
  })
})

function startWorker(directory: string, mode: LockMode): Worker {
  return new Worker(fixture('lock-worker.mjs'), {
    execArgv: [],
    workerData: { library: LIBRARY, directory, mode },
  })
}

async function messageOf(worker: Worker): Promise<unknown> {
  const [message] = (await once(worker, 'message')) as [unknown]
  return message
}
