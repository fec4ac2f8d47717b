import { expect, test } from 'vitest'
import { SampledLatency } from './sampled-latency.js'

test('few samples are kept as they are, in microseconds', () => {
  const latency = new SampledLatency()
  latency.add(1.5)
  latency.add(2)
  expect(latency.samplesUs).toEqual([1500, 2000])
})

test('of many, samples from the whole time are kept', () => {
  const latency = new SampledLatency()
  const count = 300_000
  for (let i = 0; i < count; i++) latency.add(i / 1000)
  const kept = latency.samplesUs
  expect(kept.length).toBeLessThanOrEqual(20_000)
  expect(kept.length).toBeGreaterThan(5000)
  const early = kept.filter((sample) => sample < count / 2).length
  expect(Math.abs(early / kept.length - 0.5)).toBeLessThan(0.1)
})
