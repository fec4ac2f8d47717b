// Strategy: snapshots with cursors in the middle of leaves, while the tree is written, checkpointed and compacted, and another tree
// evicts its pages from a small cache. So snapshots are pinned, and leaves are found again, at any time between two reads of a cursor.
// Invariants: each snapshot and each cursor has the entries of the moment at which the snapshot was taken. A snapshot is pinned exactly
// when the tree has changed since.
import type { StoreCursor } from '@ldb/base'
import { PageCache } from '@ldb/cache'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { TreeSnapshot } from '../src/read/snapshot.js'
import { entriesOf, findingsOf, keyOf, textOf, TreeHarness } from './tree-harness.js'
import type { ModelKey } from './tree-harness.js'

const PAGE_BYTES = 512

/** An open snapshot with its entries, and a cursor with its index in them; -1 when it is not on an entry. */
interface Taken {
  readonly snapshot: TreeSnapshot
  readonly entries: readonly [ModelKey, ModelKey][]
  readonly cursor: StoreCursor
  index: number
}

const kinds = [
  'take',
  'put',
  'putMany',
  'checkpoint',
  'compact',
  'crowd',
  'release',
  'move',
  'move',
  'move',
] as const
const step = fc.tuple(fc.constantFrom(...kinds), fc.nat(1000))

test('snapshots and cursors do not change, whatever happens between two reads', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 80, size: 'max' }), (steps) => {
      const cache = new PageCache({ bytes: 24 * PAGE_BYTES, pageBytes: PAGE_BYTES })
      const harness = new TreeHarness({ cache })
      const other = new TreeHarness({ cache })
      putMany(harness, 0)
      putMany(other, 1)
      const open: Taken[] = []
      for (const [kind, number] of steps) {
        if (kind === 'take') open.push(taken(harness))
        else if (kind === 'put') harness.put(nameOf(number % 150), valueOf(number))
        else if (kind === 'putMany') putMany(harness, number)
        else if (kind === 'checkpoint') harness.tree.checkpoint()
        else if (kind === 'compact') harness.tree.compact()
        else if (kind === 'crowd')
          for (let each = 0; each < 150; each += 3) other.tree.get(keyOf(nameOf(each)))
        else if (kind === 'move') for (const each of open) move(each, number)
        else release(open.splice(number % Math.max(1, open.length), 1))
      }
      release(open)
      expect(harness.actual()).toEqual(harness.expected())
      expect(findingsOf(harness.tree)).toEqual([])
    }),
    { numRuns: 80 },
  )
})

test('a snapshot is pinned by the next change, by a checkpoint and by a compaction', () => {
  const changes: [string, (harness: TreeHarness) => void][] = [
    ['a put', (harness) => harness.put('a', 'b')],
    ['a checkpoint', (harness) => harness.tree.checkpoint()],
    ['a compaction', (harness) => harness.tree.compact()],
  ]
  for (const [name, change] of changes) {
    const harness = new TreeHarness()
    putMany(harness, 0)
    const released = harness.tree.snapshot() as TreeSnapshot
    released.release()
    const snapshots = [0, 1, 2].map(() => harness.tree.snapshot() as TreeSnapshot)
    snapshots[0]?.release()
    expect(snapshots.map(({ isPinned }) => isPinned)).toEqual([false, false, false])
    expect(harness.tree.stats().snapshotCount).toBe(2)
    change(harness)
    expect([name, ...snapshots.map(({ isPinned }) => isPinned)]).toEqual([name, false, true, true])
    snapshots[2]?.release()
    expect(harness.tree.stats().snapshotCount).toBe(1)
    harness.tree.close()
    expect(snapshots[1]?.released).toBe(true)
  }
})

function taken(harness: TreeHarness): Taken {
  const snapshot = harness.tree.snapshot() as TreeSnapshot
  return { snapshot, entries: harness.expected(), cursor: snapshot.cursor(), index: -1 }
}

function release(snapshots: readonly Taken[]): void {
  for (const { snapshot, entries } of snapshots) {
    expect(entriesOf(snapshot)).toEqual(entries)
    expect(snapshot.count({ lower: keyOf(nameOf(30)), upper: keyOf(nameOf(90)) })).toBe(
      entries.filter(([key]) => key >= nameOf(30) && key < nameOf(90)).length,
    )
    snapshot.release()
  }
}

/** Moves a cursor, or reads its entry without a move. */
function move(each: Taken, number: number): void {
  const { cursor, entries } = each
  const last = entries.length - 1
  const target = nameOf(number % 150)
  const above = entries.findIndex(([key]) => key >= target)
  const moves: [() => boolean, number][] = [
    [(): boolean => cursor.valid, each.index],
    [(): boolean => cursor.next(), each.index === last ? -1 : each.index + 1],
    [(): boolean => cursor.next(), each.index === last ? -1 : each.index + 1],
    [(): boolean => cursor.previous(), each.index < 0 ? last : each.index - 1],
    [(): boolean => cursor.seek(keyOf(target)), above],
  ]
  const [make, index] = moves[number % moves.length]!
  each.index = index
  expect(make()).toBe(index >= 0)
  if (index < 0) return
  const [key, value] = entries[index]!
  const reads = [cursor.takeValue(), cursor.key, cursor.value, cursor.takeKey()]
  expect(reads.map(textOf)).toEqual([value, key, value, key])
}

function putMany(harness: TreeHarness, number: number): void {
  harness.apply((batch) => {
    for (let each = number % 7; each < 150; each += 1 + (number % 5)) {
      batch.put(0, keyOf(nameOf(each)), keyOf(valueOf(each + number)))
      harness.model.set(nameOf(each), valueOf(each + number))
    }
  })
}

function nameOf(number: number): ModelKey {
  const long = number % 40 === 7 ? '/long'.repeat(30) : ''
  return `name ${String(number).padStart(4, '0')}${long}`
}

function valueOf(number: number): ModelKey {
  return `${number}`.repeat(number % 23 === 5 ? 120 : 6)
}
