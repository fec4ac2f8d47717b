// Strategy: moves of the store's cursor fail at random, before or after they take effect; each failed move is retried until
// it succeeds.
// Invariant: the scan equals one without failures, including own writes, and conflicts with the same commits.
import { isLdbError, WriteBatch } from '@ldb/base'
import type { KeyBounds, OrderedStore, StoreCursor } from '@ldb/base'
import { BTree } from '@ldb/btree'
import { MemoryVfs } from '@ldb/vfs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TransactionManager } from '../transaction-manager.js'

const STORE = 1
const bytes = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0))
const keyOf = (index: number): Uint8Array => bytes(String(index).padStart(3, '0'))

/** Wraps a store so that the moves of its cursors throw, before or after they take effect. */
function failingStore(store: OrderedStore, failure: () => 'before' | 'after' | undefined): OrderedStore {
  const wrapCursor = (cursor: StoreCursor): StoreCursor =>
    new Proxy(cursor, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target)
        if (typeof member !== 'function') return member
        if (!['first', 'last', 'seek', 'seekBackward', 'next', 'previous'].includes(String(name)))
          return member.bind(target) as unknown
        return (...given: unknown[]): unknown => {
          const when = failure()
          if (when === 'before') throw new RangeError('page not resident')
          const result: unknown = Reflect.apply(member as () => unknown, target, given)
          if (when === 'after') throw new RangeError('page not resident')
          return result
        }
      },
    })
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target)
      if (name !== 'snapshot') return typeof member === 'function' ? (member.bind(target) as unknown) : member
      return () => {
        const snapshot = target.snapshot()
        const open = snapshot.cursor.bind(snapshot)
        snapshot.cursor = (bounds?: KeyBounds) => wrapCursor(open(bounds))
        return snapshot
      }
    },
  })
}

const retried = (move: () => boolean): boolean => {
  for (;;) {
    try {
      return move()
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
    }
  }
}

const index = fc.integer({ min: 0, max: 60 })
const moves = fc.oneof(
  fc.constantFrom(['first'], ['last'], ['next'], ['next'], ['previous'], ['previous']),
  fc.tuple(fc.constantFrom('seek', 'seekBackward'), index),
)
const writes = fc.oneof(
  fc.tuple(fc.constant('put'), index, index),
  fc.tuple(fc.constant('delete'), index, index),
  fc.tuple(fc.constant('range'), index, index),
)

test('a retryable cursor scans as if no move had failed, with the same conflicts (M12, M30)', () => {
  fc.assert(
    fc.property(
      fc.array(index, { maxLength: 40 }),
      fc.array(writes, { maxLength: 8 }),
      fc.array(moves, { minLength: 1, maxLength: 30 }),
      fc.infiniteStream(fc.constantFrom('before', 'after', undefined, undefined)),
      index,
      (present, written, scan, failures, changed) => {
        const outcomes = [false, true].map((isRetryable) => {
          const tree = BTree.open(new MemoryVfs(), '/t.ldb', { cacheBytes: 65_536, pageBytes: 512 })
          const store = isRetryable
            ? failingStore(tree, () => failures.next().value as 'before' | 'after' | undefined)
            : tree
          const manager = new TransactionManager({ stores: [[STORE, store]] })
          const batch = new WriteBatch()
          for (const each of present) batch.put(STORE, keyOf(each), bytes(`old ${each}`))
          manager.write(batch)
          const tx = manager.begin()
          for (const [kind, at, to] of written) {
            if (kind === 'put') tx.put(STORE, keyOf(at), bytes(`new ${at}`))
            else if (kind === 'delete') tx.delete(STORE, keyOf(at))
            else tx.deleteRange(STORE, keyOf(at), keyOf(to))
          }
          const cursor = tx
            .view(STORE)
            .cursor({ lower: keyOf(5), upper: keyOf(55) }, { isRetryable: isRetryable })
          const seen = scan.map(([name, at]) => {
            const argument = at === undefined ? [] : [keyOf(at as number)]
            const found = retried(() => Reflect.apply(cursor[name as 'next'], cursor, argument) as boolean)
            return found ? `${String(cursor.key)}=${String(cursor.value)}` : 'nothing'
          })
          tx.put(STORE, bytes('own'), bytes('1'))
          const other = new WriteBatch()
          other.put(STORE, keyOf(changed), bytes('theirs'))
          manager.write(other)
          let outcome = 'committed'
          try {
            tx.commit()
          } catch (error) {
            if (!isLdbError(error)) throw error
            outcome = error.code
          }
          manager.close()
          tree.close()
          return { seen, outcome }
        })
        expect(outcomes[1]).toEqual(outcomes[0])
      },
    ),
    { numRuns: 300 },
  )
})
