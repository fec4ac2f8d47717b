// Strategy: databases, logs and trees are created below missing directories, on a disk that loses everything that was not synced; also
// after an earlier creation was interrupted at each operation, by a kill or by a failed sync of a directory.
// Invariants: what an open has returned is on the disk, with every directory above it; without `createIfMissing`, nothing is created; a
// parent that is a file is a typed error.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isLdbError } from '@ldb/base'
import { BTree } from '@ldb/btree'
import { AsyncDatabase, Database } from '@ldb/core'
import type { Vfs } from '@ldb/vfs'
import { NodeVfs } from '@ldb/vfs'
import { Wal } from '@ldb/wal'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { seededRandom } from '../../src/base/test-random.js'
import { CrashVfs } from '../../src/crash/crash-vfs.js'
import { crashPlan } from '../../src/crash/plan.js'
import { FaultVfs } from '../../src/vfs/fault-vfs.js'

/** A kind of thing that is created at a path. */
interface Kind {
  /** Creates it or opens it, makes one change durable, and leaves it open. */
  readonly use: (vfs: Vfs, path: string) => Promise<void> | void
  /** Opens it without creating it, and checks the change. */
  readonly check: (vfs: Vfs, path: string) => void
}

const OPTIONS = { cacheBytes: 1024 * 1024, durability: 'full' } as const

function checkDatabase(vfs: Vfs, path: string): void {
  const db = Database.open(path, { vfs, ...OPTIONS, createIfMissing: false })
  expect(db.get('a')).toBe('1')
  expect(db.verify().ok).toBe(true)
  db.close()
}

const KINDS: Readonly<Record<string, Kind>> = {
  'a database': {
    use: (vfs, path) => {
      Database.open(path, { vfs, ...OPTIONS }).put('a', '1')
    },
    check: checkDatabase,
  },
  'an asynchronous database': {
    use: async (vfs, path) => {
      const db = await AsyncDatabase.open(path, { vfs, ...OPTIONS })
      await db.put('a', '1')
    },
    check: checkDatabase,
  },
  'a log': {
    use: (vfs, path) => {
      const wal = Wal.open(vfs, path, { preallocateBytes: 0 })
      wal.append(Uint8Array.of(1))
      wal.sync()
    },
    check: (vfs, path) => {
      const wal = Wal.open(vfs, path, { create: false, mustExist: true, preallocateBytes: 0 })
      expect(wal.read(wal.firstLsn).next()).toBe(true)
      wal.close()
    },
  },
  'a tree': {
    use: (vfs, path) => {
      BTree.open(vfs, path, { cacheBytes: 65_536 }).checkpoint()
    },
    check: (vfs, path) => {
      BTree.open(vfs, path, { cacheBytes: 65_536, create: false }).close()
    },
  },
}
const PATHS = ['/a/b/c/data', '/a/data', 'a/b/data', '/data']
/** A database is killed and repeated at each operation; the others make too few operations to differ. */
const DATABASE = KINDS['a database'] as Kind

describe.each(Object.entries(KINDS))('%s below missing directories', (_, { use, check }) => {
  test.each(PATHS)('survives a loss of power: %s', async (path) => {
    const disk = new CrashVfs()
    await use(disk, path)
    check(disk.image(crashPlan('none', 1)), path)
  })

  test.each(PATHS)(
    'survives it also after an earlier creation whose sync of a directory failed: %s',
    async (path) => {
      for (let nth = 1; ; nth++) {
        const disk = new CrashVfs()
        const effect = { kind: 'sync', errno: 'EIO', failure: 'kept' } as const
        const vfs = new FaultVfs(disk, seededRandom(nth), { effect, calls: ['syncDirectory'], nth })
        try {
          await use(vfs, path)
        } catch (error) {
          if (!isLdbError(error)) throw error
          disk.endProcess()
          await use(vfs, path)
        }
        check(disk.image(crashPlan('none', 1)), path)
        if (vfs.injectedCount === 0) break
      }
    },
  )

  test('is not created without the option', () => {
    const disk = new CrashVfs()
    expect(() => {
      check(disk, '/a/b/data')
    }).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/LDB_NOT_FOUND|LDB_CORRUPTION/) as string }),
    )
    expect(disk.list('/')).toEqual([])
  })
})

test('a database survives a loss of power after an earlier creation was killed at any operation', async () => {
  for (let killedAt = 1; ; killedAt++) {
    const disk = new CrashVfs()
    let left: CrashVfs | undefined
    disk.onOperation = (): void => {
      if (disk.operationCount >= killedAt) left ??= disk.image(crashPlan('killed', killedAt))
    }
    await DATABASE.use(disk, '/a/b/data')
    if (left === undefined) break
    await DATABASE.use(left, '/a/b/data')
    DATABASE.check(left.image(crashPlan('none', killedAt)), '/a/b/data')
  }
})

describe('on real directories', () => {
  let root = ''
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'ldb-missing-'))
  })
  afterEach(() => {
    rmSync(root, { recursive: true, force: true })
  })

  test('missing parents are created, for their owner alone', async () => {
    const path = join(root, 'a/b/c/data')
    Database.open(path).close()
    expect(statSync(join(root, 'a/b')).mode & 0o777).toBe(0o700)
    expect(readdirSync(join(root, 'a/b/c'))).toEqual(['data'])
    const db = await AsyncDatabase.open(join(root, 'x/y/data'))
    await db.close()
    Wal.open(new NodeVfs(), join(root, 'l/m/log')).close()
    BTree.open(new NodeVfs(), join(root, 't/u/tree')).close()
    expect(readdirSync(root)).toEqual(['a', 'l', 't', 'x'])
  })

  test('nothing is created for a database that must exist', async () => {
    const path = join(root, 'a/b/data')
    const expected = expect.objectContaining({ code: 'LDB_NOT_FOUND' }) as Error
    for (const options of [{ createIfMissing: false }, { readOnly: true }]) {
      expect(() => Database.open(path, options)).toThrow(expected)
      await expect(AsyncDatabase.open(path, options)).rejects.toEqual(expected)
    }
    expect(() => Database.verify(path)).toThrow(expected)
    expect(() => {
      Database.destroy(path)
    }).toThrow(expected)
    expect(readdirSync(root)).toEqual([])
  })

  test('a parent that is a file is named by the error', async () => {
    writeFileSync(join(root, 'file'), 'x')
    mkdirSync(join(root, 'directory'))
    for (const path of ['file/data', 'file/a/data', 'file/a/b/data']) {
      const where = join(root, path)
      const expected = expect.objectContaining({
        code: 'LDB_IO',
        message: `makeDirectory of ${join(root, 'file')} failed: ENOTDIR`,
      }) as Error
      expect(() => Database.open(where)).toThrow(expected)
      await expect(AsyncDatabase.open(where)).rejects.toEqual(expected)
      expect(() => Wal.open(new NodeVfs(), where)).toThrow(expected)
      expect(() => BTree.open(new NodeVfs(), where)).toThrow(expected)
      expect(() => Database.open(where, { createIfMissing: false })).toThrow(
        expect.objectContaining({ code: 'LDB_NOT_FOUND' }),
      )
    }
    expect(readdirSync(root)).toEqual(['directory', 'file'])
  })
})
