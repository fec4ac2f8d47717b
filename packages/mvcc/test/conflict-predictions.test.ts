// Strategy: each kind of read against each kind of write: the prediction is compared with the outcome of the commits.
// Invariants: M6, M8, M11, M12.
import { WriteBatch } from '@ldb/base'
import { describe, expect, test } from 'vitest'
import type { Transaction } from '../src/transaction/transaction.js'
import type { TransactionManager } from '../src/transaction-manager.js'
import { bytesOf, entriesOf, memoryManager, outcomeOf, writeAll } from './model-bytes.js'

const LEVELS = ['snapshot', 'serializable'] as const

/** Returns a manager with the keys b, d, f. */
function withKeys(): TransactionManager {
  const manager = memoryManager()
  writeAll(manager, { b: '1', d: '1', f: '1' })
  return manager
}

describe.each(LEVELS)('wouldConflict, with %s isolation', (isolation) => {
  const reads: [string, (tx: Transaction) => unknown][] = [
    ['a read', (tx) => tx.get(1, bytesOf('b'))],
    ['a read for update', (tx) => tx.getForUpdate(1, bytesOf('b'))],
    ['a write', (tx) => tx.put(1, bytesOf('b'), bytesOf('2'))],
    ['a closed scan', (tx) => entriesOf(tx.cursor(1))],
    ['an open cursor', (tx) => tx.cursor(1).seek(bytesOf('b'))],
    ['a deleted range', (tx) => tx.deleteRange(1, bytesOf('a'), bytesOf('c'))],
    ['another key', (tx) => tx.getForUpdate(1, bytesOf('d'))],
    ['nothing', () => undefined],
  ]
  const writes: [string, (tx: Transaction) => unknown][] = [
    ['a put', (tx) => tx.put(1, bytesOf('b'), bytesOf('3'))],
    ['a delete', (tx) => tx.delete(1, bytesOf('b'))],
    ['a deleted range', (tx) => tx.deleteRange(1, bytesOf('b'), bytesOf('c'))],
    ['a read for update', (tx) => (tx.getForUpdate(1, bytesOf('b')), tx.put(1, bytesOf('z'), bytesOf('3')))],
    ['only a read', (tx) => tx.get(1, bytesOf('b'))],
  ]
  for (const [read, doRead] of reads)
    for (const [write, doWrite] of writes)
      test(`foretells what a commit does: ${write} against ${read}`, () => {
        const manager = withKeys()
        const [first, second] = [manager.begin({ isolation }), manager.begin({ isolation })]
        expect(manager.hasWriters).toBe(true)
        doRead(second)
        doWrite(first)
        const isForetold = first.wouldConflict(second)
        expect(first.hasWrites).toBe(write !== 'only a read')
        first.commit()
        // A transaction that writes nothing and reads nothing for update cannot meet a conflict itself.
        second.put(1, bytesOf('own'), bytesOf('1'))
        const outcome = outcomeOf(second)
        expect(isForetold).toBe(outcome === 'LDB_CONFLICT')
        expect([manager.hasWriters, first.wouldConflict(second)]).toEqual([false, false])
      })

  test('is assumed for a commit of more than 1 MiB', () => {
    const manager = withKeys()
    const [first, second] = [manager.begin({ isolation }), manager.begin({ isolation })]
    first.put(1, bytesOf('large'), new Uint8Array(1 << 20))
    expect(first.wouldConflict(second)).toBe(true)
    for (const tx of [first, second]) tx.rollback()
  })

  test('is assumed when a write set has exceeded its limit', () => {
    const manager = memoryManager({ bufferBytes: 4096 })
    const [first, second] = [manager.begin({ isolation }), manager.begin({ isolation })]
    second.put(1, bytesOf('a'), bytesOf('1'))
    expect(() => first.put(1, bytesOf('large'), new Uint8Array(8192))).toThrow()
    expect([first.hasWrites, first.wouldConflict(second), second.wouldConflict(first)]).toEqual([
      true,
      true,
      true,
    ])
    for (const tx of [first, second]) tx.rollback()
  })
})

test('a write set that is extended before it is visible conflicts with transactions that begin later (M6)', () => {
  const manager = memoryManager({ commit: () => undefined })
  const batch = new WriteBatch()
  batch.put(1, bytesOf('a'), bytesOf('1'))
  const sections = batch.sections()
  manager.noteCommit(1, sections)
  batch.put(1, bytesOf('b'), bytesOf('1'))
  manager.noteCommit(2, sections)
  for (const key of ['a', 'b', 'c']) {
    const tx = manager.begin()
    tx.put(1, bytesOf(key), bytesOf('2'))
    expect(outcomeOf(tx)).toBe(key === 'c' ? 'committed' : 'LDB_CONFLICT')
  }
  manager.noteVisible(2)
  const after = manager.begin()
  after.put(1, bytesOf('a'), bytesOf('3'))
  expect(outcomeOf(after)).toBe('committed')
})
