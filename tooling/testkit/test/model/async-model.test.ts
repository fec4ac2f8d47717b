// Strategy: runs the commands of the model suite through the async API, every sixth one through the sync API, with
// groups of concurrent writes, and maintains a copy from the change stream. Counts the calls of both APIs, so that
// no method is left out.
// Invariants: those of the model suite; both APIs agree; M1 to M21 of @ldb/mvcc's SPEC.md.
import * as core from '@ldb/core'
import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { runCommandsAsync } from '../../src/model/async-model-run.js'
import { runAsyncModelCase } from '../../src/model/async-model-suite.js'
import { AsyncSession } from '../../src/model/session/async-session.js'
import type { Command, Read, TransactionStep } from '../../src/model/commands/commands.js'
import { runCommands } from '../../src/model/model-run.js'
import { runModelCase } from '../../src/model/model-suite.js'
import { PLAIN_SETTINGS } from '../../src/model/commands/run-settings.js'
import type { RunSettings } from '../../src/model/commands/run-settings.js'
import { Violation } from '../../src/base/violation.js'
import { formatCount, reportCounts } from '../counted.js'

const FIRST = Number(process.env['LDB_MODEL_SEED'] ?? 1)
const OPERATIONS = Number(process.env['LDB_MODEL_OPERATIONS'] ?? 500_000) / 20

/** The classes of both APIs. */
const API_CLASSES = {
  Database: core.Database,
  Keyspace: core.Keyspace,
  Snapshot: core.Snapshot,
  Transaction: core.Transaction,
  TransactionKeyspace: core.TransactionKeyspace,
  Batch: core.Batch,
  Scan: core.Scan,
  Cursor: core.Cursor,
  AsyncDatabaseHandle: core.AsyncDatabaseHandle,
  AsyncKeyspace: core.AsyncKeyspace,
  AsyncSnapshot: core.AsyncSnapshot,
  AsyncTransaction: core.AsyncTransaction,
  AsyncTransactionKeyspace: core.AsyncTransactionKeyspace,
  AsyncBatch: core.AsyncBatch,
  AsyncScan: core.AsyncScan,
  AsyncCursor: core.AsyncCursor,
  ChangeStream: core.ChangeStream,
}

/** Methods that other tests cover. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'Database.off': 'packages/core/src/database-events.test.ts',
  'AsyncDatabaseHandle.on': 'delegates to the sync API',
  'AsyncDatabaseHandle.off': 'delegates to the sync API',
  'Database.rotateKey': 'packages/core/src/encryption.test.ts',
  'Database.renewKeys': 'packages/core/test/key-renewal.test.ts',
  'AsyncDatabaseHandle.renewKeys': 'packages/core/test/key-renewal.test.ts',
  'Database.stateToken': 'packages/core/src/encryption.test.ts',
  'AsyncDatabaseHandle.rotateKey': 'packages/core/src/encryption.test.ts',
  'AsyncDatabaseHandle.stateToken': 'packages/core/src/encryption.test.ts',
  'Database.makePromises': 'internal',
  'Transaction.deleteBounds': 'internal',
  'Database.load': 'packages/core/test/load.test.ts',
  'Keyspace.load': 'packages/core/test/load.test.ts',
  'AsyncDatabaseHandle.load': 'packages/core/test/load.test.ts',
  'AsyncKeyspace.load': 'packages/core/test/load.test.ts',
  'Database.backup': 'packages/core/test/backup/backup.test.ts',
  'AsyncDatabaseHandle.backup': 'packages/core/test/backup/backup.test.ts',
  'Database.view': 'packages/core/test/view.test.ts',
  'Keyspace.view': 'packages/core/test/view.test.ts',
  'Database.backupTo': 'packages/core/test/backup/streams.test.ts',
  'AsyncDatabaseHandle.backupTo': 'packages/core/test/backup/streams.test.ts',
  'AsyncDatabaseHandle.putStream': 'packages/core/test/value-streams.test.ts',
  'AsyncDatabaseHandle.getStream': 'packages/core/test/value-streams.test.ts',
  'AsyncKeyspace.putStream': 'packages/core/test/value-streams.test.ts',
  'AsyncKeyspace.getStream': 'packages/core/test/value-streams.test.ts',
  'AsyncSnapshot.getStream': 'packages/core/test/value-streams.test.ts',
  'AsyncTransaction.getStream': 'packages/core/test/value-streams.test.ts',
  'AsyncTransactionKeyspace.getStream': 'packages/core/test/value-streams.test.ts',
}

const READS: readonly Read[] = [
  { read: 'get', key: 'a' },
  { read: 'has', key: 'a' },
  { read: 'getMany', keys: ['a', 'b'] },
  { read: 'count' },
  { read: 'estimate' },
  { read: 'cursor', moves: ['first', 'next', 'previous', 'last', { seek: 'a' }] },
  ...(['entries', 'keys', 'values'] as const).map((part): Read => ({ read: 'scan', part })),
  ...(['toArray', 'forEach', 'reduce', 'some', 'every', 'find', 'break'] as const).map((end): Read => ({
    read: 'scan',
    part: 'entries',
    stages: [['map'], ['flatMap'], ['take', 9]],
    end,
  })),
  { read: 'scan', part: 'keys', stages: [['filter'], ['drop', 1]] },
  { read: 'expiresAt', key: 'a' },
  { read: 'expiresAt', key: 'b' },
]

/** Every operation of a transaction, on `default` and on another keyspace, with every way to end it. */
const EVERY_STEP: readonly Command[] = [
  { do: 'keyspace', ks: 1 },
  ...(['return', 'commit', 'rollback', 'throw'] as const).map((end): Command => ({
    do: 'transaction',
    end,
    steps: [0, 1].flatMap((ks): TransactionStep[] => [
      { step: 'put', ks, key: 'a', value: '1' },
      { step: 'savepoint' },
      { step: 'delete', ks, key: 'a' },
      { step: 'deleteRange', ks, range: { gte: 'b' } },
      { step: 'clear', ks },
      { step: 'rollbackTo', savepoint: 0 },
      { step: 'lock', ks, key: 'a' },
      ...READS.map((read): TransactionStep => ({ step: 'read', ks, ...read })),
    ]),
  })),
  { do: 'txBegin', isolation: 'snapshot' },
  { do: 'txStep', pick: 0, step: { step: 'put', ks: 1, key: 'c', value: '3' } },
  { do: 'txCommit', pick: 0 },
  { do: 'txRollback', pick: 0 },
  { do: 'txForget', pick: 0 },
  { do: 'changes' },
]

/** Every read, live and in a snapshot, and every write, on `default` and on another keyspace. */
const EVERY_CALL: readonly Command[] = [
  { do: 'keyspace', ks: 1 },
  { do: 'snapshot' },
  ...[0, 1].flatMap((ks): Command[] => [
    { do: 'put', ks, key: 'a', value: '1' },
    { do: 'deleteRange', ks, range: { gte: 'b' } },
    { do: 'batch', steps: [{ ks, do: 'clear' }] },
    { do: 'clear', ks },
    ...READS.flatMap((read): Command[] => [
      { do: 'read', ks, ...read },
      { do: 'read', ks, from: 0, ...read },
    ]),
    { do: 'cursorOpen', ks },
    { do: 'cursorEnd', pick: 0 },
    { do: 'scanOpen', ks, part: 'keys' },
    { do: 'scanEnd', pick: 0 },
  ]),
  { do: 'release', pick: 0 },
]

function methodsOf(type: { readonly prototype: object }): string[] {
  const names = new Set<string>()
  for (
    let prototype = type.prototype;
    prototype !== Object.prototype;
    prototype = Object.getPrototypeOf(prototype) as object
  ) {
    for (const name of Object.getOwnPropertyNames(prototype)) {
      const { value } = Object.getOwnPropertyDescriptor(prototype, name) as { value?: unknown }
      if (typeof value === 'function' && name !== 'constructor') names.add(name)
    }
  }
  return [...names]
}

/** Counts method calls by class and name. */
function watch(): { readonly called: ReadonlySet<string>; end(): void } {
  const called = new Set<string>()
  const undo: (() => void)[] = []
  const watched = new Set<object>()
  for (const type of Object.values(API_CLASSES)) {
    for (
      let prototype = type.prototype as object;
      prototype !== Object.prototype && !watched.has(prototype);
      prototype = Object.getPrototypeOf(prototype) as object
    ) {
      watched.add(prototype)
      for (const name of Object.getOwnPropertyNames(prototype)) {
        const descriptor = Object.getOwnPropertyDescriptor(prototype, name)
        const { value } = descriptor as { value?: unknown }
        if (typeof value !== 'function' || name === 'constructor') continue
        Object.defineProperty(prototype, name, {
          ...descriptor,
          value: function (this: object, ...parameters: unknown[]): unknown {
            for (const [className, each] of Object.entries(API_CLASSES))
              if (this instanceof each) called.add(`${className}.${name}`)
            return (value as (...all: unknown[]) => unknown).apply(this, parameters)
          },
        })
        undo.push(() => Object.defineProperty(prototype, name, descriptor as PropertyDescriptor))
      }
    }
  }
  return { called, end: () => undo.forEach((each) => each()) }
}

test('the async API returns what the reference returns', { timeout: 600_000 }, async (context) => {
  const totals: Record<string, number> = {}
  for (let seed = FIRST; (totals['operations'] ?? 0) < OPERATIONS; seed++) {
    if (seed % 10 === 0) continue
    const counts = await runAsyncModelCase(seed)
    for (const [name, count] of Object.entries(counts)) totals[name] = (totals[name] ?? 0) + count
  }
  reportCounts(
    context,
    `async model: ${formatCount(totals['operations'])} operations, ${totals['reopens']} reopens, ${totals['crashes']} crashes, 0 violations`,
  )
  expect(totals['operations']).toBeGreaterThanOrEqual(OPERATIONS)
})

/** Methods that other tests call, in whatever class, by their names. */
const METHODS_ELSEWHERE: Readonly<Record<string, string>> = {
  take: 'packages/core/test/read-modify-write.test.ts',
  hasMany: 'packages/core/test/read-modify-write.test.ts',
  nextMany: 'packages/core/test/read-modify-write.test.ts',
  toJSON: 'packages/core/test/handle-summaries.test.ts',
  consumers: 'packages/core/test/consumers.test.ts',
  logRecords: 'packages/core/test/log-records.test.ts',
  dropConsumer: 'packages/core/test/consumers.test.ts',
  acknowledge: 'packages/core/test/consumers.test.ts',
  acknowledgeIn: 'packages/core/test/consumers.test.ts',
}
/** Methods of transactions that other tests call. */
const IN_TRANSACTIONS_ELSEWHERE: Readonly<Record<string, string>> = {
  putIfAbsent: 'packages/core/test/read-modify-write.test.ts',
  compareAndSwap: 'packages/core/test/read-modify-write.test.ts',
  update: 'packages/core/test/read-modify-write.test.ts',
  write: 'internal',
}

function isElsewhere(name: string): boolean {
  const [className = '', method = ''] = name.split('.')
  if (Object.hasOwn(METHODS_ELSEWHERE, method)) return true
  return className.includes('Transaction') && Object.hasOwn(IN_TRANSACTIONS_ELSEWHERE, method)
}

test('the model calls every method of both APIs', { timeout: 120_000 }, async () => {
  const { called, end } = watch()
  try {
    runModelCase(1)
    await runAsyncModelCase(1)
    for (const script of [EVERY_STEP, EVERY_CALL]) {
      runCommands(PLAIN_SETTINGS, script)
      await runCommandsAsync(PLAIN_SETTINGS, script)
    }
  } finally {
    end()
  }
  const missing = Object.entries(API_CLASSES).flatMap(([className, type]) =>
    methodsOf(type)
      .map((name) => `${className}.${name}`)
      .filter((name) => !called.has(name) && ELSEWHERE[name] === undefined && !isElsewhere(name)),
  )
  expect(missing).toEqual([])
})

/** Two conflicting transactions and one without a conflict. */
const SCRIPT: readonly Command[] = [
  { do: 'txBegin' },
  { do: 'txStep', pick: 0, step: { step: 'read', ks: 0, read: 'get', key: 'a' } },
  { do: 'txStep', pick: 0, step: { step: 'put', ks: 0, key: 'b', value: '1' } },
  { do: 'transaction', steps: [{ step: 'put', ks: 0, key: 'a', value: '2' }], end: 'return' },
  { do: 'txCommit', pick: 0 },
  { do: 'changes' },
]

/** Replaces the result of one kind of command by a wrong one. */
const FAULTS: Readonly<Record<string, (command: Command, result: string) => string>> = {
  'a conflict without a cause': (command, result) =>
    command.do === 'transaction' ? '!LDB_CONFLICT' : result,
  'a commit despite a conflicting read': (command, result) =>
    command.do === 'txCommit' ? 'committed' : result,
  'a missing change': (command, result) => (command.do === 'changes' ? 'in default, …' : result),
}

test('a correct database passes the script', async () => {
  await runCommandsAsync(PLAIN_SETTINGS, SCRIPT)
})

test.each(Object.entries(FAULTS))('detects %s', async (_, fault) => {
  class FaultySession extends AsyncSession {
    override async execute(command: Command): Promise<string> {
      return fault(command, await super.execute(command))
    }
  }
  const open = (settings: RunSettings): AsyncSession =>
    new FaultySession(settings, { vfs: new MemoryVfs(), directory: 'data' })
  await expect(runCommandsAsync(PLAIN_SETTINGS, SCRIPT, open)).rejects.toThrow(Violation)
})
