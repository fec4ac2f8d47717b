// Strategy: every operation of the asynchronous API is begun on a database with a cold cache, whose file operations take a turn of
// the event loop each. After a number of microtasks or turns, the database is closed, the keyspace is dropped, or the signal is
// aborted. The database is then opened again.
// Invariants: A6, A7, A11. The call settles. It fails only with the code of what ended it. What it reported as written is there, and
// what it reported as failed is not.
import { isLdbError } from '@ldb/base'
import { describe, expect, it } from 'vitest'
import type { AsyncDatabase } from '../src/async-database.js'
import type { AsyncKeyspaceWrites } from '../src/async/keyspace-writes.js'
import { open } from './async-setup.js'
import { FaultyVfs } from './faulty-vfs.js'

const COUNT = 60
const keyOf = (index: number): string => `key${String(index).padStart(4, '0')}`

interface Subject {
  readonly db: AsyncDatabase
  readonly users: AsyncKeyspaceWrites<string, string>
  /** `undefined` where the operation is not aborted. */
  readonly signal: AbortSignal
}

interface Operation {
  readonly name: string
  readonly call: (subject: Subject) => Promise<unknown>
  /** Returns the keys that the call has written to the keyspace `users`, if its result says so. */
  readonly written?: (result: unknown) => readonly string[]
  /** The operation takes no signal. */
  readonly withoutSignal?: true
}

const all = async (source: AsyncIterable<unknown>): Promise<number> => {
  let count = 0
  for await (const _ of source) count++
  return count
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const READS: readonly Operation[] = [
  { name: 'get', call: ({ users, signal }) => users.get(keyOf(40), { signal }) },
  { name: 'has', call: ({ users, signal }) => users.has(keyOf(40), { signal }) },
  { name: 'getMany', call: ({ users, signal }) => users.getMany(['a', keyOf(3), keyOf(50)], { signal }) },
  { name: 'count', call: ({ users, signal }) => users.count({ gt: keyOf(1), signal }) },
  { name: 'estimate', call: ({ users, signal }) => users.estimate({ gt: keyOf(1), signal }) },
  { name: 'toArray', call: ({ users, signal }) => users.entries({ signal }).toArray() },
  { name: 'for await', call: ({ users, signal }) => all(users.keys({ reverse: true, signal })) },
  {
    name: 'map',
    call: ({ users, signal }) =>
      users
        .values({ signal })
        .map(async (value) => value)
        .toArray(),
  },
  { name: 'filter', call: ({ users, signal }) => all(users.entries({ signal }).filter(() => true)) },
  { name: 'flatMap', call: ({ users, signal }) => all(users.keys({ signal }).flatMap((key) => [key, key])) },
  { name: 'drop', call: ({ users, signal }) => users.keys({ signal }).drop(50).toArray() },
  { name: 'forEach', call: ({ users, signal }) => users.entries({ signal }).forEach(turn) },
  { name: 'reduce', call: ({ users, signal }) => users.keys({ signal }).reduce((count) => count + 1, 0) },
  { name: 'find', call: ({ users, signal }) => users.keys({ signal }).find((key) => key === keyOf(59)) },
  {
    name: 'cursor',
    call: async ({ users, signal }) => {
      await using cursor = users.cursor({ signal })
      for (let found = await cursor.first(); found; found = await cursor.next())
        expect(cursor.key).toBeTypeOf('string')
      return cursor.seek(keyOf(5))
    },
  },
  {
    name: 'snapshot',
    withoutSignal: true,
    call: async ({ db, users }) => {
      await using snapshot = db.snapshot()
      await turn()
      return [await snapshot.in(users).get(keyOf(30)), await snapshot.in(users).keys().toArray()]
    },
  },
  {
    name: 'read-only transaction',
    call: ({ db, users, signal }) =>
      db.transaction(async (tx) => [await tx.in(users).get(keyOf(9)), await tx.in(users).count()], {
        readOnly: true,
        signal,
      }),
  },
  {
    name: 'changes',
    call: async ({ db, users, signal }) => {
      const changes = db.changes({ signal })
      const write = async (): Promise<void> => {
        await turn()
        await db.batch().put('seen', '1').in(users).put('seen', '1').commit({ signal })
      }
      const [{ value }] = await Promise.all([changes.next(), write()])
      await changes.return()
      return value?.seq
    },
  },
  { name: 'verify', call: ({ db, signal }) => db.verify({ signal }) },
  { name: 'keyspaces', withoutSignal: true, call: ({ db }) => db.keyspaces() },
  { name: 'stats', withoutSignal: true, call: ({ db }) => db.stats() },
]

const written =
  (...keys: string[]): (() => readonly string[]) =>
  () =>
    keys

const WRITES: readonly Operation[] = [
  { name: 'put', call: ({ users, signal }) => users.put('new', '1', { signal }), written: written('new') },
  {
    name: 'put at none',
    call: ({ users, signal }) => users.put('new', '1', { signal, durability: 'none' }),
    written: written('new'),
  },
  {
    name: 'putIfAbsent',
    call: ({ users, signal }) => users.putIfAbsent('new', '1', { signal }),
    written: written('new'),
  },
  {
    name: 'compareAndSwap',
    call: ({ users, signal }) => users.compareAndSwap('new', undefined, '1', { signal }),
    written: written('new'),
  },
  {
    name: 'update',
    call: ({ users, signal }) => users.update('new', () => '1', { signal }),
    written: written('new'),
  },
  {
    name: 'batch',
    call: ({ db, users, signal }) => db.batch().in(users).put('new', '1').put('new2', '1').commit({ signal }),
    written: written('new', 'new2'),
  },
  {
    name: 'transaction',
    call: ({ db, users, signal }) =>
      db.transaction(
        async (tx) => {
          await tx.in(users).put('new', String(await tx.in(users).get(keyOf(44))))
          await turn()
          await tx.in(users).put('new2', String(await tx.in(users).count()))
          return 1
        },
        { signal },
      ),
    written: written('new', 'new2'),
  },
  {
    name: 'transaction that ignores errors',
    call: ({ db, users, signal }) =>
      db.transaction(
        async (tx) => {
          await tx
            .in(users)
            .put('new', '1')
            .catch(() => undefined)
          await turn()
          await turn()
          await tx
            .in(users)
            .put('new2', '1')
            .catch(() => undefined)
          return 1
        },
        { signal },
      ),
    written: written('new', 'new2'),
  },
  {
    name: 'transaction that commits itself',
    call: ({ db, users, signal }) =>
      db.transaction(
        async (tx) => {
          await tx.in(users).put('new', '1')
          void tx.commit({ signal }).catch(() => undefined)
          await turn()
          return 1
        },
        { signal },
      ),
    written: written('new'),
  },
  {
    name: 'begin and commit',
    call: async ({ db, users, signal }) => {
      await using tx = db.begin()
      await tx.in(users).put('new', '1')
      await turn()
      await tx.in(users).getForUpdate(keyOf(3), { signal })
      await tx.commit({ signal })
    },
    written: written('new'),
  },
]

const REMOVALS: readonly Operation[] = [
  { name: 'delete', call: ({ users, signal }) => users.delete(keyOf(7), { signal }) },
  { name: 'deleteRange', call: ({ users, signal }) => users.deleteRange({ gte: keyOf(7) }, { signal }) },
  {
    name: 'deleteRange with a limit',
    call: ({ users, signal }) => users.deleteRange({ gte: keyOf(7), limit: 3 }, { signal }),
  },
  { name: 'clear', call: ({ users, signal }) => users.clear({ signal }) },
  {
    name: 'deleteRange of a transaction',
    call: ({ db, users, signal }) =>
      db.transaction((tx) => tx.in(users).deleteRange({ gte: keyOf(7), limit: 3 }, { signal }), { signal }),
  },
]

const MAINTENANCE: readonly Operation[] = [
  { name: 'synced', call: ({ db, signal }) => db.synced({ signal }) },
  { name: 'checkpoint', call: ({ db, signal }) => db.checkpoint({ signal }) },
  { name: 'compact', call: ({ db, signal }) => db.compact({ signal }) },
  { name: 'keyspace', withoutSignal: true, call: ({ db }) => db.keyspace('other') },
]

const OPERATIONS = [...READS, ...WRITES, ...REMOVALS, ...MAINTENANCE]

/** What ends the calls, and the code with which they then fail. */
const ENDS: Readonly<
  Record<string, { readonly code: string; readonly end: (subject: Subject, abort: () => void) => unknown }>
> = {
  close: { code: 'LDB_CLOSED', end: ({ db }) => db.close() },
  'close of the synchronous API': {
    code: 'LDB_CLOSED',
    end: ({ db }) => {
      db.sync.close()
    },
  },
  drop: { code: 'LDB_NOT_FOUND', end: ({ db }) => db.dropKeyspace('users') },
  'drop of the synchronous API': {
    code: 'LDB_NOT_FOUND',
    end: ({ db }) => {
      db.sync.dropKeyspace('users')
    },
  },
  abort: {
    code: 'LDB_ABORTED',
    end: (_, abort) => {
      abort()
    },
  },
}

/** Steps after which the call is ended: microtasks, and turns of the event loop. */
const STEPS: readonly (() => Promise<void>)[] = [
  ...[0, 1, 3, 9].map((count) => async () => {
    for (let round = 0; round < count; round++) await Promise.resolve()
  }),
  ...[1, 2, 4, 9].map((count) => async () => {
    for (let round = 0; round < count; round++) await turn()
  }),
]

/** A file system whose asynchronous operations take a turn of the event loop. */
class SlowVfs extends FaultyVfs {
  constructor() {
    super()
    this.delay = turn
  }
}

async function subjectOf(vfs: FaultyVfs, signal: AbortSignal): Promise<Subject> {
  const first = open(vfs)
  const filled = await first.keyspace('users')
  const batch = first.batch().in(filled)
  for (let index = 0; index < COUNT; index++) batch.put(keyOf(index), 'v'.repeat(60))
  await batch.commit()
  await first.close()
  const db = open(vfs)
  return { db, users: await db.keyspace('users'), signal }
}

type Outcome = { readonly result: unknown } | { readonly error: unknown } | 'hangs'

async function outcomeOf(call: Promise<unknown>): Promise<Outcome> {
  let outcome: Outcome | undefined
  call.then(
    (result) => (outcome = { result }),
    (error: unknown) => (outcome = { error }),
  )
  for (let round = 0; round < 3000 && outcome === undefined; round++) await turn()
  return outcome ?? 'hangs'
}

/** Returns what is wrong with the outcome of an operation; `undefined` when nothing is. */
async function check(
  operation: Operation,
  { code, end }: (typeof ENDS)[string],
  wait: () => Promise<void>,
): Promise<string | undefined> {
  const vfs = new SlowVfs()
  const controller = new AbortController()
  const subject = await subjectOf(vfs, controller.signal)
  const call = operation.call(subject)
  call.catch(() => undefined)
  await wait()
  const ended = (async (): Promise<void> => {
    await end(subject, () => {
      controller.abort()
    })
  })()
  const outcome = await outcomeOf(call)
  if (outcome === 'hangs') return 'hangs'
  if ('error' in outcome && !isLdbError(outcome.error)) return `fails with ${String(outcome.error)}`
  if ('error' in outcome && (outcome.error as { code: string }).code !== code)
    return `fails with ${String(outcome.error)}`
  if ((await outcomeOf(ended)) === 'hangs') return 'the end hangs'
  await subject.db.close()
  const again = open(vfs)
  try {
    if (!again.sync.keyspaces().some(({ name }) => name === 'users')) return undefined
    const users = await again.keyspace('users')
    const keys = operation.written?.(undefined) ?? []
    const present = await users.getMany(keys)
    if ('result' in outcome && present.includes(undefined)) return 'reports writes that are not there'
    if ('error' in outcome && present.some((value) => value !== undefined))
      return 'fails, and the writes are there'
    if (!(await again.verify()).ok) return 'leaves damage'
    return undefined
  } finally {
    await again.close()
  }
}

describe.each(Object.entries(ENDS))('calls that a %s ends', (name, end) => {
  const operations = OPERATIONS.filter(({ withoutSignal }) => name !== 'abort' || withoutSignal !== true)
  it.each(operations.map((operation) => [operation.name, operation] as const))('%s', async (_, operation) => {
    for (const [step, wait] of STEPS.entries()) {
      const fault = await check(operation, end, wait)
      expect(fault, `at step ${step}`).toBeUndefined()
    }
  })
})
