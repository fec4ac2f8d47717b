// Strategy: a database is copied as it is after a clean close, after a kill, or while its process goes on. Both copies go on, and end with
// a close or a kill. Then some of the files of one are replaced by those of the other.
// Invariants (R9): the open is refused as LDB_CORRUPTION with the name of a file of the database, or what is readable is the acknowledged
// state of one of the copies, never a mixture of both. `Database.verify` reports the same.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Database } from '../src/database.js'
import { fileSystemOf, FIXTURE_TIME } from './fixture-files.js'
import {
  check,
  DIRECTORY,
  filesIn,
  makeForks,
  mix,
  openMixed,
  openParts,
  partsOf,
  STEP_NAMES,
} from './forks.js'
import type { End, Forks, Origin, Step } from './forks.js'

const DEFAULT_TREE = 'keyspaces/1/tree.ldb'
const OTHER_TREE = 'keyspaces/2/tree.ldb'
const ENDS: readonly End[] = ['close', 'kill']
const ORIGINS: readonly Origin[] = ['close', 'kill', 'live']

/** Returns pairs of copies of each origin, with the same steps on both sides; the right copy makes a commit more. */
function forksOf(steps: readonly Step[], ...ends: readonly End[]): Forks[] {
  return ORIGINS.flatMap((origin) =>
    ends.map((end) => makeForks([], origin, [steps, end], [[...steps, 'put'], end])),
  )
}

/** Checks that a part of the other copy is refused with the name of a file, in both directions. */
function expectRefusal(forks: Forks, part: string, file: string): void {
  expect(check(forks, false, [part]), part).toBe(file)
  expect(check(forks, true, [part]), part).toBe(file)
}

describe('a file of the other copy', () => {
  test.each<readonly [string, readonly Step[], string]>([
    ['one commit', ['put'], DEFAULT_TREE],
    ['commits to two keyspaces', ['both'], OTHER_TREE],
    ['checkpoints', ['put', 'checkpoint', 'other', 'checkpoint'], DEFAULT_TREE],
    ['a crash', ['put', 'checkpoint', 'crash', 'other'], DEFAULT_TREE],
    ['a compaction', ['large', 'compact'], DEFAULT_TREE],
    ['a dropped keyspace', ['create', 'other', 'checkpoint'], OTHER_TREE],
  ])('a tree of the other copy is refused: %s', (_, steps, tree) => {
    for (const forks of forksOf([...steps, 'checkpoint'], ...ENDS)) expectRefusal(forks, tree, tree)
    for (const forks of forksOf(steps, 'close')) expectRefusal(forks, tree, tree)
  })

  test.each<readonly [string, readonly Step[]]>([
    ['a time to live', ['ttl']],
    ['entries that expire', ['expiring']],
    ['a created keyspace', ['createEmpty']],
    ['a created keyspace with entries', ['create']],
    ['several changes and a checkpoint', ['create', 'ttl', 'expiring', 'checkpoint']],
  ])('a catalog of the other copy is refused: %s', (_, steps) => {
    for (const forks of forksOf(steps, ...ENDS)) expectRefusal(forks, 'CATALOG', 'CATALOG')
  })

  test('a catalog is refused if only one copy has changed it', () => {
    for (const origin of ORIGINS) {
      for (const end of ENDS) {
        for (const step of ['ttl', 'create', 'createEmpty'] as const) {
          const changedLast = makeForks([], origin, [['put', step], end], [['put'], end])
          expectRefusal(changedLast, 'CATALOG', 'CATALOG')
          const changedFirst = makeForks([], origin, [[step, 'put'], end], [['put'], end])
          expectRefusal(changedFirst, 'CATALOG', 'CATALOG')
        }
      }
    }
  })

  test('the whole log is refused when a store or the catalog was written since the copy', () => {
    for (const forks of forksOf(['put', 'checkpoint'], ...ENDS)) {
      expectRefusal(forks, 'whole log', DEFAULT_TREE)
    }
    for (const forks of forksOf(['ttl'], 'kill')) expectRefusal(forks, 'whole log', 'CATALOG')
  })

  test('the newest segment is refused with its name when it does not follow the others', () => {
    const forks = makeForks([], 'kill', [['put', 'crash', 'put'], 'kill'], [['put'], 'kill'])
    expect(check(forks, false, ['newest segment'])).toMatch(/^wal\/\d+\.wal$/)
    expect(check(forks, true, ['newest segment'])).toMatch(/^wal\/\d+\.wal$/)
  })

  test('is the same file, while neither copy was written to', () => {
    const forks = makeForks(['other'], 'close', [['reopen'], 'close'], [['reopen'], 'close'])
    for (const part of partsOf(forks)) expect(check(forks, false, [part]), part).toBeUndefined()
  })
})

// The segment that is current while a live database is copied belongs to both histories. A store may checkpoint itself without a rotation.
test('a tree of a live original is refused by the copy, whose commits have the same numbers', () => {
  const vfs = fileSystemOf(new Map(), DIRECTORY, FIXTURE_TIME, 1)
  const opened = openParts(vfs)
  const original = new Database(opened)
  original.put('a', 'before the copy')
  const copied = fileSystemOf(filesIn(vfs), DIRECTORY, FIXTURE_TIME, 2)
  original.put('b', 'original')
  opened.keyspaces.byId(1)?.store.beginCheckpoint(opened.log).sync()
  const ofOriginal = filesIn(vfs)
  original.close()
  expect(openMixed(ofOriginal)).toMatchObject({ state: expect.stringContaining('original') as string })
  const copy = Database.open(DIRECTORY, { vfs: copied })
  copy.put('b', 'copy')
  copy.put('c', 'copy')
  const mixed = mix(filesIn(copied), ofOriginal, [DEFAULT_TREE])
  copy.close()
  expect(openMixed(mixed)).toEqual({ code: 'LDB_CORRUPTION', file: `${DIRECTORY}/${DEFAULT_TREE}` })
})

test('an older file of the same history is refused when it loses something', () => {
  const forks = makeForks([], 'close', [[], 'close'], [['both', 'ttl'], 'close'])
  const { left: older, right: newer } = forks
  for (const part of ['CATALOG', DEFAULT_TREE, OTHER_TREE]) {
    const file = `${DIRECTORY}/${part}`
    expect(openMixed(mix(newer.files, older.files, [part]))).toEqual({ code: 'LDB_CORRUPTION', file })
  }
  expect(openMixed(mix(newer.files, older.files, ['whole log']))).toMatchObject({ code: 'LDB_CORRUPTION' })
  expect(openMixed(mix(newer.files, older.files, partsOf(forks)))).toEqual({ state: older.state })
})

test('a failed open changes nothing that the right file would not open with', () => {
  for (const forks of forksOf(['put', 'ttl', 'checkpoint'], ...ENDS)) {
    const { left, right } = forks
    const vfs = fileSystemOf(mix(left.files, right.files, [DEFAULT_TREE]), DIRECTORY)
    expect(() => Database.open(DIRECTORY, { vfs })).toThrow(
      expect.objectContaining({ code: 'LDB_CORRUPTION' }),
    )
    const restored = mix(filesIn(vfs), left.files, [DEFAULT_TREE])
    expect(openMixed(restored)).toEqual({ state: left.state })
  }
})

const END: fc.Arbitrary<End> = fc.constantFrom('close', 'kill')
const STEPS = fc.array(fc.constantFrom(...STEP_NAMES), { maxLength: 4 })
const RUNS = 5

test('any parts of two copies are refused, or are those of one copy', () => {
  fc.assert(
    fc.property(
      STEPS,
      fc.constantFrom(...ORIGINS),
      fc.tuple(STEPS, END),
      fc.tuple(STEPS, END),
      fc.infiniteStream(fc.nat()),
      (base, origin, left, right, choices) => {
        const forks = makeForks(base, origin, left, right)
        const parts = partsOf(forks)
        const subsets = parts.map((part) => [part])
        for (let round = 0; round < 12; round++) {
          const choice: number = choices.next().value
          subsets.push(parts.filter((_, index) => ((choice >> index) & 1) === 1))
        }
        for (const subset of subsets) {
          check(forks, false, subset)
          check(forks, true, subset)
        }
      },
    ),
    { numRuns: RUNS },
  )
})
