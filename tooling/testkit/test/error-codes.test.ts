// Strategy: a scripted life of a database, through each API, with one error of the system injected at its first call of the file system,
// its second, and so on. The next open is without a fault.
// Invariants: every error is typed. LDB_NOT_FOUND and LDB_EXISTS are answers to requests, and no request of the script asks for
// either, so an absent or existing internal file never has these codes. A full quota is LDB_NO_SPACE, or the outcome is unknown. When
// descriptors are used up, a verification fails or is right, and nothing is poisoned.
import { isLdbError } from '@ldb/base'
import type { LdbErrorCode } from '@ldb/base'
import { BTree } from '@ldb/btree'
import { AsyncDatabase, Database } from '@ldb/core'
import { MemoryVfs } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import { Wal } from '@ldb/wal'
import { describe, expect, test } from 'vitest'
import { seededRandom } from '../src/base/test-random.js'
import { FaultVfs } from '../src/vfs/fault-vfs.js'
import type { VfsCallKind } from '../src/vfs/layer-vfs.js'

const READS: readonly VfsCallKind[] = ['read', 'open', 'status', 'list', 'length', 'lock']
/** Calls that may need a descriptor: a pooled file opens one again to be read. */
const DESCRIPTOR_CALLS: readonly VfsCallKind[] = ['read', 'open', 'list', 'lock']
const CHANGES: readonly VfsCallKind[] = [
  'open',
  'write',
  'sync',
  'truncate',
  'preallocate',
  'makeDirectory',
  'rename',
  'remove',
  'removeDirectory',
  'syncDirectory',
]
const PATH = '/parents/of/data'
const OPTIONS = {
  maxOpenFiles: 2,
  durability: 'full',
  cacheBytes: 256 * 1024,
  pageBytes: 4096,
  [Symbol.for('ldb.tuning')]: { preallocateBytes: 16_384, usesHashIndex: false },
} as const
/** Codes of a request that was refused, and of a bug. */
const NEVER: readonly LdbErrorCode[] = [
  'LDB_NOT_FOUND',
  'LDB_EXISTS',
  'LDB_INVARIANT',
  'LDB_INVALID_ARGUMENT',
]

/** Passes the error of each step that fails to `note`. A step does not depend on the success of another one. */
type Script = (vfs: Vfs, note: (error: unknown) => void) => Promise<void>

async function attempt(note: (error: unknown) => void, step: () => unknown): Promise<void> {
  try {
    await step()
  } catch (error) {
    note(error)
  }
}

/** Opens a database, again after a failure. */
function openTwice(vfs: Vfs, note: (error: unknown) => void): Database {
  try {
    return Database.open(PATH, { vfs, ...OPTIONS })
  } catch (error) {
    note(error)
    return Database.open(PATH, { vfs, ...OPTIONS })
  }
}

const SYNC: Script = async (vfs, note) => {
  const db = openTwice(vfs, note)
  db.on('error', ({ error }) => {
    note(error)
  })
  const stream = db.changes({ since: 0 })
  const steps: (() => unknown)[] = [
    () => db.keyspace('users').put('u', 'x'.repeat(3000)),
    () => db.batch().put('a', '1').put('b', 'y'.repeat(20_000)).commit(),
    () => db.get('b'),
    () => {
      db.checkpoint()
    },
    () => {
      // It waits for ever when no commit has succeeded.
      stream.next().catch(note)
      return new Promise(setImmediate)
    },
    () => {
      const made = db.keyspace('made')
      made.put('m', '1')
      db.dropKeyspace('made')
    },
    () => {
      db.compact()
    },
    () => db.verify(),
    () => db.transaction((tx) => tx.put('t', tx.get('a') ?? '')),
    () => {
      db.close()
    },
  ]
  for (const step of steps) await attempt(note, step)
  // After a failed close of a poisoned database.
  await attempt(note, () => {
    db.close()
  })
  await attempt(note, () => Database.verify(PATH, { vfs }))
  await attempt(note, () => {
    const reader = Database.open(PATH, { vfs, readOnly: true })
    try {
      reader.count()
    } finally {
      reader.close()
    }
  })
  await attempt(note, () => {
    openTwice(vfs, note).close()
  })
}

const ASYNC: Script = async (vfs, note) => {
  let db: AsyncDatabase
  try {
    db = await AsyncDatabase.open(PATH, { vfs, ...OPTIONS })
  } catch (error) {
    note(error)
    db = await AsyncDatabase.open(PATH, { vfs, ...OPTIONS })
  }
  db.on('error', ({ error }) => {
    note(error)
  })
  const users = await db.keyspace('users').catch((error: unknown) => {
    note(error)
  })
  await Promise.all([
    attempt(note, () => db.put('a', '1')),
    attempt(note, () => users?.put('u', 'x'.repeat(3000))),
    attempt(note, () => db.batch().put('b', 'y'.repeat(20_000)).commit()),
    attempt(note, () => db.get('b')),
  ])
  const steps: (() => unknown)[] = [
    () => db.checkpoint(),
    async () => {
      const made = await db.keyspace('made')
      await made.put('m', '1')
      await db.dropKeyspace('made')
    },
    () => db.entries().toArray(),
    () => db.compact(),
    () => db.verify(),
    () => db.transaction(async (tx) => tx.put('t', (await tx.get('a')) ?? '')),
    () => db.close(),
    () => db.close(),
    () => AsyncDatabase.verify(PATH, { vfs }),
  ]
  for (const step of steps) await attempt(note, step)
}

const ENGINES: Script = async (vfs, note) => {
  const log = (): void => {
    const wal = Wal.open(vfs, '/parents/of/log', { segmentBytes: 4096, preallocateBytes: 0 })
    try {
      for (let count = 0; count < 3; count++) {
        wal.append(new Uint8Array(1500))
        wal.rotate()
      }
      const reader = wal.read(wal.firstLsn)
      while (reader.next());
      wal.truncateBefore(wal.endLsn)
    } finally {
      wal.close()
    }
  }
  const tree = (): void => {
    const opened = BTree.open(vfs, '/parents/of/tree', { cacheBytes: 64 * 1024, pageBytes: 1024 })
    opened.checkpoint()
    opened.close()
  }
  for (const step of [log, log, tree, tree]) await attempt(note, step)
}

const SCRIPTS: readonly [string, Script][] = [
  ['the synchronous API', SYNC],
  ['the asynchronous API', ASYNC],
  ['the engines alone', ENGINES],
]

/** A run takes some 40 ms. Every call is tried by `LDB_ALL_CALLS=1`. */
const STRIDES = process.env['LDB_ALL_CALLS'] === '1' ? { changes: 1, reads: 1 } : { changes: 7, reads: 61 }

/** Runs the script with a fault at every `stride`th call. Returns how many runs had each code as that of their first error. */
async function sweep(
  script: Script,
  errno: string,
  calls: readonly VfsCallKind[],
  stride: number,
): Promise<Map<string, number>> {
  const codes = new Map<string, number>()
  for (let nth = 1 + (errno.length % stride); ; nth += stride) {
    const fault = { effect: { kind: 'error', errno }, calls, nth, times: 1 } as const
    const vfs = new FaultVfs(new MemoryVfs(), seededRandom(nth), fault)
    let first: LdbErrorCode | undefined
    const note = (error: unknown): void => {
      const where = `${errno} in ${vfs.injectedCalls.join()}, call ${nth}`
      if (!isLdbError(error)) throw new Error(`an error without a code, ${where}`, { cause: error })
      if (NEVER.includes(error.code)) throw new Error(`${error.code}, ${where}`, { cause: error })
      // A commit of a group may be refused before the one that has failed is answered.
      const { cause } = error
      first ??= error.code === 'LDB_POISONED' && isLdbError(cause) ? cause.code : error.code
    }
    await script(vfs, note)
    if (vfs.injectedCount === 0) return codes
    if (first !== undefined) codes.set(first, (codes.get(first) ?? 0) + 1)
  }
}

describe.each(SCRIPTS)('%s', (_, script) => {
  test.each(['ENOENT', 'EEXIST'])('%s of an internal file is no answer to a request', async (errno) => {
    for (const [calls, stride] of [
      [CHANGES, STRIDES.changes],
      [READS, STRIDES.reads],
    ] as const) {
      const codes = await sweep(script, errno, calls, stride)
      expect(codes.get('LDB_IO')).toBeGreaterThan(2)
    }
  })

  test('a full quota is LDB_NO_SPACE, or the outcome is unknown', async () => {
    const codes = await sweep(script, 'EDQUOT', CHANGES, STRIDES.changes)
    expect([...codes.keys()].filter((code) => code !== 'LDB_COMMIT_UNKNOWN')).toEqual(['LDB_NO_SPACE'])
  })
})

describe('without descriptors, a verification fails or is right', () => {
  const base = new MemoryVfs()
  const made = Database.open(PATH, { vfs: base, ...OPTIONS })
  for (const name of ['one', 'two', 'three']) made.keyspace(name).put('k', 'x'.repeat(9000))
  made.put('a', '1')
  made.close()

  /** Verifies with a shortage at each call, until there is no such call. Returns how often the verification failed. */
  async function shortages(vfs: FaultVfs, verify: () => unknown, times: number): Promise<number> {
    for (let nth = 1; ; nth++) {
      vfs.matchingCount = 0
      vfs.injectedCount = 0
      vfs.fault = { effect: { kind: 'error', errno: 'EMFILE' }, calls: DESCRIPTOR_CALLS, nth, times }
      try {
        const report = await verify()
        expect(report, `call ${nth}: ${vfs.injectedCalls.at(-1)}`).toMatchObject({ ok: true, findings: [] })
      } catch (error) {
        if (!isLdbError(error, 'LDB_IO') || error.details.errno !== 'EMFILE') throw error
      }
      vfs.fault = undefined
      if (vfs.injectedCount === 0) return nth
    }
  }

  test.each([1, Infinity])('of a closed database; calls that fail: %s', async (times) => {
    const vfs = new FaultVfs(base, seededRandom(1))
    expect(await shortages(vfs, () => Database.verify(PATH, { vfs }), times)).toBeGreaterThan(50)
    expect(await shortages(vfs, () => AsyncDatabase.verify(PATH, { vfs }), times)).toBeGreaterThan(50)
  })

  test.each([1, Infinity])('of an open database, which stays usable; calls that fail: %s', async (times) => {
    const vfs = new FaultVfs(base, seededRandom(1))
    const db = Database.open(PATH, { vfs, ...OPTIONS })
    expect(await shortages(vfs, () => db.verify(), times)).toBeGreaterThan(20)
    expect(await shortages(vfs, () => db.promises.verify(), times)).toBeGreaterThan(20)
    db.put('later', '1')
    expect([db.stats().poisoned, db.get('later')]).toEqual([false, '1'])
    db.close()
  })
})
