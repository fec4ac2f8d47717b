// Strategy: each limit, end and failure of a transaction with an example.
// Invariants: M19, M21, M22, M24, M26, M27, M28, M29.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { isLdbError, WriteBatch } from '@ldb/base'
import type { LdbErrorCode, OrderedStore } from '@ldb/base'
import { BTree } from '@ldb/btree'
import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import type { LeakedView } from '../src/options.js'
import { TransactionManager } from '../src/transaction-manager.js'
import type { Transaction } from '../src/transaction/transaction.js'
import { bytesOf, entriesOf, memoryManager, memoryTree, textOf, writeAll } from './model-bytes.js'

function codeOf(call: () => unknown): LdbErrorCode | undefined {
  try {
    call()
    return undefined
  } catch (error) {
    if (isLdbError(error)) return error.code
    throw error
  }
}

test('a transaction of a million puts commits atomically (M5, M24)', { timeout: 600_000 }, () => {
  const tree = BTree.open(new MemoryVfs(), '/tree.ldb', { cacheBytes: 2 ** 28 })
  const manager = new TransactionManager({ stores: [[1, tree]] })
  const tx = manager.begin()
  const key = new Uint8Array(16)
  const view = new DataView(key.buffer)
  const value = new Uint8Array(100)
  for (let number = 0; number < 1_000_000; number++) {
    view.setUint32(0, (number * 2_654_435_761) >>> 0)
    view.setUint32(4, number)
    tx.put(1, key, value)
  }
  expect(manager.snapshot().count(1)).toBe(0)
  tx.commit()
  expect(manager.snapshot().count(1)).toBe(1_000_000)
})

test('a transaction that exceeds its limit cannot be committed in part (M24)', () => {
  const manager = memoryManager({ bufferBytes: 4_096 })
  const tx = manager.begin()
  let putCount = 0
  const error = codeOf(() => {
    for (;;) tx.put(1, bytesOf(`key ${putCount++}`), new Uint8Array(50))
  })
  expect([error, putCount > 40 && putCount < 80]).toEqual(['LDB_TOO_LARGE', true])
  expect(codeOf(() => tx.commit())).toBe('LDB_TOO_LARGE')
  expect(tx.isOpen).toBe(false)
  expect(manager.snapshot().count(1)).toBe(0)
  expect(manager.stats().openCount).toBe(1)
})

test('overwriting and rolling back reuse the memory of the write set (M17, M24)', () => {
  const manager = memoryManager({ bufferBytes: 16_384 })
  const tx = manager.begin()
  for (let round = 0; round < 10_000; round++) tx.put(1, bytesOf('key'), bytesOf(`value ${round}`))
  const savepoint = tx.savepoint()
  for (let round = 0; round < 10_000; round++) {
    tx.put(1, bytesOf(`other ${round % 7}`), bytesOf('value'))
    if (round % 5 === 0) tx.deleteRange(1, bytesOf('other'), bytesOf('p'))
    if (round % 3 === 0) tx.rollbackTo(savepoint)
  }
  tx.rollbackTo(savepoint)
  tx.commit()
  expect(entriesOf(manager.snapshot().cursor(1))).toEqual([['key', 'value 9999']])
})

test('the longest-running transaction fails at the limit, others do not (M26, M27)', () => {
  let nowMs = 1_000
  const manager = memoryManager({ recentBytes: 1_048_576, monotonicMs: () => nowMs })
  writeAll(manager, { mine: '1' })
  const oldest = manager.begin()
  const reader = manager.begin()
  const other = manager.begin({ isolation: 'snapshot' })
  oldest.get(1, bytesOf('mine'))
  oldest.put(1, bytesOf('mine'), bytesOf('2'))
  reader.get(1, bytesOf('mine'))
  other.put(2, bytesOf('elsewhere'), bytesOf('2'))
  nowMs += 5_000
  let late = manager.begin()
  for (let round = 0; round < 400; round++) {
    const batch = new WriteBatch()
    for (let key = 0; key < 100; key++) batch.put(1, bytesOf(`round ${round} key ${key}`), bytesOf('value'))
    manager.write(batch)
    expect(manager.stats().recentBytes).toBeLessThanOrEqual(1_048_576)
    late.rollback()
    late = manager.begin()
  }
  expect(manager.stats()).toMatchObject({ openCount: 4, oldestAgeMs: 5_000, oldestSeq: 1 })
  expect(manager.stats().recentCount).toBeGreaterThan(1_000)
  late.put(1, bytesOf('mine too'), bytesOf('2'))
  late.commit()
  reader.commit()
  other.commit()
  expect(codeOf(() => oldest.commit())).toBe('LDB_CONFLICT')
  expect(manager.stats()).toMatchObject({ openCount: 0, recentCount: 0, recentBytes: 0, conflictCount: 1 })
})

test('a commit larger than the limit fails the transactions that do not see it, and no later ones (M26)', () => {
  const manager = memoryManager({ recentBytes: 4_096 })
  const before = manager.begin()
  before.put(1, bytesOf('mine'), bytesOf('1'))
  const batch = new WriteBatch()
  for (let key = 0; key < 1_000; key++) batch.put(1, bytesOf(`key ${key}`), bytesOf('value'))
  manager.write(batch)
  const after = manager.begin()
  after.put(1, bytesOf('mine'), bytesOf('2'))
  expect(codeOf(() => before.commit())).toBe('LDB_CONFLICT')
  after.commit()
})

test('no write sets are retained for readers (M26)', () => {
  const manager = memoryManager()
  using snapshot = manager.snapshot()
  using reader = manager.begin({ readOnly: true })
  writeAll(manager, { a: '1' })
  expect(manager.stats()).toMatchObject({ openCount: 2, openWriterCount: 0, recentCount: 0 })
  expect([snapshot.seq, reader.seq, manager.seq]).toEqual([0, 0, 1])
})

test('an ended transaction and its cursors fail with LDB_CLOSED (M21)', () => {
  for (const end of ['commit', 'rollback', 'close', 'dispose'] as const) {
    const manager = memoryManager()
    writeAll(manager, { a: '1' })
    const tx = manager.begin()
    const savepoint = tx.savepoint()
    const cursor = tx.cursor(1)
    cursor.first()
    if (end === 'close') manager.close()
    else if (end === 'dispose') tx[Symbol.dispose]()
    else tx[end]()
    const key = bytesOf('a')
    const calls: (() => unknown)[] = [
      () => tx.get(1, key),
      () => tx.has(1, key),
      () => tx.getForUpdate(1, key),
      () => tx.cursor(1),
      () => tx.count(1),
      () => tx.estimate(1),
      () => tx.put(1, key, key),
      () => tx.delete(1, key),
      () => tx.deleteRange(1),
      () => tx.savepoint(),
      () => tx.rollbackTo(savepoint),
      () => tx.commit(),
      () => tx.prepare(),
      () => cursor.first(),
      () => cursor.next(),
      () => cursor.seek(key),
    ]
    for (const call of calls)
      expect([end, String(call), codeOf(call)]).toEqual([end, String(call), 'LDB_CLOSED'])
    tx.rollback()
    cursor.close()
  }
})

test('savepoints of other transactions and writes of read-only ones are rejected (M14, M19)', () => {
  const manager = memoryManager()
  const [tx, other] = [manager.begin(), manager.begin()]
  const foreign = other.savepoint()
  tx.put(1, bytesOf('a'), bytesOf('1'))
  expect(codeOf(() => tx.rollbackTo(foreign))).toBe('LDB_NOT_FOUND')
  expect(codeOf(() => tx.rollbackTo({} as typeof foreign))).toBe('LDB_NOT_FOUND')
  expect(textOf(tx.get(1, bytesOf('a')))).toBe('1')
  const reader = manager.begin({ readOnly: true })
  const key = bytesOf('a')
  for (const call of [
    () => reader.put(1, key, key),
    () => reader.delete(1, key),
    () => reader.deleteRange(1),
    () => reader.getForUpdate(1, key),
    () => reader.savepoint(),
  ])
    expect(codeOf(call)).toBe('LDB_READ_ONLY')
  expect(codeOf(() => tx.put(3, key, key))).toBe('LDB_NOT_FOUND')
  expect(codeOf(() => tx.put(1, new Uint8Array(65_536), key))).toBe('LDB_TOO_LARGE')
  expect(codeOf(() => tx.put(1, key, 'text' as unknown as Uint8Array))).toBe('LDB_INVALID_ARGUMENT')
  expect(codeOf(() => manager.begin({ isolation: 'none' as 'snapshot' }))).toBe('LDB_INVALID_ARGUMENT')
  // A write rejected for its arguments leaves the transaction usable (M24 is about the total).
  tx.commit()
  expect(manager.seq).toBe(1)
})

test('a transaction callback commits when it returns, and only then (M29)', () => {
  const manager = memoryManager()
  expect(manager.transaction((tx) => (tx.put(1, bytesOf('a'), bytesOf('1')), 'given'))).toBe('given')
  expect(codeOf(() => manager.transaction(async (tx) => tx.put(1, bytesOf('b'), bytesOf('1'))))).toBe(
    'LDB_INVALID_ARGUMENT',
  )
  const own = new Error('own')
  expect(() =>
    manager.transaction((tx) => {
      tx.put(1, bytesOf('c'), bytesOf('1'))
      throw own
    }),
  ).toThrow(own)
  const endedBy = (end: (tx: Transaction) => void): string | undefined =>
    codeOf(() =>
      manager.transaction((tx) => {
        tx.put(1, bytesOf('d'), bytesOf('1'))
        end(tx)
      }),
    )
  expect(endedBy((tx) => tx.rollback())).toBe('LDB_ABORTED')
  expect(entriesOf(manager.snapshot().cursor(1))).toEqual([['a', '1']])
  expect(manager.stats()).toMatchObject({ committedCount: 1, rolledBackCount: 3 })
  expect(endedBy((tx) => tx.commit())).toBeUndefined()
  expect(endedBy(() => manager.close())).toBe('LDB_CLOSED')
})

test('a partly applied commit poisons everything except frozen views (M5, M28)', () => {
  const good = memoryTree()
  const bad = memoryTree()
  const manager = new TransactionManager({
    stores: [
      [1, good],
      [2, new Proxy(bad, { get: (target, name) => (name === 'apply' ? failing : bound(target, name)) })],
    ],
  })
  writeAll(manager, { a: '1' })
  using snapshot = manager.snapshot()
  const open = manager.begin()
  const tx = manager.begin()
  tx.put(1, bytesOf('a'), bytesOf('2'))
  tx.put(2, bytesOf('a'), bytesOf('2'))
  expect(() => tx.commit()).toThrow('the device is gone')
  expect(codeOf(() => manager.begin())).toBe('LDB_POISONED')
  expect(codeOf(() => manager.snapshot())).toBe('LDB_POISONED')
  expect(textOf(snapshot.get(1, bytesOf('a')))).toBe('1')
  open.put(1, bytesOf('b'), bytesOf('2'))
  expect(codeOf(() => open.commit())).toBe('LDB_POISONED')
  expect(manager.stats()).toMatchObject({ committedCount: 0, failedCount: 2 })
})

function failing(): void {
  throw new Error('the device is gone')
}

function bound(target: OrderedStore, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name)
  return typeof value === 'function' ? (value as () => unknown).bind(target) : value
}

test('adding or removing a store changes no open view (M1)', () => {
  const manager = memoryManager()
  writeAll(manager, { a: '1' }, 2)
  using before = manager.snapshot()
  manager.removeStore(2)
  manager.addStore(3, memoryTree())
  writeAll(manager, { a: '3' }, 3)
  using after = manager.snapshot()
  expect(textOf(before.get(2, bytesOf('a')))).toBe('1')
  expect(before.count(3)).toBe(0)
  expect(codeOf(() => after.get(2, bytesOf('a')))).toBe('LDB_NOT_FOUND')
  expect(textOf(after.get(3, bytesOf('a')))).toBe('3')
})

test('a transaction begun after the removal of a store does not see it, at the same commit (M1)', () => {
  const manager = memoryManager()
  writeAll(manager, { a: '1' }, 2)
  using before = manager.begin()
  manager.removeStore(2)
  using after = manager.begin()
  expect(after.seq).toBe(before.seq)
  expect(textOf(before.get(2, bytesOf('a')))).toBe('1')
  expect(codeOf(() => after.get(2, bytesOf('a')))).toBe('LDB_NOT_FOUND')
  expect(codeOf(() => after.put(2, bytesOf('a'), bytesOf('2')))).toBe('LDB_NOT_FOUND')
})

test('leaks are detected, released and reported (M22)', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const reports: LeakedView[] = []
  let nowMs = 0
  const manager = memoryManager({ monotonicMs: () => nowMs, onLeak: (report) => reports.push(report) })
  writeAll(manager, { a: '1' })
  const leak = (): void => {
    const tx = manager.begin()
    tx.put(1, bytesOf('a'), bytesOf('2'))
    tx.cursor(1).first()
    manager.snapshot().get(1, bytesOf('a'))
    manager.begin().commit()
    manager.snapshot().release()
  }
  leak()
  nowMs = 70
  const kept = manager.begin()
  expect(manager.stats().openCount).toBe(3)
  for (let round = 0; round < 100 && reports.length < 2; round++) {
    collect()
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(reports.map(({ kind }) => kind).sort()).toEqual(['snapshot', 'transaction'])
  expect(reports[0]).toMatchObject({ seq: 1, ageMs: 70 })
  expect(manager.stats()).toMatchObject({ openCount: 1, leakedCount: 2 })
  expect(textOf(kept.get(1, bytesOf('a')))).toBe('1')
  kept.rollback()
})
