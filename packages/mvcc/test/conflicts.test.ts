// Strategy: each rule about conflicts with an example, and what must not conflict.
// Invariants: M6 to M8, M10 to M16, M18, M23, M31.
import { WriteBatch } from '@ldb/base'
import { describe, expect, test } from 'vitest'
import type { Transaction } from '../src/transaction/transaction.js'
import type { TransactionManager } from '../src/transaction-manager.js'
import { bytesOf, entriesOf, memoryManager, outcomeOf, textOf, writeAll } from './model-bytes.js'

const LEVELS = ['snapshot', 'serializable'] as const

/** A manager with the keys b, d, f. */
function withKeys(): TransactionManager {
  const manager = memoryManager()
  writeAll(manager, { b: '1', d: '1', f: '1' })
  return manager
}

/** Takes so many entries of a scan, with limit and direction as a program would. */
function take(tx: Transaction, count: number, reverse = false, lower?: string, upper?: string): string[] {
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
    [
      'a limit covers what was asked for',
      (tx) => take(tx, 2),
      ['', 'a', 'b', 'c', 'd'],
      ['d\0', 'e', 'f', 'z'],
    ],
    ['a limit, backwards', (tx) => take(tx, 2, true), ['d', 'e', 'f', 'z'], ['c\xff', 'b', 'a']],
    ['all of it', (tx) => take(tx, 9), ['', 'a', 'z'], []],
    ['an empty range', (tx) => take(tx, 9, false, 'g', 'i'), ['g', 'h'], ['f', 'i', 'z']],
    ['an empty range, backwards', (tx) => take(tx, 9, true, 'g', 'i'), ['g', 'h\xff'], ['f\xff', 'i']],
    [
      'a count',
      (tx) => tx.count(1, { lower: bytesOf('c'), upper: bytesOf('e') }),
      ['c', 'd', 'dd'],
      ['b', 'e'],
    ],
    ['a seek', (tx) => tx.cursor(1).seek(bytesOf('c')), ['c', 'cc', 'd'], ['b', 'd\0', 'e']],
    ['a seek backwards', (tx) => tx.cursor(1).seekBackward(bytesOf('c')), ['b', 'bb', 'c'], ['a', 'c\0']],
    ['a seek to nothing', (tx) => tx.cursor(1).seek(bytesOf('g')), ['g', 'z'], ['f\xff', 'a']],
    ['a cursor that was not moved', (tx) => tx.cursor(1), [], ['a', 'b', 'z']],
    ['an estimate', (tx) => tx.estimate(1), [], ['a', 'b']],
    ['an absent key', (tx) => tx.get(1, bytesOf('c')), ['c'], ['c\0', 'b']],
  ]
  test.each(cases)('%s', (_, look, conflicting, harmless) => {
    for (const [keys, expected] of [
      [conflicting, 'LDB_CONFLICT'],
      [harmless, 'committed'],
    ] as const) {
      for (const each of keys) {
        const manager = withKeys()
        const tx = manager.begin()
        look(tx)
        tx.put(2, bytesOf('x'), bytesOf('x'))
        writeAll(manager, { [each]: 'new' })
        expect([each, outcomeOf(tx)]).toEqual([each, expected])
        const weak = manager.begin({ isolation: 'snapshot' })
        look(weak)
        weak.put(2, bytesOf('x'), bytesOf('x'))
        writeAll(manager, { [each]: 'new' })
        expect(outcomeOf(weak)).toBe('committed')
      }
    }
  })
})

test.each(LEVELS)(
  'at %s, a key that two have written conflicts, whatever was written (M8, M10)',
  (isolation) => {
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
  },
)

test.each(LEVELS)('at %s, other keys and other stores do not conflict (M6)', (isolation) => {
  const manager = withKeys()
  const tx = manager.begin({ isolation })
  tx.put(1, bytesOf('b'), bytesOf('2'))
  tx.deleteRange(1, bytesOf('c'), bytesOf('d'))
  writeAll(manager, { b: 'in the other store' }, 2)
  writeAll(manager, { a: '', d: '', bb: '' })
  expect(outcomeOf(tx)).toBe('committed')
})

test.each(LEVELS)('at %s, a key absent in both is inserted by the first (M8, M10)', (isolation) => {
  const manager = memoryManager()
  const [first, second] = [manager.begin({ isolation }), manager.begin({ isolation })]
  for (const tx of [first, second]) {
    expect(tx.get(1, bytesOf('new'))).toBeUndefined()
    tx.put(1, bytesOf('new'), bytesOf('mine'))
  }
  expect([outcomeOf(second), outcomeOf(first)]).toEqual(['committed', 'LDB_CONFLICT'])
})

test.each(LEVELS)('at %s, nothing conflicts with the removal of what had expired (M31)', (isolation) => {
  const manager = withKeys()
  const tx = manager.begin({ isolation })
  tx.getForUpdate(1, bytesOf('b'))
  take(tx, 9)
  tx.delete(1, bytesOf('d'))
  tx.deleteRange(1, bytesOf('e'), bytesOf('g'))
  const batch = new WriteBatch()
  for (const key of ['b', 'd', 'f']) batch.expire(1, bytesOf(key))
  manager.write(batch)
  expect(outcomeOf(tx)).toBe('committed')
})

test('a key that was deleted and put again has changed (M10)', () => {
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

test('own writes are no reads, and what was read stays read after a rollback (M13, M18)', () => {
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

  for (const look of [
    (tx: Transaction) => tx.get(1, bytesOf('b')),
    (tx: Transaction) => tx.getForUpdate(1, bytesOf('b')),
  ]) {
    const tx = manager.begin()
    const before = tx.savepoint()
    look(tx)
    tx.put(1, bytesOf('b'), bytesOf('mine'))
    tx.rollbackTo(before)
    tx.put(2, bytesOf('x'), bytesOf('x'))
    writeAll(manager, { b: '2' })
    expect(outcomeOf(tx)).toBe('LDB_CONFLICT')
  }
})

test('who writes nothing commits always; who reads for update is checked (M14, M15)', () => {
  const manager = withKeys()
  for (const options of [{}, { isolation: 'snapshot' as const }, { readOnly: true }]) {
    const tx = manager.begin(options)
    take(tx, 9)
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

test('a commit in flight is not seen, and conflicts (M2, M6, M7)', () => {
  const manager = withKeys()
  for (const isBegunBefore of [true, false]) {
    const batch = new WriteBatch()
    batch.put(1, bytesOf('b'), bytesOf('flying'))
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
    // It does not happen: the log has refused it, and its number is free again (M16).
    manager.noteAborted(seq)
    const after = manager.begin()
    expect(textOf(after.get(1, bytesOf('b')))).toBe('1')
    after.put(1, bytesOf('b'), bytesOf('1'))
    expect(outcomeOf(after)).toBe('committed')
    expect(manager.seq).toBe(seq)
  }
})

test('many are open at once, and end in any order (M23)', () => {
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
