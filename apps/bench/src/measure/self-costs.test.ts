import { expect, test } from 'vitest'
import { selfBytes, selfTimes } from './self-costs.js'

const frame = (
  functionName: string,
  lineNumber: number,
): { functionName: string; url: string; lineNumber: number } => ({
  functionName,
  url: 'file:///a/b/packages/btree/dist/search.js',
  lineNumber,
})

test('time is attributed to the function that runs, whatever its caller', () => {
  const profile = {
    nodes: [
      { id: 1, callFrame: frame('find', 9) },
      { id: 2, callFrame: frame('', 20) },
      { id: 3, callFrame: frame('find', 9) },
    ],
    samples: [1, 2, 3, 2],
    timeDeltas: [100, 10, 200, 5],
  }
  expect(selfTimes(profile)).toEqual([
    { name: 'find', location: 'btree/dist/search.js:10', cost: 300 },
    { name: '(anonymous)', location: 'btree/dist/search.js:21', cost: 15 },
  ])
})

test('bytes are attributed to the function that allocates them', () => {
  const leaf = { callFrame: frame('copy', 1), selfSize: 64, children: [] }
  const head = { callFrame: frame('get', 0), selfSize: 8, children: [leaf, { ...leaf, selfSize: 36 }] }
  expect(selfBytes({ head }).map(({ name, cost }) => [name, cost])).toEqual([
    ['copy', 100],
    ['get', 8],
  ])
})
