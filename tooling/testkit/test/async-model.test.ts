// Strategy: the commands of the model suite by promises, each sixth by the sync face, groups of them called at once; and a
// copy that is kept by the changes alone. What the suites call of the two faces is counted, so that no method is left out.
// Invariants: those of the model suite, and that the faces agree; M1 to M21 of @ldb/mvcc's SPEC.md.
import * as core from '@ldb/core'
import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { runAsyncModelCase } from '../src/model/async-model-suite.js'
import { AsyncSession } from '../src/model/async-session.js'
import type { Command } from '../src/model/commands.js'
import { runModelCase } from '../src/model/model-suite.js'
import { Violation } from '../src/violation.js'
import { grouped, tell } from './counted.js'

const FIRST = Number(process.env['LDB_MODEL_SEED'] ?? 1)
const OPERATIONS = Number(process.env['LDB_MODEL_OPERATIONS'] ?? 500_000) / 20

/** Classes of the two faces. */
const FACES = {
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

/** What the model leaves to others. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'Database.off': 'packages/core/src/database.test.ts',
  'AsyncDatabaseHandle.on': 'it is that of the sync face',
  'AsyncDatabaseHandle.off': 'it is that of the sync face',
  'Database.makePromises': 'internal',
  'Transaction.deleteBounds': 'internal',
}

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

/** Counts calls of methods, by class of the object and name. */
function watch(): { readonly called: ReadonlySet<string>; end(): void } {
  const called = new Set<string>()
  const undo: (() => void)[] = []
  const watched = new Set<object>()
  for (const type of Object.values(FACES)) {
    for (
      let prototype = type.prototype as Record<string, unknown>;
      prototype !== Object.prototype && !watched.has(prototype);
      prototype = Object.getPrototypeOf(prototype) as Record<string, unknown>
    ) {
      watched.add(prototype)
      for (const name of Object.getOwnPropertyNames(prototype)) {
        const descriptor = Object.getOwnPropertyDescriptor(prototype, name)
        const { value } = descriptor as { value?: unknown }
        if (typeof value !== 'function' || name === 'constructor') continue
        Object.defineProperty(prototype, name, {
          ...descriptor,
          value: function (this: object, ...given: unknown[]): unknown {
            for (const [face, each] of Object.entries(FACES))
              if (this instanceof each) called.add(`${face}.${name}`)
            return (value as (...all: unknown[]) => unknown).apply(this, given)
          },
        })
        undo.push(() => Object.defineProperty(prototype, name, descriptor as PropertyDescriptor))
      }
    }
  }
  return { called, end: () => undo.forEach((each) => each()) }
}

test('promises give what sorted arrays give', { timeout: 600_000 }, async (context) => {
  const totals: Record<string, number> = {}
  for (let seed = FIRST; (totals['operations'] ?? 0) < OPERATIONS; seed++) {
    if (seed % 10 === 0) continue
    const counts = await runAsyncModelCase(seed)
    for (const [name, count] of Object.entries(counts)) totals[name] = (totals[name] ?? 0) + count
  }
  tell(
    context,
    `model with promises: ${grouped(totals['operations'])} operations, ${totals['reopens']} reopenings, ${totals['crashes']} ends of the process, 0 violations`,
  )
  expect(totals['operations']).toBeGreaterThanOrEqual(OPERATIONS)
})

test('the model calls every method of both faces', { timeout: 120_000 }, async () => {
  const { called, end } = watch()
  try {
    for (const seed of [1, 2, 3]) {
      runModelCase(seed)
      await runAsyncModelCase(seed)
    }
  } finally {
    end()
  }
  const missing = Object.entries(FACES).flatMap(([face, type]) =>
    methodsOf(type)
      .map((name) => `${face}.${name}`)
      .filter((name) => !called.has(name) && ELSEWHERE[name] === undefined),
  )
  expect(missing).toEqual([])
})

/** Lies about one kind of command. */
const LIES: Readonly<Record<string, (command: Command, honest: string) => string>> = {
  'a conflict that nobody has caused': (command, honest) =>
    command.do === 'transaction' && honest.includes('done') ? '!LDB_CONFLICT' : honest,
  'a commit that is not one': (command, honest) =>
    command.do === 'txCommit' && honest === '!LDB_CONFLICT' ? 'committed' : honest,
  'a change that is not told': (command, honest) => (command.do === 'changes' ? 'in default, …' : honest),
}

test.each(Object.entries(LIES))('it is found when there is %s', async (_, lie) => {
  class Lying extends AsyncSession {
    override async answer(command: Command): Promise<string> {
      return lie(command, await super.answer(command))
    }
  }
  let found: unknown
  for (let seed = 1; seed < 40 && found === undefined; seed++) {
    if (seed % 10 === 0) continue
    await runAsyncModelCase(
      seed,
      (settings) => new Lying(settings, { vfs: new MemoryVfs(), directory: 'data' }),
    ).catch((error: unknown) => (found = error))
  }
  expect(found).toBeInstanceOf(Violation)
})
