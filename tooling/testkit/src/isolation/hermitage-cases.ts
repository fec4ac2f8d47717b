import { updateMatching, readRange, plus, read, remembered, combined, write } from './isolation-case.js'
import type { IsolationCase } from './isolation-case.js'

const TWO = { 'a/1': 10, 'a/2': 20 }
const isThirds = (value: number): boolean => value % 3 === 0
const isAny = (): boolean => true

/** The phenomena of the Hermitage suite as operations on keys and values. */
export const HERMITAGE_CASES: readonly IsolationCase[] = [
  {
    name: 'G0 dirty write',
    initial: TWO,
    atSnapshot: 'prevented',
    scripts: [
      { steps: [write('a/1', 11), write('a/2', 21)] },
      { steps: [write('a/1', 12), write('a/2', 22)] },
    ],
  },
  {
    name: 'G1a aborted read',
    initial: TWO,
    atSnapshot: 'prevented',
    scripts: [
      { steps: [write('a/1', 101)], end: 'rollback' },
      { steps: [readRange('a', {}, 'all'), readRange('a', {}, 'again')] },
    ],
  },
  {
    name: 'G1b intermediate read',
    initial: TWO,
    atSnapshot: 'prevented',
    scripts: [
      { steps: [write('a/1', 101), write('a/1', 11)] },
      { steps: [readRange('a', {}, 'all'), readRange('a', {}, 'again')] },
    ],
  },
  {
    // No transaction reads uncommitted writes; that each misses the write of the other is write skew.
    name: 'G1c circular information flow',
    initial: TWO,
    atSnapshot: 'allowed',
    scripts: [{ steps: [write('a/1', 11), read('a/2')] }, { steps: [write('a/2', 22), read('a/1')] }],
  },
  {
    name: 'OTV observed transaction vanishes',
    initial: TWO,
    atSnapshot: 'prevented',
    scripts: [
      { steps: [write('a/1', 11), write('a/2', 19)] },
      { steps: [write('a/1', 12), write('a/2', 18)] },
      { steps: [read('a/1'), read('a/2')], readOnly: true },
    ],
  },
  {
    name: 'PMP predicate many preceders, read',
    initial: TWO,
    atSnapshot: 'prevented',
    scripts: [
      {
        steps: [
          readRange('a', {}, 'thirty', (value) => value === 30),
          readRange('a', {}, 'thirds', isThirds),
        ],
      },
      { steps: [write('a/3', 30)] },
    ],
  },
  {
    name: 'PMP predicate many preceders, write',
    initial: TWO,
    atSnapshot: 'prevented',
    scripts: [
      { steps: [updateMatching('a', isAny, (value) => value + 10)] },
      {
        steps: [
          updateMatching(
            'a',
            (value) => value === 20,
            () => undefined,
          ),
          readRange('a', {}, 'left'),
        ],
      },
    ],
  },
  {
    name: 'P4 lost update',
    initial: TWO,
    atSnapshot: 'prevented',
    scripts: [
      { steps: [read('a/1'), write('a/1', plus('a/1', 1))] },
      { steps: [read('a/1'), write('a/1', plus('a/1', 2))] },
    ],
  },
  {
    name: 'P4 lost update through a scan',
    initial: TWO,
    atSnapshot: 'prevented',
    scripts: [
      { steps: [readRange('a', { gte: '1', lt: '2' }, 'one'), write('a/1', plus('one sum', 1))] },
      { steps: [readRange('a', { gte: '1', lt: '2' }, 'one'), write('a/1', plus('one sum', 2))] },
    ],
  },
  {
    name: 'G-single read skew',
    initial: TWO,
    atSnapshot: 'prevented',
    scripts: [
      { steps: [read('a/1'), read('a/2')] },
      { steps: [read('a/1'), write('a/1', 12), write('a/2', 18)] },
    ],
  },
  {
    name: 'G-single read skew, predicate',
    initial: TWO,
    atSnapshot: 'prevented',
    scripts: [
      {
        steps: [
          readRange('a', {}, 'fives', (value) => value % 5 === 0),
          readRange('a', {}, 'thirds', isThirds),
        ],
      },
      {
        steps: [
          updateMatching(
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
    initial: TWO,
    atSnapshot: 'prevented',
    scripts: [
      {
        steps: [
          read('a/1'),
          updateMatching(
            'a',
            (value) => value === 20,
            () => undefined,
          ),
        ],
      },
      { steps: [readRange('a', {}, 'all'), write('a/1', 12), write('a/2', 18)] },
    ],
  },
  {
    name: 'G2-item write skew',
    initial: TWO,
    atSnapshot: 'allowed',
    scripts: [
      { steps: [combined(read('a/1'), read('a/2')), write('a/1', 11)] },
      { steps: [combined(read('a/1'), read('a/2')), write('a/2', 21)] },
    ],
  },
  {
    name: 'G2 predicate',
    initial: TWO,
    atSnapshot: 'allowed',
    scripts: [
      { steps: [readRange('a', {}, 'thirds', isThirds), write('a/3', 30)] },
      { steps: [readRange('a', {}, 'thirds', isThirds), write('a/4', 42)] },
    ],
  },
  {
    name: 'G2 two edges, seen by a reader',
    initial: { 'a/x': 0, 'a/y': 0 },
    atSnapshot: 'allowed',
    scripts: [
      { steps: [read('a/y'), write('a/y', plus('a/y', 20))] },
      {
        steps: [
          combined(read('a/x'), read('a/y')),
          write(
            'a/x',
            (memory) =>
              remembered('a/x')(memory) -
              (remembered('a/x')(memory) + remembered('a/y')(memory) < 10 ? 11 : 10),
          ),
        ],
      },
      { steps: [combined(read('a/x'), read('a/y'))], readOnly: true },
    ],
  },
]
