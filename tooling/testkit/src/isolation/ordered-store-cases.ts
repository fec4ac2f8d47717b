import {
  readRange,
  plus,
  read,
  readForUpdate,
  remembered,
  remove,
  removeRange,
  countAll,
  combined,
  rolledBack,
  write,
} from './isolation-case.js'
import type { IsolationCase } from './isolation-case.js'

const TWO = { 'a/1': 10, 'a/2': 20 }

/** Cases of an ordered store with ranges, savepoints and several keyspaces. */
export const ORDERED_STORE_CASES: readonly IsolationCase[] = [
  {
    name: 'an empty range',
    initial: {},
    atSnapshot: 'allowed',
    scripts: [
      { steps: [readRange('a', { gte: 'k', lt: 'm' }, 'k'), write('a/p', plus('k count', 1))] },
      { steps: [readRange('a', { gte: 'p', lt: 'q' }, 'p'), write('a/l', plus('p count', 1))] },
    ],
  },
  {
    name: 'a scan cut by its limit',
    initial: { 'a/m': 1, 'a/x': 1, 'b/m': 1 },
    atSnapshot: 'allowed',
    scripts: [
      { steps: [readRange('a', { limit: 1 }, 'first'), write('b/c', plus('first sum', 5))] },
      { steps: [readRange('b', { limit: 1 }, 'first'), write('a/c', plus('first sum', 7))] },
    ],
  },
  {
    name: 'an insert past the limit of a scan',
    initial: { 'a/c': 1, 'a/x': 1, 'b/c': 1 },
    atSnapshot: 'prevented',
    scripts: [
      { steps: [readRange('a', { limit: 1 }, 'first'), write('b/m', plus('first sum', 5))] },
      { steps: [readRange('b', { limit: 1 }, 'first'), write('a/m', plus('first sum', 7))] },
    ],
  },
  {
    name: 'a reverse scan',
    initial: { 'a/c': 1, 'b/c': 1 },
    atSnapshot: 'allowed',
    scripts: [
      { steps: [readRange('a', { reverse: true, limit: 1 }, 'last'), write('b/m', plus('last sum', 5))] },
      { steps: [readRange('b', { reverse: true, limit: 1 }, 'last'), write('a/m', plus('last sum', 7))] },
    ],
  },
  {
    name: 'an absent key and an insert of another',
    initial: {},
    atSnapshot: 'allowed',
    scripts: [
      { steps: [read('a/x'), write('a/y', plus('a/x', 1))] },
      { steps: [read('a/y'), write('a/x', plus('a/y', 1))] },
    ],
  },
  {
    name: 'an absent key that both insert',
    initial: {},
    atSnapshot: 'prevented',
    scripts: [
      { steps: [read('a/x'), write('a/x', plus('a/x', 1))] },
      { steps: [read('a/x'), write('a/x', plus('a/x', 1))] },
    ],
  },
  {
    name: 'a key that is deleted and put again',
    initial: { 'a/x': 5 },
    atSnapshot: 'prevented',
    scripts: [
      { steps: [read('a/x'), write('a/x', plus('a/x', 1))] },
      { steps: [remove('a/x'), write('a/x', 5)] },
    ],
  },
  {
    name: 'a range delete and an insert into its range',
    initial: { 'a/d': 1, 'a/g': 1 },
    atSnapshot: 'prevented',
    scripts: [
      { steps: [removeRange('a', 'c', 'h'), readRange('a', {}, 'left')] },
      { steps: [write('a/f', 2)] },
    ],
  },
  {
    name: 'overlapping range deletes',
    initial: { 'a/d': 1, 'a/g': 1, 'a/k': 1 },
    atSnapshot: 'prevented',
    scripts: [
      { steps: [removeRange('a', 'c', 'h'), write('a/e', 3)] },
      { steps: [removeRange('a', 'f', 'm'), write('a/l', 4)] },
    ],
  },
  {
    name: 'own writes in scans',
    initial: { 'a/m': 1 },
    atSnapshot: 'allowed',
    scripts: [
      { steps: [write('a/c', 2), readRange('a', {}, 'all'), write('a/sum1', remembered('all sum'))] },
      {
        steps: [
          write('a/p', 3),
          readRange('a', { reverse: true }, 'all'),
          write('a/sum2', remembered('all sum')),
        ],
      },
    ],
  },
  {
    name: 'own writes in gets',
    initial: TWO,
    atSnapshot: 'allowed',
    scripts: [
      {
        steps: [
          combined(write('a/1', 5), read('a/1'), read('a/2')),
          write('a/1', plus('a/2', 1)),
          read('a/1'),
        ],
      },
      {
        steps: [combined(remove('a/2'), read('a/2'), read('a/1')), write('a/2', plus('a/1', 1)), read('a/2')],
      },
    ],
  },
  {
    name: 'a rollback to a savepoint and a read',
    initial: TWO,
    atSnapshot: 'allowed',
    scripts: [
      { steps: [rolledBack(read('a/2'), write('a/1', 99)), read('a/1'), write('a/1', plus('a/2', 1))] },
      { steps: [rolledBack(read('a/1'), removeRange('a', '0', '9')), write('a/2', plus('a/1', 1))] },
    ],
  },
  {
    name: 'write skew over two keyspaces',
    initial: { 'a/x': 1, 'b/x': 1 },
    atSnapshot: 'allowed',
    scripts: [
      { steps: [read('a/x'), write('b/x', plus('a/x', 1))] },
      { steps: [read('b/x'), write('a/x', plus('b/x', 1))] },
    ],
  },
  {
    name: 'counts and inserts',
    initial: { 'a/x': 1 },
    atSnapshot: 'allowed',
    scripts: [
      { steps: [countAll('a', 'size'), write('b/c1', remembered('size')), write('a/p', 1)] },
      { steps: [countAll('a', 'size'), write('b/c2', remembered('size')), write('a/q', 1)] },
    ],
  },
  {
    name: 'reads for update on both sides',
    initial: TWO,
    atSnapshot: 'prevented',
    scripts: [
      { steps: [readForUpdate('a/2'), write('a/1', plus('a/2', 1))] },
      { steps: [readForUpdate('a/1'), write('a/2', plus('a/1', 1))] },
    ],
  },
  {
    name: 'a read for update on one side',
    initial: TWO,
    atSnapshot: 'prevented',
    scripts: [
      { steps: [readForUpdate('a/2'), write('a/1', plus('a/2', 1))] },
      { steps: [read('a/1'), write('a/2', plus('a/1', 1))] },
    ],
  },
  {
    name: 'a chain of three',
    initial: { 'a/x': 1, 'a/y': 2, 'a/z': 3 },
    atSnapshot: 'allowed',
    scripts: [
      { steps: [read('a/x'), write('a/y', plus('a/x', 10))] },
      { steps: [read('a/y'), write('a/z', plus('a/y', 10))] },
      { steps: [read('a/z'), write('a/x', plus('a/z', 10))] },
    ],
  },
]
