import { expect, test } from 'vitest'
import { EFFORTS } from '../model/effort.js'
import { selectStages, stagesOf } from './plan.js'
import { STORES } from '../model/store-list.js'
import { WORKLOADS } from '../workloads/workload-list.js'

const stages = stagesOf(EFFORTS.full)
const ids = (only?: readonly string[], full = false): string[] =>
  selectStages(stages, only, full).flatMap(({ rows }) => rows.map(({ id }) => id))

test('row ids are unique, their workloads exist, and so do the stores of their targets', () => {
  const rows = stages.flatMap((stage) => stage.rows)
  expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length)
  expect(new Set(stages.map(({ id }) => id)).size).toBe(stages.length)
  const stores = new Set(STORES.map(({ id }) => id))
  for (const { workload, targets } of rows) {
    expect(WORKLOADS).toHaveProperty(workload)
    for (const store of Object.keys(targets ?? {})) expect(stores).toContain(store)
  }
})

test('names select rows and stages by whole words', () => {
  expect(ids(['get-hot'])).toEqual(['get-hot'])
  expect(ids(['get'])).toEqual([
    'get-random',
    'get-zipf',
    'get-hot',
    'get-borrowed',
    'get-missing',
    'get-many',
  ])
  expect(ids(['durable'])).toEqual([
    'durable-batch',
    'durable-put',
    'durable-put-awaited',
    'durable-transactions-64',
    'durable-put-256',
  ])
  expect(ids(['keys-url'])).toEqual(['keys-url-scan', 'keys-url-get', 'keys-url-fill'])
  expect(ids(['ge', 'nothing'])).toEqual([])
})

test('without names, sweeps run only with full effort', () => {
  expect(ids(undefined, false).some((id) => id.startsWith('values-'))).toBe(false)
  expect(ids(undefined, true)).toContain('values-100000-get')
  expect(ids(undefined, true)).toContain('growth-10000000-get')
})

test('the data of tenfold is ten times the cache', () => {
  const tenfold = stages.find(({ id }) => id === 'tenfold')!
  expect((tenfold.scenario.entryCount * 116) / tenfold.scenario.cacheBytes).toBeCloseTo(10, 3)
})

test('LDB has a non-default page size only in the documented stages', () => {
  const stagesOfOtherPages = stages.filter(({ scenario }) => scenario.ldbPageBytes !== undefined)
  expect(stagesOfOtherPages.map(({ id }) => id).filter((id) => !id.startsWith('lsm-'))).toEqual([
    'tenfold',
    'tenfold-filling',
    'larger-than-memory',
  ])
  const tenths = stages.filter(({ id }) => id.startsWith('lsm-') && id !== 'lsm-cached')
  expect(stagesOfOtherPages).toEqual(expect.arrayContaining(tenths))
})
