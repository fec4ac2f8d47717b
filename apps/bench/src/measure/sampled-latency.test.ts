import { expect, test } from 'vitest'
import { SampledLatency } from './sampled-latency.js'

test('few samples are all retained, in microseconds', () => {
  const latency = new SampledLatency()
  latency.add(1.5)
  latency.add(2)
  expect(latency.result).toEqual({ latenciesUs: [1500, 2000], worstUs: 2000 })
})

test('of many samples, a share from the whole period is retained', () => {
  const latency = new SampledLatency()
  const count = 300_000
  for (let i = 0; i < count; i++) latency.add(i / 1000)
  const retained = latency.result.latenciesUs
  expect(retained.length).toBeLessThanOrEqual(20_000)
  expect(retained.length).toBeGreaterThan(5000)
  const early = retained.filter((sample) => sample < count / 2).length
  expect(Math.abs(early / retained.length - 0.5)).toBeLessThan(0.1)
})

test('the slowest operation is known, also when it is not sampled', () => {
  const latency = new SampledLatency()
  for (let i = 0; i < 50_001; i++) latency.add(i === 45_000 ? 7 : 1)
  expect(latency.result.worstUs).toBe(7000)
})
