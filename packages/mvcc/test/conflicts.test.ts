// Strategy: for each rule about conflicts, examples that must conflict and examples that must not.
// Invariants: M6 to M8, M10 to M16, M18, M23, M31.
import { WriteBatch } from '@ldb/base'
import { describe, expect, test } from 'vitest'
import type { Transaction } from '../src/transaction/transaction.js'
import type { TransactionManager } from '../src/transaction-manager.js'
import { bytesOf, entriesOf, memoryManager, outcomeOf, textOf, writeAll } from './model-bytes.js'

const LEVELS = ['snapshot', 'serializable'] as const

/** Returns a manager with the keys b, d, f. */
function withKeys(): TransactionManager {
  const manager = memoryManager()
  writeAll(manager, { b: '1', d: '1', f: '1' })
  return manager
}

/** Scans up to `count` entries and returns their keys. */
function scan(tx: Transaction, count: number, reverse = false, lower?: string, upper?: string): string[] {
  const cursor = tx.cursor(1, {
    lower: lower === undefined ? undefined : bytesOf(lower),
    upper: upper === undefined ? undefined : bytesOf(upper),
  })
  const keys: string[] = []
  for (let found = reverse ? cursor.last() : cursor.first(); found;) {
    keys.push(textOf(cursor.key))
    if (keys.length === count) break
    found = reverse ? cursor.previous() : cursor.next()
  }
  cursor.close()
  return keys
}

describe('ranges (M12)', () => {
  const cases: [string, (tx: Transaction) => unknown, string[], string[]][] = [
    ['a scan with a limit', (tx) => scan(tx, 2), ['', 'a', 'b', 'c', 'd'], ['d\0', 'e', 'f', 'z']],
    ['a backward scan with a limit', (tx) => scan(tx, 2, true), ['d', 'e', 'f', 'z'], ['c\xff', 'b', 'a']],
    ['a full scan', (tx) => scan(tx, 9), ['', 'a', 'z'], []],
    ['an empty range', (tx) => scan(tx, 9, false, 'g', 'i'), ['g', 'h'], ['f', 'i', 'z']],
    [
      'a backward scan of an empty range',
      (tx) => scan(tx, 9, true, 'g', 'i'),
      ['g', 'h\xff'],
      ['f\xff', 'i'],
    ],
    [
      'a count',
      (tx) => tx.count(1, { lower: bytesOf('c'), upper: bytesOf('e') }),
      ['c', 'd', 'dd'],
      ['b', 'e'],
    ],
    ['a seek', (tx) => tx.cursor(1).seek(bytesOf('c')), ['c', 'cc', 'd'], ['b', 'd\0', 'e']],
    ['a backward seek', (tx) => tx.cursor(1).seekBackward(bytesOf('c')), ['b', 'bb', 'c'], ['a', 'c\0']],
    ['a seek that finds nothing', (tx) => tx.cursor(1).seek(bytesOf('g')), ['g', 'z'], ['f\xff', 'a']],
    ['an unused cursor', (tx) => tx.cursor(1), [], ['a', 'b', 'z']],
    ['an estimate', (tx) => tx.estimate(1), [], ['a', 'b']],
    ['an absent key', (tx) => tx.get(1, bytesOf('c')), ['c'], ['c\0', 'b']],
  ]
  test.each(cases)('%s', (_, read, conflicting, harmless) => {
    for (const [keys, expected] of [
      [conflicting, 'LDB_CONFLICT'],
      [harmless, 'committed'],
    ] as const) {
      for (const each of keys) {
        const manager = withKeys()
        const tx = manager.begin()
        read(tx)
        tx.put(2, bytesOf('x'), bytesOf('x'))
        writeAll(manager, { [each]: 'new' })
        expect([each, outcomeOf(tx)]).toEqual([each, expected])
        const weak = manager.begin({ isolation: 'snapshot' })
        read(weak)
        weak.put(2, bytesOf('x'), bytesOf('x'))
        writeAll(manager, { [each]: 'new' })
        expect(outcomeOf(weak)).toBe('committed')
      }
    }
  })
})

test.each(LEVELS)('at %s, two writes of a key conflict, regardless of the values (M8, M10)', (isolation) => {
  const changes: ((tx: Transaction) => void)[] = [
    (tx) => tx.put(1, bytesOf('b'), bytesOf('1')),
    (tx) => tx.delete(1, bytesOf('b')),
    (tx) => tx.deleteRange(1, bytesOf('a'), bytesOf('c')),
    (tx) => tx.deleteRange(1),
    (tx) => {
      tx.delete(1, bytesOf('b'))
      tx.put(1, bytesOf('b'), bytesOf('1'))
    },
  ]
  for (const mine of changes) {
    for (const theirs of changes) {
      const manager = withKeys()
      const [first, second] = [manager.begin({ isolation }), manager.begin({ isolation })]
      mine(first)
      theirs(second)
      expect(outcomeOf(second)).toBe('committed')
      expect(outcomeOf(first)).toBe('LDB_CONFLICT')
      expect(first.isOpen).toBe(false)
    }
  }
})

test.each(LEVELS)('at %s, other keys and other stores do not conflict (M6)', (isolation) => {
  const manager = withKeys()
  const tx = manager.begin({ isolation })
  tx.put(1, bytesOf('b'), bytesOf('2'))
  tx.deleteRange(1, bytesOf('c'), bytesOf('d'))
  writeAll(manager, { b: 'in the other store' }, 2)
  writeAll(manager, { a: '', d: '', bb: '' })
  expect(outcomeOf(tx)).toBe('committed')
})

test.each(LEVELS)('at %s, of two inserts of an absent key the first commits (M8, M10)', (isolation) => {
  const manager = memoryManager()
  const [first, second] = [manager.begin({ isolation }), manager.begin({ isolation })]
  for (const tx of [first, second]) {
    expect(tx.get(1, bytesOf('new'))).toBeUndefined()
    tx.put(1, bytesOf('new'), bytesOf('mine'))
  }
  expect([outcomeOf(second), outcomeOf(first)]).toEqual(['committed', 'LDB_CONFLICT'])
})

test.each(LEVELS)('at %s, the removal of expired entries conflicts with nothing (M31)', (isolation) => {
  const manager = withKeys()
  const tx = manager.begin({ isolation })
  tx.getForUpdate(1, bytesOf('b'))
  scan(tx, 9)
  tx.delete(1, bytesOf('d'))
  tx.deleteRange(1, bytesOf('e'), bytesOf('g'))
  const batch = new WriteBatch()
  for (const key of ['b', 'd', 'f']) batch.expire(1, bytesOf(key))
  manager.write(batch)
  expect(outcomeOf(tx)).toBe('committed')
})

test('a key that was deleted and put again conflicts (M10)', () => {
  const manager = withKeys()
  const tx = manager.begin()
  tx.get(1, bytesOf('b'))
  tx.put(2, bytesOf('x'), bytesOf('x'))
  writeAll(manager, { b: undefined })
  writeAll(manager, { b: '1' })
  expect(outcomeOf(tx)).toBe('LDB_CONFLICT')
})

test('a read for update conflicts like a write, in both directions (M11)', () => {
  for (const isolation of LEVELS) {
    const later = withKeys()
    const tx = later.begin({ isolation })
    expect(textOf(tx.getForUpdate(1, bytesOf('b')))).toBe('1')
    tx.put(1, bytesOf('f'), bytesOf('2'))
    writeAll(later, { b: '2' })
    expect(outcomeOf(tx)).toBe('LDB_CONFLICT')

    const earlier = withKeys()
    const [locker, writer, reader] = [
      earlier.begin({ isolation }),
      earlier.begin({ isolation }),
      earlier.begin({ isolation: 'snapshot' }),
    ]
    locker.getForUpdate(1, bytesOf('b'))
    locker.put(1, bytesOf('f'), bytesOf('2'))
    writer.put(1, bytesOf('b'), bytesOf('2'))
    reader.get(1, bytesOf('b'))
    reader.put(1, bytesOf('d'), bytesOf('2'))
    expect(outcomeOf(locker)).toBe('committed')
    expect(outcomeOf(writer)).toBe('LDB_CONFLICT')
    expect(outcomeOf(reader)).toBe('committed')
    expect(textOf(earlier.snapshot().get(1, bytesOf('b')))).toBe('1')
  }
})

test('write skew is prevented at snapshot by reads for update (M11)', () => {
  const manager = memoryManager()
  writeAll(manager, { x: '1', y: '1' })
  const [first, second] = [manager.begin({ isolation: 'snapshot' }), manager.begin({ isolation: 'snapshot' })]
  first.getForUpdate(1, bytesOf('y'))
  first.put(1, bytesOf('x'), bytesOf('0'))
  second.get(1, bytesOf('x'))
  second.put(1, bytesOf('y'), bytesOf('0'))
  expect([outcomeOf(first), outcomeOf(second)]).toEqual(['committed', 'LDB_CONFLICT'])
})

test('reads of own writes are not in the read set; a rollback keeps the read set (M13, M18)', () => {
  const manager = withKeys()
  const own = manager.begin({ isolation: 'serializable' })
  const point = own.savepoint()
  own.put(1, bytesOf('b'), bytesOf('mine'))
  own.get(1, bytesOf('b'))
  own.has(1, bytesOf('b'))
  own.rollbackTo(point)
  own.put(2, bytesOf('x'), bytesOf('x'))
  writeAll(manager, { b: '2' })
  expect(outcomeOf(own)).toBe('committed')

  for (const read of [
    (tx: Transaction) => tx.get(1, bytesOf('b')),
    (tx: Transaction) => tx.getForUpdate(1, bytesOf('b')),
  ]) {
    const tx = manager.begin()
    const before = tx.savepoint()
    read(tx)
    tx.put(1, bytesOf('b'), bytesOf('mine'))
    tx.rollbackTo(before)
    tx.put(2, bytesOf('x'), bytesOf('x'))
    writeAll(manager, { b: '2' })
    expect(outcomeOf(tx)).toBe('LDB_CONFLICT')
  }
})

test('a transaction without writes always commits, unless it read for update (M14, M15)', () => {
  const manager = withKeys()
  for (const options of [{}, { isolation: 'snapshot' as const }, { readOnly: true }]) {
    const tx = manager.begin(options)
    scan(tx, 9)
    tx.get(1, bytesOf('b'))
    writeAll(manager, { b: '2', z: '2' })
    expect(outcomeOf(tx)).toBe('committed')
  }
  const undone = manager.begin()
  const point = undone.savepoint()
  undone.get(1, bytesOf('b'))
  undone.put(1, bytesOf('b'), bytesOf('3'))
  undone.rollbackTo(point)
  writeAll(manager, { b: '3' })
  expect(outcomeOf(undone)).toBe('committed')

  const { seq } = manager
  const checked = manager.begin()
  checked.getForUpdate(1, bytesOf('b'))
  writeAll(manager, { b: '4' })
  expect(outcomeOf(checked)).toBe('LDB_CONFLICT')
  const unmarked = manager.begin({ isolation: 'snapshot' })
  unmarked.put(1, bytesOf('d'), bytesOf('4'))
  const locker = manager.begin()
  locker.getForUpdate(1, bytesOf('d'))
  expect([outcomeOf(locker), outcomeOf(unmarked)]).toEqual(['committed', 'committed'])
  expect(manager.seq).toBe(seq + 2)
})

test('a commit in flight is not visible, and conflicts (M2, M6, M7)', () => {
  const manager = withKeys()
  for (const isBegunBefore of [true, false]) {
    const batch = new WriteBatch()
    batch.put(1, bytesOf('b'), bytesOf('in flight'))
    const early = isBegunBefore ? manager.begin() : undefined
    const seq = manager.seq + 1
    manager.noteCommit(seq, batch.sections())
    const tx = early ?? manager.begin()
    expect(textOf(tx.get(1, bytesOf('b')))).toBe('1')
    tx.put(2, bytesOf('x'), bytesOf('x'))
    let error: unknown
    try {
      tx.prepare()
    } catch (thrown) {
      error = thrown
    }
    expect((error as { readonly code: string }).code).toBe('LDB_CONFLICT')
    // The append to the log failed: the commit is aborted and its seq is reused (M16).
    manager.noteAborted(seq)
    const after = manager.begin()
    expect(textOf(after.get(1, bytesOf('b')))).toBe('1')
    after.put(1, bytesOf('b'), bytesOf('1'))
    expect(outcomeOf(after)).toBe('committed')
    expect(manager.seq).toBe(seq)
  }
})

test('many transactions are open at once and end in any order (M23)', () => {
  const manager = withKeys()
  const open = Array.from({ length: 300 }, (_, index) => {
    writeAll(manager, { counter: String(index) })
    return manager.begin({ readOnly: index % 3 === 0 })
  })
  const order = open
    .map((tx, index) => ({ tx, index }))
    .sort((a, b) => ((a.index * 7919) % 300) - ((b.index * 7919) % 300))
  for (const { tx, index } of order) {
    expect(textOf(tx.get(1, bytesOf('counter')))).toBe(String(index))
    expect(entriesOf(tx.cursor(1, { lower: bytesOf('counter') }))[0]).toEqual(['counter', String(index)])
    if (index % 2 === 0) tx.commit()
    else tx.rollback()
    writeAll(manager, { counter: 'later' })
  }
  const { openCount, recentCount } = manager.stats()
  expect([openCount, recentCount]).toEqual([0, 0])
})
