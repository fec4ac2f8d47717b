import {
  look,
  plus,
  read,
  readForUpdate,
  remembered,
  remove,
  removeRange,
  tally,
  together,
  undone,
  write,
} from './isolation-case.js'
import type { IsolationCase } from './isolation-case.js'

const TWO = { 'a/1': 10, 'a/2': 20 }

/** What an ordered store with ranges, savepoints and several keyspaces adds. */
export const ORDERED_STORE_CASES: readonly IsolationCase[] = [
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
      { steps: [write('a/c', 2), look('a', {}, 'all'), write('a/sum1', remembered('all sum'))] },
      {
        steps: [write('a/p', 3), look('a', { reverse: true }, 'all'), write('a/sum2', remembered('all sum'))],
      },
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
      { steps: [tally('a', 'size'), write('b/c1', remembered('size')), write('a/p', 1)] },
      { steps: [tally('a', 'size'), write('b/c2', remembered('size')), write('a/q', 1)] },
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
