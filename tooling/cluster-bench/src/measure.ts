import { countRoundTrips } from './round-trips.js'
import { ROWS } from './workload.js'
import type { Operations, RowName } from './workload.js'

/** A client under measurement. */
export interface Subject {
  readonly name: string
  readonly operations: Operations
}

/** Milliseconds of one operation, and microseconds of processor time of this process: medians over the rounds. */
export interface Measured {
  readonly ms: number
  readonly cpuUs: number
}

/** Distance of the keys of two operations: they spread over the table. */
const STRIDE = 7919
const COUNTED = 10

/** Time for the compiler to do its work before anything is measured. */
const WARM_MS = 1500

/** Runs one row with all clients, which alternate, and returns the medians. */
export async function measureRow(
  row: RowName,
  subjects: readonly Subject[],
  rounds: number,
): Promise<Map<string, Measured>> {
  const samples = new Map(subjects.map(({ name }) => [name, { ms: [] as number[], cpuUs: [] as number[] }]))
  for (const { operations } of subjects) {
    const endMs = performance.now() + WARM_MS
    for (let n = 0; performance.now() < endMs; n++) await operations[row](n * STRIDE)
  }
  for (let round = 0; round < rounds; round++) {
    for (const { name, operations } of subjects) {
      const startMs = performance.now()
      const startCpu = process.cpuUsage()
      for (let n = 0; n < ROWS[row]; n++) await operations[row](n * STRIDE + round * 101)
      const cpu = process.cpuUsage(startCpu)
      samples.get(name)?.ms.push((performance.now() - startMs) / ROWS[row])
      samples.get(name)?.cpuUs.push((cpu.user + cpu.system) / ROWS[row])
    }
  }
  return new Map(
    [...samples].map(([name, { ms, cpuUs }]) => [name, { ms: median(ms), cpuUs: median(cpuUs) }]),
  )
}

/** Returns the round trips of one operation of a row, by client. */
export async function countRow(row: RowName, subjects: readonly Subject[]): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  for (const { name, operations } of subjects) {
    const count = await countRoundTrips(async () => {
      for (let n = 0; n < COUNTED; n++) await operations[row](n * STRIDE)
    })
    counts.set(name, count / COUNTED)
  }
  return counts
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? NaN
}
