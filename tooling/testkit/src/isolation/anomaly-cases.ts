import {
  changeAll,
  look,
  read,
  readForUpdate,
  remove,
  removeRange,
  tally,
  together,
  undone,
  write,
} from './isolation-case.js'
import type { IsolationCase, Memory } from './isolation-case.js'

const TWO = { 'a/1': 10, 'a/2': 20 }
const of = (name: string) => (memory: Memory) => memory.get(name) ?? 0
const plus = (name: string, amount: number) => (memory: Memory) => of(name)(memory) + amount
const isThirds = (value: number): boolean => value % 3 === 0
const isAny = (): boolean => true

/** The phenomena of the Hermitage suite, in keys and values. */
const HERMITAGE: readonly IsolationCase[] = [
  {
    name: 'G0 dirty write',
    before: TWO,
    atSnapshot: 'prevented',
    scripts: [
      { steps: [write('a/1', 11), write('a/2', 21)] },
      { steps: [write('a/1', 12), write('a/2', 22)] },
    ],
  },
  {
    name: 'G1a aborted read',
    before: TWO,
    atSnapshot: 'prevented',
    scripts: [
      { steps: [write('a/1', 101)], end: 'rollback' },
      { steps: [look('a', {}, 'all'), look('a', {}, 'again')] },
    ],
  },
  {
    name: 'G1b intermediate read',
    before: TWO,
    atSnapshot: 'prevented',
    scripts: [
      { steps: [write('a/1', 101), write('a/1', 11)] },
      { steps: [look('a', {}, 'all'), look('a', {}, 'again')] },
    ],
  },
  {
    // Nobody reads what is not committed; that each misses the other's write is write skew.
    name: 'G1c circular information flow',
    before: TWO,
    atSnapshot: 'allowed',
    scripts: [{ steps: [write('a/1', 11), read('a/2')] }, { steps: [write('a/2', 22), read('a/1')] }],
  },
  {
    name: 'OTV observed transaction vanishes',
    before: TWO,
    atSnapshot: 'prevented',
    scripts: [
      { steps: [write('a/1', 11), write('a/2', 19)] },
      { steps: [write('a/1', 12), write('a/2', 18)] },
      { steps: [read('a/1'), read('a/2')], readOnly: true },
    ],
  },
  {
    name: 'PMP predicate many preceders, read',
    before: TWO,
    atSnapshot: 'prevented',
    scripts: [
      { steps: [look('a', {}, 'thirty', (value) => value === 30), look('a', {}, 'thirds', isThirds)] },
      { steps: [write('a/3', 30)] },
    ],
  },
  {
    name: 'PMP predicate many preceders, write',
    before: TWO,
    atSnapshot: 'prevented',
    scripts: [
      { steps: [changeAll('a', isAny, (value) => value + 10)] },
      {
        steps: [
          changeAll(
            'a',
            (value) => value === 20,
            () => undefined,
          ),
          look('a', {}, 'left'),
        ],
      },
    ],
  },
  {
    name: 'P4 lost update',
    before: TWO,
    atSnapshot: 'prevented',
    scripts: [
      { steps: [read('a/1'), write('a/1', plus('a/1', 1))] },
      { steps: [read('a/1'), write('a/1', plus('a/1', 2))] },
    ],
  },
  {
    name: 'P4 lost update through a scan',
    before: TWO,
    atSnapshot: 'prevented',
    scripts: [
      { steps: [look('a', { gte: '1', lt: '2' }, 'one'), write('a/1', plus('one sum', 1))] },
      { steps: [look('a', { gte: '1', lt: '2' }, 'one'), write('a/1', plus('one sum', 2))] },
    ],
  },
  {
    name: 'G-single read skew',
    before: TWO,
    atSnapshot: 'prevented',
    scripts: [
      { steps: [read('a/1'), read('a/2')] },
      { steps: [read('a/1'), write('a/1', 12), write('a/2', 18)] },
    ],
  },
  {
    name: 'G-single read skew, predicate',
    before: TWO,
    atSnapshot: 'prevented',
    scripts: [
      { steps: [look('a', {}, 'fives', (value) => value % 5 === 0), look('a', {}, 'thirds', isThirds)] },
      {
        steps: [
          changeAll(
            'a',
            (value) => value === 10,
            () => 12,
          ),
        ],
      },
    ],
  },
  {
    name: 'G-single read skew, write predicate',
    before: TWO,
    atSnapshot: 'prevented',
    scripts: [
      {
        steps: [
          read('a/1'),
          changeAll(
            'a',
            (value) => value === 20,
            () => undefined,
          ),
        ],
      },
      { steps: [look('a', {}, 'all'), write('a/1', 12), write('a/2', 18)] },
    ],
  },
  {
    name: 'G2-item write skew',
    before: TWO,
    atSnapshot: 'allowed',
    scripts: [
      { steps: [together(read('a/1'), read('a/2')), write('a/1', 11)] },
      { steps: [together(read('a/1'), read('a/2')), write('a/2', 21)] },
    ],
  },
  {
    name: 'G2 predicate',
    before: TWO,
    atSnapshot: 'allowed',
    scripts: [
      { steps: [look('a', {}, 'thirds', isThirds), write('a/3', 30)] },
      { steps: [look('a', {}, 'thirds', isThirds), write('a/4', 42)] },
    ],
  },
  {
    name: 'G2 two edges, seen by a reader',
    before: { 'a/x': 0, 'a/y': 0 },
    atSnapshot: 'allowed',
    scripts: [
      { steps: [read('a/y'), write('a/y', plus('a/y', 20))] },
      {
        steps: [
          together(read('a/x'), read('a/y')),
          write(
            'a/x',
            (memory) => of('a/x')(memory) - (of('a/x')(memory) + of('a/y')(memory) < 10 ? 11 : 10),
          ),
        ],
      },
      { steps: [together(read('a/x'), read('a/y'))], readOnly: true },
    ],
  },
]

/** What an ordered store with ranges, savepoints and several keyspaces adds. */
const EXTRA: readonly IsolationCase[] = [
  {
    name: 'an empty range',
    before: {},
    atSnapshot: 'allowed',
    scripts: [
      { steps: [look('a', { gte: 'k', lt: 'm' }, 'k'), write('a/p', plus('k count', 1))] },
      { steps: [look('a', { gte: 'p', lt: 'q' }, 'p'), write('a/l', plus('p count', 1))] },
    ],
  },
  {
    name: 'a scan cut by its limit',
    before: { 'a/m': 1, 'a/x': 1, 'b/m': 1 },
    atSnapshot: 'allowed',
    scripts: [
      { steps: [look('a', { limit: 1 }, 'first'), write('b/c', plus('first sum', 5))] },
      { steps: [look('b', { limit: 1 }, 'first'), write('a/c', plus('first sum', 7))] },
    ],
  },
  {
    name: 'behind the limit of a scan',
    before: { 'a/c': 1, 'a/x': 1, 'b/c': 1 },
    atSnapshot: 'prevented',
    scripts: [
      { steps: [look('a', { limit: 1 }, 'first'), write('b/m', plus('first sum', 5))] },
      { steps: [look('b', { limit: 1 }, 'first'), write('a/m', plus('first sum', 7))] },
    ],
  },
  {
    name: 'a scan backwards',
    before: { 'a/c': 1, 'b/c': 1 },
    atSnapshot: 'allowed',
    scripts: [
      { steps: [look('a', { reverse: true, limit: 1 }, 'last'), write('b/m', plus('last sum', 5))] },
      { steps: [look('b', { reverse: true, limit: 1 }, 'last'), write('a/m', plus('last sum', 7))] },
    ],
  },
  {
    name: 'an absent key, and an insert elsewhere',
    before: {},
    atSnapshot: 'allowed',
    scripts: [
      { steps: [read('a/x'), write('a/y', plus('a/x', 1))] },
      { steps: [read('a/y'), write('a/x', plus('a/y', 1))] },
    ],
  },
  {
    name: 'an absent key that both insert',
    before: {},
    atSnapshot: 'prevented',
    scripts: [
      { steps: [read('a/x'), write('a/x', plus('a/x', 1))] },
      { steps: [read('a/x'), write('a/x', plus('a/x', 1))] },
    ],
  },
  {
    name: 'deleted and put again',
    before: { 'a/x': 5 },
    atSnapshot: 'prevented',
    scripts: [
      { steps: [read('a/x'), write('a/x', plus('a/x', 1))] },
      { steps: [remove('a/x'), write('a/x', 5)] },
    ],
  },
  {
    name: 'a deleted range, and an insert into it',
    before: { 'a/d': 1, 'a/g': 1 },
    atSnapshot: 'prevented',
    scripts: [{ steps: [removeRange('a', 'c', 'h'), look('a', {}, 'left')] }, { steps: [write('a/f', 2)] }],
  },
  {
    name: 'deleted ranges that overlap',
    before: { 'a/d': 1, 'a/g': 1, 'a/k': 1 },
    atSnapshot: 'prevented',
    scripts: [
      { steps: [removeRange('a', 'c', 'h'), write('a/e', 3)] },
      { steps: [removeRange('a', 'f', 'm'), write('a/l', 4)] },
    ],
  },
  {
    name: 'own writes inside scans',
    before: { 'a/m': 1 },
    atSnapshot: 'allowed',
    scripts: [
      { steps: [write('a/c', 2), look('a', {}, 'all'), write('a/sum1', of('all sum'))] },
      { steps: [write('a/p', 3), look('a', { reverse: true }, 'all'), write('a/sum2', of('all sum'))] },
    ],
  },
  {
    name: 'own writes inside gets',
    before: TWO,
    atSnapshot: 'allowed',
    scripts: [
      {
        steps: [
          together(write('a/1', 5), read('a/1'), read('a/2')),
          write('a/1', plus('a/2', 1)),
          read('a/1'),
        ],
      },
      {
        steps: [together(remove('a/2'), read('a/2'), read('a/1')), write('a/2', plus('a/1', 1)), read('a/2')],
      },
    ],
  },
  {
    name: 'a rollback to a savepoint, and a read',
    before: TWO,
    atSnapshot: 'allowed',
    scripts: [
      { steps: [undone(read('a/2'), write('a/1', 99)), read('a/1'), write('a/1', plus('a/2', 1))] },
      { steps: [undone(read('a/1'), removeRange('a', '0', '9')), write('a/2', plus('a/1', 1))] },
    ],
  },
  {
    name: 'over two keyspaces',
    before: { 'a/x': 1, 'b/x': 1 },
    atSnapshot: 'allowed',
    scripts: [
      { steps: [read('a/x'), write('b/x', plus('a/x', 1))] },
      { steps: [read('b/x'), write('a/x', plus('b/x', 1))] },
    ],
  },
  {
    name: 'counts, and inserts',
    before: { 'a/x': 1 },
    atSnapshot: 'allowed',
    scripts: [
      { steps: [tally('a', 'size'), write('b/c1', of('size')), write('a/p', 1)] },
      { steps: [tally('a', 'size'), write('b/c2', of('size')), write('a/q', 1)] },
    ],
  },
  {
    name: 'reads for update on both sides',
    before: TWO,
    atSnapshot: 'prevented',
    scripts: [
      { steps: [readForUpdate('a/2'), write('a/1', plus('a/2', 1))] },
      { steps: [readForUpdate('a/1'), write('a/2', plus('a/1', 1))] },
    ],
  },
  {
    name: 'a read for update on one side',
    before: TWO,
    atSnapshot: 'prevented',
    scripts: [
      { steps: [readForUpdate('a/2'), write('a/1', plus('a/2', 1))] },
      { steps: [read('a/1'), write('a/2', plus('a/1', 1))] },
    ],
  },
  {
    name: 'a chain of three',
    before: { 'a/x': 1, 'a/y': 2, 'a/z': 3 },
    atSnapshot: 'allowed',
    scripts: [
      { steps: [read('a/x'), write('a/y', plus('a/x', 10))] },
      { steps: [read('a/y'), write('a/z', plus('a/y', 10))] },
      { steps: [read('a/z'), write('a/x', plus('a/z', 10))] },
    ],
  },
]

/** Every case of the suite. */
export const ISOLATION_CASES: readonly IsolationCase[] = [...HERMITAGE, ...EXTRA]
