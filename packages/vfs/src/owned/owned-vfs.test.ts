// Strategy: a directory in memory is moved, replaced and removed between operations by name.
// Invariants: an operation by name in a directory that is not the first one fails with LDB_POISONED and changes nothing; so does
// every later one, wherever the directory is then; operations on open files continue; own creations and removals are no loss.
import { isLdbError, LdbError } from '@ldb/base'
import type { LdbErrorCode } from '@ldb/base'
import { beforeEach, describe, expect, test } from 'vitest'
import { MemoryVfs } from '../memory/memory-vfs.js'
import type { PinnedDirectory, Vfs, VfsLock } from '../vfs.js'
import { OwnedVfs } from './owned-vfs.js'

function expectCode(code: LdbErrorCode, action: () => unknown): LdbError {
  try {
    action()
  } catch (error) {
    if (isLdbError(error, code)) return error
    throw error
  }
  return expect.fail(`expected ${code}`)
}

/** Returns every path below a directory, with the length of files. */
function treeOf(vfs: Vfs, directory: string): string[] {
  return vfs.list(directory).flatMap((name) => {
    const path = `${directory}/${name}`
    const status = vfs.status(path)
    return status?.kind === 'directory' ? [path, ...treeOf(vfs, path)] : [`${path} ${status?.length ?? 0}`]
  })
}

function makeTree(vfs: Vfs, root: string): void {
  for (const path of ['', '/wal', '/keyspaces', '/keyspaces/1']) vfs.makeDirectory(root + path)
  for (const path of ['/CATALOG', '/wal/1', '/keyspaces/1/tree']) {
    const file = vfs.open(root + path, 'createNew')
    file.write(Uint8Array.of(1), 0, 1, 0)
    file.close()
  }
}

const OPERATIONS: readonly [string, (vfs: OwnedVfs) => unknown][] = [
  ['open for reading', (vfs) => vfs.open('/db/wal/1', 'read')],
  ['open for writing', (vfs) => vfs.open('/db/wal/1', 'write')],
  ['create', (vfs) => vfs.open('/db/wal/2', 'create')],
  ['create new', (vfs) => vfs.open('/db/wal/2', 'createNew')],
  ['rename', (vfs) => vfs.rename('/db/wal/1', '/db/wal/3')],
  ['link', (vfs) => vfs.link?.('/db/wal/1', '/db/wal/3')],
  ['copy', (vfs) => vfs.copy?.('/db/wal/1', '/db/wal/3')],
  ['remove', (vfs) => vfs.remove('/db/wal/1')],
  ['list', (vfs) => vfs.list('/db/wal')],
  ['make a directory', (vfs) => vfs.makeDirectory('/db/wal/new')],
  ['remove a directory', (vfs) => vfs.removeDirectory('/db/wal')],
  ['sync a directory', (vfs) => vfs.syncDirectory('/db/wal')],
]
const ASYNC_OPERATIONS: readonly [string, (vfs: OwnedVfs) => Promise<void>][] = [
  ['remove', (vfs) => vfs.removeAsync('/db/wal/1')],
  ['sync a directory', (vfs) => vfs.syncDirectoryAsync('/db/wal')],
]
/** What happens to the directory; each leaves something else, or nothing, at the path of the file. */
const LOSSES: readonly [string, (base: MemoryVfs) => void][] = [
  [
    'moved and replaced',
    (base) => {
      base.rename('/db', '/moved')
      makeTree(base, '/db')
    },
  ],
  [
    'moved',
    (base) => {
      base.rename('/db', '/moved')
    },
  ],
  [
    'replaced in part',
    (base) => {
      base.rename('/db/wal', '/db/wal.bak')
      base.makeDirectory('/db/wal')
      base.open('/db/wal/1', 'create').close()
    },
  ],
]

describe('an owned directory', () => {
  let base: MemoryVfs
  let vfs: OwnedVfs
  let lock: VfsLock
  let losses: LdbError[]
  beforeEach(() => {
    base = new MemoryVfs()
    makeTree(base, '/db')
    vfs = new OwnedVfs(base)
    lock = vfs.own('/db', vfs.lock('/db'))
    losses = []
    vfs.onLost((error) => losses.push(error))
    vfs.list('/db/wal')
    vfs.list('/db/keyspaces/1')
  })

  test.each(LOSSES)('that was %s is refused by every operation by name', async (_, lose) => {
    lose(base)
    const before = treeOf(base, '')
    for (const [, operate] of OPERATIONS) expectCode('LDB_POISONED', () => operate(vfs))
    for (const [, operate] of ASYNC_OPERATIONS)
      await expect(operate(vfs)).rejects.toMatchObject({ code: 'LDB_POISONED' })
    expect(treeOf(base, '')).toEqual(before)
    expect(losses).toHaveLength(1)
    expect(losses[0]?.message).toMatch(/\/db.* was moved/)
  })

  test.each(OPERATIONS)('detects the loss first in: %s', (_, operate) => {
    base.rename('/db', '/moved')
    makeTree(base, '/db')
    const error = expectCode('LDB_POISONED', () => operate(vfs))
    expect(losses).toEqual([error])
    expect(error.details.file).toBe('/db')
  })

  test.each(OPERATIONS)('that is moved after the check is lost: %s', (_, operate) => {
    let isArmed = false
    // Moves the directory before the operation itself, behind its check.
    const moving = new Proxy(base, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name)
        if (typeof member !== 'function') return member
        return (...args: unknown[]): unknown => {
          const isCheck = name === 'status' || name === 'lock' || name === 'pinDirectory'
          if (isArmed && !isCheck) {
            isArmed = false
            base.rename('/db', '/moved')
          }
          return Reflect.apply(member, target, args)
        }
      },
    })
    lock.release()
    const over = new OwnedVfs(moving)
    over.own('/db', over.lock('/db'))
    isArmed = true
    expectCode('LDB_POISONED', () => operate(over))
    expect(isArmed).toBe(false)
  })

  test('that was moved back after a check stays lost', () => {
    base.rename('/db', '/moved')
    const first = expectCode('LDB_POISONED', () => vfs.list('/db'))
    base.rename('/moved', '/db')
    expect(expectCode('LDB_POISONED', () => vfs.list('/db')).cause).toBe(first)
  })

  test('that was moved back before a check is not lost', () => {
    base.rename('/db', '/moved')
    base.rename('/moved', '/db')
    expect(vfs.list('/db/wal')).toEqual(['1'])
  })

  test('keeps its open files when it is moved', () => {
    const file = vfs.open('/db/wal/1', 'write')
    base.rename('/db', '/moved')
    makeTree(base, '/db')
    file.write(Uint8Array.of(7, 7, 7), 0, 3, 0)
    expect(base.status('/moved/wal/1')?.length).toBe(3)
    expect(base.status('/db/wal/1')?.length).toBe(1)
  })

  test('includes directories that its owner creates, and forgets those that it removes', () => {
    vfs.makeDirectory('/db/keyspaces/2')
    vfs.open('/db/keyspaces/2/tree', 'create').close()
    vfs.remove('/db/keyspaces/2/tree')
    vfs.removeDirectory('/db/keyspaces/2')
    vfs.makeDirectory('/db/keyspaces/2')
    vfs.rename('/db/keyspaces', '/db/renamed')
    vfs.makeDirectory('/db/keyspaces')
    vfs.open('/db/keyspaces/file', 'create').close()
    base.removeDirectory('/db/renamed/2')
    vfs.open('/db/renamed/1/tree', 'read').close()
    base.rename('/db/renamed', '/db/again')
    base.makeDirectory('/db/renamed')
    expectCode('LDB_POISONED', () => vfs.open('/db/renamed/file', 'create'))
    expect(base.list('/db/renamed')).toEqual([])
  })

  test('is checked before a sync of its parent', () => {
    vfs.syncDirectory('/')
    base.rename('/db', '/moved')
    makeTree(base, '/db')
    expectCode('LDB_POISONED', () => {
      vfs.syncDirectory('/')
    })
  })

  test('refuses operations by name after its lock is released', () => {
    lock.assertHeld()
    lock.release()
    expectCode('LDB_POISONED', () => {
      lock.assertHeld()
    })
    expectCode('LDB_POISONED', () => vfs.open('/db/wal/2', 'create'))
    expectCode('LDB_POISONED', () => vfs.open('/db/wal/1', 'read'))
    base.lock('/db').release()
  })

  test('an asynchronous sync of a directory that is moved meanwhile fails', async () => {
    const synced = vfs.syncDirectoryAsync('/db/wal')
    base.rename('/db/wal', '/db/moved')
    base.makeDirectory('/db/wal')
    await expect(synced).rejects.toMatchObject({ code: 'LDB_POISONED' })
  })

  test('an open during which the directory is moved returns no file', () => {
    const handles: string[] = []
    const open = base.open.bind(base)
    base.open = (path, mode) => {
      base.open = open
      base.rename('/db', '/moved')
      makeTree(base, '/db')
      handles.push(path)
      const file = open(path, mode)
      const close = file.close.bind(file)
      file.close = (): void => {
        handles.pop()
        close()
      }
      return file
    }
    expectCode('LDB_POISONED', () => vfs.open('/db/wal/1', 'read'))
    expect(handles).toEqual([])
  })
})

test('a failed status is an error of that operation, and no loss', () => {
  const base = new MemoryVfs()
  makeTree(base, '/db')
  const vfs = new OwnedVfs(base)
  vfs.own('/db', vfs.lock('/db'))
  const status = base.status.bind(base)
  base.status = (): never => {
    throw new LdbError('LDB_IO', 'no answer')
  }
  expectCode('LDB_IO', () => vfs.list('/db'))
  base.status = status
  expect(vfs.list('/db/wal')).toEqual(['1'])
})

test('a lock that was lost is a loss with its cause', () => {
  const base = new MemoryVfs()
  makeTree(base, '/db')
  const vfs = new OwnedVfs(base)
  const held = vfs.lock('/db')
  vfs.own('/db', held)
  held.release()
  // Reading from the own directory needs no lock.
  vfs.open('/db/wal/1', 'read').close()
  const error = expectCode('LDB_POISONED', () => vfs.open('/db/wal/1', 'write'))
  expect(error.message).toContain('LOCK')
  expect(isLdbError(error.cause, 'LDB_POISONED')).toBe(true)
})

test('over checks a directory without a lock, from its first use on, and only once', () => {
  const base = new MemoryVfs()
  const vfs = OwnedVfs.over(base, '/log')
  expect(OwnedVfs.over(vfs, '/log')).toBe(vfs)
  expect(OwnedVfs.over(vfs, '/other')).not.toBe(vfs)
  vfs.makeDirectory('/log')
  vfs.open('/log/1', 'create').close()
  base.rename('/log', '/moved')
  base.makeDirectory('/log')
  expectCode('LDB_POISONED', () => vfs.open('/log/2', 'create'))
  expect(base.list('/log')).toEqual([])
})

test('pins the directories in it once, and releases every pin', () => {
  class PinningVfs extends MemoryVfs {
    readonly pinned: string[] = []
    pinDirectory(path: string): PinnedDirectory {
      this.pinned.push(path)
      return {
        identity: this.status(path)?.identity ?? '',
        release: (): void => {
          this.pinned.splice(this.pinned.indexOf(path), 1)
        },
      }
    }
  }
  const base = new PinningVfs()
  makeTree(base, '/db')
  const vfs = new OwnedVfs(base)
  const lock = vfs.own('/db', vfs.lock('/db'))
  for (let count = 0; count < 3; count++) vfs.list('/db/keyspaces/1')
  vfs.list('/db/wal')
  expect(base.pinned).toEqual(['/db/keyspaces', '/db/wal'])
  vfs.remove('/db/wal/1')
  vfs.removeDirectory('/db/wal')
  expect(base.pinned).toEqual(['/db/keyspaces'])
  lock.release()
  expect(base.pinned).toEqual([])
})
