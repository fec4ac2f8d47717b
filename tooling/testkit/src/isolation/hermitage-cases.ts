import { changeAll, look, plus, read, remembered, together, write } from './isolation-case.js'
import type { IsolationCase } from './isolation-case.js'

const TWO = { 'a/1': 10, 'a/2': 20 }
const isThirds = (value: number): boolean => value % 3 === 0
const isAny = (): boolean => true

/** The phenomena of the Hermitage suite, in keys and values. */
export const HERMITAGE_CASES: readonly IsolationCase[] = [
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
            (memory) =>
              remembered('a/x')(memory) -
              (remembered('a/x')(memory) + remembered('a/y')(memory) < 10 ? 11 : 10),
          ),
        ],
      },
      { steps: [together(read('a/x'), read('a/y'))], readOnly: true },
    ],
  },
]
