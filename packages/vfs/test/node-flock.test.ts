// Strategy: locks of real directories, with flock where this machine has it, and without, through the parameter that replaces it.
// Invariants: a writer excludes every other opener, readers share; a lock ends with its holder; no descriptor stays open.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { NodeVfs, OverlayVfs } from '../src/index.js'
import type { LockMode, VfsLock } from '../src/index.js'
import { decodeLockRecord, encodeLockRecord } from '../src/lock/record.js'
import type { LockRecord } from '../src/lock/record.js'
import { tryFlock } from '../src/node/flock.js'
import { acquireNodeLock } from '../src/node/lock.js'
import { describeCurrentProcess } from '../src/node/process.js'
import { fixture, kill, LIBRARY, runLines, scratchDirectory, startFixture } from './child.js'
import { expectCode } from './conformance/subject.js'

const vfs = new NodeVfs()
const NO_FLOCK = (): 'unavailable' => 'unavailable'
const isRoot = process.getuid?.() === 0

/** Reason to skip the tests that need flock; empty where it works. */
const skipReason = ((): string => {
  using directory = scratchDirectory()
  const descriptor = fs.openSync(directory.path, 'r')
  try {
    return tryFlock(descriptor, 'shared') === 'held' ? '' : 'skipped: flock does not work here'
  } finally {
    fs.closeSync(descriptor)
  }
})()
const describeFlock = describe.skipIf(skipReason !== '')
if (skipReason !== '') console.log(skipReason)

type Layer = 'kernel' | 'files'
const LAYERS: readonly Layer[] = ['kernel', 'files']

const lockOf = (directory: string, mode: LockMode, layer: Layer): VfsLock =>
  acquireNodeLock(directory, mode, vfs.random, layer === 'kernel' ? tryFlock : NO_FLOCK)
const childArguments = (directory: string, action: string, mode: LockMode, layer: Layer): string[] => [
  LIBRARY,
  directory,
  action,
  mode,
  layer,
]
const tryInChild = async (directory: string, mode: LockMode, layer: Layer): Promise<string | undefined> =>
  (
    await runLines(process.execPath, [
      fixture('lock-child.mjs'),
      ...childArguments(directory, 'try', mode, layer),
    ])
  )[0]

function openDescriptorCount(): number {
  return fs.readdirSync('/proc/self/fd').length
}

function recordIn(directory: string, name = 'LOCK'): LockRecord | undefined {
  return decodeLockRecord(fs.readFileSync(`${directory}/${name}`, 'latin1'))
}

function identityOf(directory: string): string {
  const { dev, ino } = fs.statSync(directory, { bigint: true })
  return `${dev}:${ino}`
}

/** Writes the record of a holder in another container of this machine, which may be alive as far as processes show. */
function putElsewhere(directory: string, fields: Partial<LockRecord> = {}, name = 'LOCK'): string {
  const text = encodeLockRecord({
    ...describeCurrentProcess(),
    pidns: 'pid:[1]',
    netns: 'net:[1]',
    host: 'container',
    socket: '-',
    directory: identityOf(directory),
    filesystem: '-',
    kernel: 'flock',
    mode: 'exclusive',
    token: 'ab'.repeat(16),
    ...fields,
  })
  fs.writeFileSync(`${directory}/${name}`, text)
  return text
}

describeFlock('flock on a directory', () => {
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
      expect(await tryInChild(directory.path, 'exclusive', 'kernel')).toMatch(/^LDB_LOCKED .*pid/)
      lock.release()
      expect(await tryInChild(directory.path, 'exclusive', 'kernel')).toBe('held')
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
      childArguments(directory.path, 'hold', 'shared', 'kernel'),
    )
    const error = expectCode('LDB_LOCKED', () => vfs.lock(directory.path))
    expect(error).toMatchObject({ details: { holder: expect.stringContaining(`pid ${child.pid} `) } })
    expect(String(error)).toContain('opened read-only')
    await kill(child)
    vfs.lock(directory.path).release()
  })
})

describe.each(LAYERS)('readers and writers, through the %s', (layer) => {
  it('share and exclude each other in one thread', () => {
    using directory = scratchDirectory()
    const first = lockOf(directory.path, 'shared', layer)
    const second = lockOf(directory.path, 'shared', layer)
    expectCode('LDB_LOCKED', () => lockOf(directory.path, 'exclusive', layer))
    first.release()
    second.assertHeld()
    expectCode('LDB_LOCKED', () => lockOf(directory.path, 'exclusive', layer))
    second.release()
    const writer = lockOf(directory.path, 'exclusive', layer)
    expectCode('LDB_LOCKED', () => lockOf(directory.path, 'shared', layer))
    writer.release()
    expect(fs.readdirSync(directory.path)).toEqual([])
  })

  it('exclude each other between processes, whatever the other has', async () => {
    using directory = scratchDirectory()
    const writer = lockOf(directory.path, 'exclusive', layer)
    for (const other of LAYERS) {
      for (const mode of ['exclusive', 'shared'] as const)
        expect(await tryInChild(directory.path, mode, other)).toMatch(`LDB_LOCKED pid ${process.pid} on host`)
    }
    writer.release()
    for (const other of LAYERS) expect(await tryInChild(directory.path, 'exclusive', other)).toBe('held')
  })

  it('are free as soon as the holder is killed, whatever the next has', async () => {
    using directory = scratchDirectory()
    for (const mode of ['exclusive', 'shared'] as const) {
      for (const next of LAYERS) {
        const args = childArguments(directory.path, 'hold', mode, layer)
        const { child, line } = await startFixture('lock-child.mjs', args)
        expect(line).toBe('held')
        if (next === layer) expectCode('LDB_LOCKED', () => lockOf(directory.path, 'exclusive', next))
        await kill(child)
        lockOf(directory.path, 'shared', next).release()
        lockOf(directory.path, 'exclusive', next).release()
        expect(fs.readdirSync(directory.path)).toEqual([])
      }
    }
  })

  it('ignore the LOCK of a directory that theirs is a copy of', () => {
    using directory = scratchDirectory()
    const [original, copy] = [`${directory.path}/original`, `${directory.path}/copy`]
    fs.mkdirSync(original)
    const holder = lockOf(original, 'exclusive', layer)
    fs.cpSync(original, copy, { recursive: true })
    expect(recordIn(copy)).toEqual(recordIn(original))
    lockOf(copy, 'shared', layer).release()
    const lock = lockOf(copy, 'exclusive', layer)
    expect(recordIn(copy)?.token).not.toBe(recordIn(original)?.token)
    holder.assertHeld()
    lock.assertHeld()
    expectCode('LDB_LOCKED', () => lockOf(copy, 'shared', layer))
    lock.release()
    holder.release()
    expect(fs.readdirSync(original)).toEqual([])
  })

  it.each(['exclusive', 'shared'] as const)(
    'lose a lock when the directory is moved or replaced: %s',
    (mode) => {
      using directory = scratchDirectory()
      const [path, moved] = [`${directory.path}/data`, `${directory.path}/moved`]
      fs.mkdirSync(path)
      const lock = lockOf(path, mode, layer)
      lock.assertHeld()
      fs.renameSync(path, moved)
      expectCode('LDB_POISONED', () => lock.assertHeld())
      // A copy carries the holder's token, and is another directory.
      fs.cpSync(moved, path, { recursive: true })
      expectCode('LDB_POISONED', () => lock.assertHeld())
      const names = fs.readdirSync(path)
      expectCode('LDB_LOCKED', () => lockOf(moved, 'exclusive', layer))
      lock.release()
      expect(fs.readdirSync(path)).toEqual(names)
      lockOf(path, 'exclusive', layer).release()
    },
  )

  it('survive a change of the working directory', () => {
    using directory = scratchDirectory()
    const before = process.cwd
    fs.mkdirSync(`${directory.path}/data`)
    process.cwd = (): string => directory.path
    let lock: VfsLock
    try {
      lock = lockOf('data', 'exclusive', layer)
    } finally {
      process.cwd = before
    }
    lock.assertHeld()
    lock.release()
    expect(fs.readdirSync(`${directory.path}/data`)).toEqual([])
  })

  it.runIf(process.platform === 'linux')('close every descriptor', () => {
    using directory = scratchDirectory()
    const at = (name: string): string => `${directory.path}/${name}`
    for (const name of ['data', 'invalid', 'elsewhere']) fs.mkdirSync(at(name))
    fs.writeFileSync(at('file'), '')
    fs.writeFileSync(at('invalid/LOCK'), 'pid 1')
    putElsewhere(at('elsewhere'), { kernel: '-' })
    lockOf(at('data'), 'exclusive', layer).release()
    const before = openDescriptorCount()
    for (const mode of ['exclusive', 'shared'] as const) {
      for (const holderMode of ['exclusive', 'shared'] as const) {
        const holder = lockOf(at('data'), holderMode, layer)
        if (mode === 'exclusive' || holderMode === 'exclusive')
          expectCode('LDB_LOCKED', () => lockOf(at('data'), mode, layer))
        else lockOf(at('data'), mode, layer).release()
        holder.release()
        holder.release()
      }
      expectCode('LDB_LOCKED', () => lockOf(at('invalid'), mode, layer))
      expectCode('LDB_LOCKED', () => lockOf(at('elsewhere'), mode, layer))
      expectCode('LDB_IO', () => lockOf(at('file'), mode, layer))
      expectCode('LDB_NOT_FOUND', () => lockOf(at('absent'), mode, layer))
      const removed = lockOf(at('data'), mode, layer)
      fs.rmSync(at('data'), { recursive: true })
      removed.release()
      fs.mkdirSync(at('data'))
    }
    expect(openDescriptorCount()).toBe(before)
  })
})

describe('a shared lock', () => {
  it.skipIf(skipReason !== '')('writes nothing', () => {
    using directory = scratchDirectory()
    putElsewhere(directory.path)
    const before = fs.statSync(directory.path, { bigint: true })
    const locks = [vfs.lock(directory.path, 'shared'), new OverlayVfs(vfs).lock(directory.path)]
    const after = fs.statSync(directory.path, { bigint: true })
    expect([after.mtimeNs, after.ctimeNs]).toEqual([before.mtimeNs, before.ctimeNs])
    for (const lock of locks) lock.release()
    expect(fs.statSync(directory.path, { bigint: true }).mtimeNs).toBe(before.mtimeNs)
    expect(fs.readdirSync(directory.path)).toEqual(['LOCK'])
  })

  it('is refused by a live holder without flock, and by a LOCK that is not a record', () => {
    using directory = scratchDirectory()
    putElsewhere(directory.path, { ...describeCurrentProcess(), kernel: '-' })
    expectCode('LDB_LOCKED', () => vfs.lock(directory.path, 'shared'))
    putElsewhere(directory.path, { kernel: '-' })
    expectCode('LDB_LOCKED', () => vfs.lock(directory.path, 'shared'))
    fs.writeFileSync(`${directory.path}/LOCK`, 'pid 1')
    expectCode('LDB_LOCKED', () => vfs.lock(directory.path, 'shared'))
    fs.unlinkSync(`${directory.path}/LOCK`)
    vfs.lock(directory.path, 'shared').release()
  })

  it('of an opener with flock is granted beside a reader without', async () => {
    using directory = scratchDirectory()
    const args = childArguments(directory.path, 'hold', 'shared', 'files')
    const { child } = await startFixture('lock-child.mjs', args)
    expect(recordIn(directory.path)).toMatchObject({ kernel: '-', mode: 'shared' })
    if (skipReason === '') vfs.lock(directory.path, 'shared').release()
    const error = expectCode('LDB_LOCKED', () => vfs.lock(directory.path))
    expect(String(error)).toContain(`pid ${child.pid} on host`)
    expect(String(error)).toContain('opened read-only')
    expectCode('LDB_LOCKED', () => lockOf(directory.path, 'shared', 'files'))
    await kill(child)
    vfs.lock(directory.path).release()
  })

  it.runIf(isRoot && process.platform === 'linux').each(LAYERS)(
    'needs no write access, through the %s',
    async (layer) => {
      using directory = scratchDirectory()
      const data = `${directory.path}/data`
      fs.chmodSync(directory.path, 0o755)
      fs.mkdirSync(data, { mode: 0o755 })
      const asNobody = async (mode: LockMode): Promise<string | undefined> => {
        const identity = ['--reuid', '65534', '--regid', '65534', '--clear-groups', process.execPath]
        const args = childArguments(data, 'try', mode, layer)
        return (await runLines('setpriv', [...identity, fixture('lock-child.mjs'), ...args]))[0]
      }
      expect(await asNobody('shared')).toBe('held')
      expect(await asNobody('exclusive')).toBe('LDB_IO undefined')
      const writer = lockOf(data, 'exclusive', layer)
      expect(await asNobody('shared')).toMatch(`LDB_LOCKED pid ${process.pid} on host`)
      writer.release()
      const { child } = await startFixture('lock-child.mjs', childArguments(data, 'hold', 'exclusive', layer))
      await kill(child)
      expect(fs.readdirSync(data)).toEqual(['LOCK'])
      expect(await asNobody('shared')).toBe('held')
      expect(fs.readdirSync(data)).toEqual(['LOCK'])
    },
  )
})

describeFlock('the lock of a worker thread', () => {
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
