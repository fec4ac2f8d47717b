import { expect, test } from 'vitest'
import { SampledLatency } from './sampled-latency.js'

test('few samples are all retained, in microseconds', () => {
  const latency = new SampledLatency()
  latency.add(1.5)
  latency.add(2)
  expect(latency.samplesUs).toEqual([1500, 2000])
})

test('of many samples, a share from the whole period is retained', () => {
  const latency = new SampledLatency()
  const count = 300_000
  for (let i = 0; i < count; i++) latency.add(i / 1000)
  const retained = latency.samplesUs
  expect(retained.length).toBeLessThanOrEqual(20_000)
  expect(retained.length).toBeGreaterThan(5000)
  const early = retained.filter((sample) => sample < count / 2).length
  expect(Math.abs(early / retained.length - 0.5)).toBeLessThan(0.1)
})
