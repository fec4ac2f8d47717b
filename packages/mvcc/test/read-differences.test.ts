// Strategy: a transaction reads at random, then another commit writes at random. When repeating the reads would return
// different results, the transaction must not commit.
// Invariants: M9, M12, M25.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Transaction } from '../src/transaction/transaction.js'
import { bytesOf, memoryManager, outcomeOf, textOf, writeAll } from './model-bytes.js'

const key = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 2 })
const bound = fc.option(key, { nil: undefined })
const read = fc.oneof(
  fc.record({ do: fc.constantFrom('get' as const, 'has' as const), key }),
  fc.record({ do: fc.constant('count' as const), lower: bound, upper: bound }),
  fc.record({
    do: fc.constant('scan' as const),
    lower: bound,
    upper: bound,
    moves: fc.array(
      fc.oneof(
        fc.record({
          to: fc.constantFrom('first', 'last', 'next', 'next', 'next', 'previous', 'previous'),
          key,
        }),
        fc.record({ to: fc.constantFrom('seek', 'seekBackward'), key }),
      ),
      { maxLength: 6 },
    ),
    isClosed: fc.boolean(),
  }),
)
const write = fc.oneof(
  fc.record({ do: fc.constantFrom('put' as const, 'delete' as const), key }),
  fc.record({ do: fc.constant('deleteRange' as const), lower: key, upper: bound }),
)
type Read =
  | { readonly do: 'get' | 'has'; readonly key: string }
  | { readonly do: 'count'; readonly lower: string | undefined; readonly upper: string | undefined }
  | {
      readonly do: 'scan'
      readonly lower: string | undefined
      readonly upper: string | undefined
      readonly moves: readonly { readonly to: string; readonly key: string }[]
      readonly isClosed: boolean
    }

function perform(tx: Transaction, each: Read): unknown {
  if (!('lower' in each)) {
    return each.do === 'get' ? textOf(tx.get(1, bytesOf(each.key))) : tx.has(1, bytesOf(each.key))
  }
  const bounds = {
    lower: each.lower === undefined ? undefined : bytesOf(each.lower),
    upper: each.upper === undefined ? undefined : bytesOf(each.upper),
  }
  if (each.do === 'count') return tx.count(1, bounds)
  const cursor = tx.cursor(1, bounds)
  const seen = each.moves.map(({ to, key: target }) => {
    const found =
      to === 'seek' || to === 'seekBackward'
        ? cursor[to](bytesOf(target))
        : cursor[to as 'first' | 'last' | 'next' | 'previous']()
    return found ? [textOf(cursor.key), textOf(cursor.value)] : undefined
  })
  if (each.isClosed) cursor.close()
  return seen
}

test.each([16 * 1_048_576, 1_024])(
  'every changed read conflicts, with %d bytes for the read set (M9, M12, M25)',
  (readBytes) => {
    let conflicts = 0
    let differences = 0
    fc.assert(
      fc.property(
        fc.uniqueArray(key, { maxLength: 8 }),
        fc.array(read, { minLength: 1, maxLength: readBytes > 1_024 ? 6 : 60 }),
        fc.array(write, { maxLength: 3 }),
        fc.array(write, { minLength: 1, maxLength: 2 }),
        (before, reads, own, others) => {
          const manager = memoryManager({ readBytes })
          writeAll(manager, Object.fromEntries(before.map((each) => [each, 'before'])))
          const apply = (
            tx: Transaction,
            value: string,
            { do: what, ...rest }: (typeof own)[number],
          ): void => {
            if (what === 'put' && 'key' in rest) tx.put(1, bytesOf(rest.key), bytesOf(value))
            else if ('key' in rest) tx.delete(1, bytesOf(rest.key))
            else
              tx.deleteRange(
                1,
                bytesOf(rest.lower),
                rest.upper === undefined ? undefined : bytesOf(rest.upper),
              )
          }
          const tx = manager.begin()
          const ownFirst = own.length % 2 === 0
          if (ownFirst) for (const each of own) apply(tx, 'own', each)
          const seen = reads.map((each) => perform(tx, each))
          tx.put(2, bytesOf('x'), bytesOf('x'))
          manager.transaction((other) => {
            for (const each of others) apply(other, 'other', each)
          })
          const again = manager.begin()
          if (ownFirst) for (const each of own) apply(again, 'own', each)
          const isDifferent =
            JSON.stringify(reads.map((each) => perform(again, each))) !== JSON.stringify(seen)
          again.rollback()
          const outcome = outcomeOf(tx)
          if (outcome === 'LDB_CONFLICT') conflicts++
          if (isDifferent) {
            differences++
            expect(outcome).toBe('LDB_CONFLICT')
          }
        },
      ),
      { numRuns: 1_500 },
    )
    // Rejecting every transaction would be correct but useless.
    expect(conflicts).toBeLessThan(1_400)
    expect(differences).toBeGreaterThan(200)
  },
)
