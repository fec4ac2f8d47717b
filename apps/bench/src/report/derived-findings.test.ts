import { expect, test } from 'vitest'
import { derivedFindings } from './derived-findings.js'
import type { Measurement } from '../model/results.js'
import { summarize } from '../measure/statistics.js'

const measured = (row: string, rate: number, store = 'ldb'): Measurement => ({
  row,
  stage: 'x',
  store,
  rate: summarize([rate]),
  rounds: [rate],
})

test('findings about long keys and growth are derived from several rows', () => {
  const findings = derivedFindings([
    measured('keys-url-get', 500),
    measured('keys-decimal-get', 1000),
    measured('keys-decimal-get', 1, 'lmdb'),
    measured('growth-100000-get', 800),
    measured('growth-10000-get', 1000),
    measured('growth-1000000-get', 500),
  ])
  expect(findings.map(({ id }) => id)).toEqual(['keys-cost', 'growth-cost'])
  expect(findings[0]?.findings).toEqual([{ name: 'get', value: 2, unit: 'x', atMost: 1.6 }])
  expect(findings[1]?.findings.map(({ name, value }) => [name, value])).toEqual([
    ['get, 100,000 entries', 1.25],
    ['get, 1,000,000 entries', 2],
  ])
})

test('missing rows yield no findings', () => {
  expect(derivedFindings([measured('keys-url-get', 500)])).toEqual([])
})
