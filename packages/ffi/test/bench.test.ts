// The benchmark runs, with few entries; its numbers are not compared.
import { describe, expect, it } from 'vitest'
import { whyNotBuildable } from './native-library.js'

interface Benchmark {
  runBenchmark(entryCount: number): Promise<Map<string, { readonly numbers: Record<string, number> }>>
  tableOf(rows: Map<string, unknown>): string[]
}

describe.runIf(whyNotBuildable === undefined)('the benchmark', () => {
  it('has a number for each row', { timeout: 240_000 }, async () => {
    const { runBenchmark, tableOf } = (await import(
      new URL('../bench/run.js', import.meta.url).href
    )) as Benchmark
    const rows = await runBenchmark(200)
    expect([...rows.keys()]).toEqual(
      expect.arrayContaining(['first open', 'put', 'get', 'gets a second, 4 threads', 'packed scan']),
    )
    for (const { numbers } of rows.values()) expect(numbers.ldb).toBeGreaterThan(0)
    expect(tableOf(rows)).toHaveLength(rows.size)
  })
})
