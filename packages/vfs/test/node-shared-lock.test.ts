// Strategy: readers and writers of real directories, with flock where this machine has it, and without, through the parameter that
// replaces it.
// Invariants: a writer excludes every other opener, readers share; a copied directory is free; no descriptor stays open.
import * as fs from 'node:fs'
import { describe, expect, it } from 'vitest'
import { NodeVfs, OverlayVfs } from '../src/index.js'
import type { LockMode, VfsLock } from '../src/index.js'
import { describeCurrentProcess } from '../src/node/process.js'
import { kill, scratchDirectory, startFixture } from './child.js'
import { expectCode } from './conformance/subject.js'
import {
  lockArguments,
  lockOf,
  LOCK_LAYERS,
  NO_FLOCK_REASON,
  putElsewhere,
  recordIn,
  tryInProcess,
} from './lock-layers.js'

const vfs = new NodeVfs()
const isRoot = process.getuid?.() === 0
const AS_OTHER_USER = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups']

describe.each(LOCK_LAYERS)('readers and writers, through the %s', (layer) => {
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
    for (const other of LOCK_LAYERS) {
      for (const mode of ['exclusive', 'shared'] as const)
        expect(await tryInProcess(directory.path, mode, other)).toMatch(
          `LDB_LOCKED pid ${process.pid} on host`,
        )
    }
    writer.release()
    for (const other of LOCK_LAYERS)
      expect(await tryInProcess(directory.path, 'exclusive', other)).toBe('held')
  })

  it('are free as soon as the holder is killed, whatever the next has', async () => {
    using directory = scratchDirectory()
    for (const mode of ['exclusive', 'shared'] as const) {
      for (const next of LOCK_LAYERS) {
        const args = lockArguments(directory.path, 'hold', mode, layer)
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
  it.skipIf(NO_FLOCK_REASON !== '')('writes nothing', () => {
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
    const args = lockArguments(directory.path, 'hold', 'shared', 'files')
    const { child } = await startFixture('lock-child.mjs', args)
    expect(recordIn(directory.path)).toMatchObject({ kernel: '-', mode: 'shared' })
    if (NO_FLOCK_REASON === '') vfs.lock(directory.path, 'shared').release()
    const error = expectCode('LDB_LOCKED', () => vfs.lock(directory.path))
    expect(String(error)).toContain(`pid ${child.pid} on host`)
    expect(String(error)).toContain('opened read-only')
    expectCode('LDB_LOCKED', () => lockOf(directory.path, 'shared', 'files'))
    await kill(child)
    vfs.lock(directory.path).release()
  })

  it.runIf(isRoot && process.platform === 'linux').each(LOCK_LAYERS)(
    'needs no write access, through the %s',
    async (layer) => {
      using directory = scratchDirectory()
      const data = `${directory.path}/data`
      fs.chmodSync(directory.path, 0o755)
      fs.mkdirSync(data, { mode: 0o755 })
      const asOtherUser = (mode: LockMode): Promise<string | undefined> =>
        tryInProcess(data, mode, layer, AS_OTHER_USER)
      expect(await asOtherUser('shared')).toBe('held')
      expect(await asOtherUser('exclusive')).toBe('LDB_IO undefined')
      const writer = lockOf(data, 'exclusive', layer)
      expect(await asOtherUser('shared')).toMatch(`LDB_LOCKED pid ${process.pid} on host`)
      writer.release()
      const { child } = await startFixture('lock-child.mjs', lockArguments(data, 'hold', 'exclusive', layer))
      await kill(child)
      expect(fs.readdirSync(data)).toEqual(['LOCK'])
      expect(await asOtherUser('shared')).toBe('held')
      expect(fs.readdirSync(data)).toEqual(['LOCK'])
    },
  )
})

function openDescriptorCount(): number {
  return fs.readdirSync('/proc/self/fd').length
}
