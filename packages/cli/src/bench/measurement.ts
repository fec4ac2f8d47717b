import process from 'node:process'
import type { Database } from '@ldb/core'
import { KEY_BYTES } from './bench-data.js'
import type { BenchShape } from './bench-data.js'
import type { Workload } from './workloads.js'

/** The result of a workload. */
export interface Measurement {
  readonly workload: string
  readonly operations: number
  readonly wallMs: number
  /** Time of the processor in all threads of the process. */
  readonly cpuMs: number
  readonly operationsPerSecond: number
  readonly entriesPerSecond: number
  readonly bytesPerSecond: number
}

/** Runs a workload, and measures it. What it leaves to the background is not awaited. */
export function measure(database: Database, workload: Workload, shape: BenchShape): Measurement {
  const cpu = process.cpuUsage()
  const start = performance.now()
  workload.run(database, shape)
  const wallMs = performance.now() - start
  const { user, system } = process.cpuUsage(cpu)
  const operations = workload.operationCount(shape)
  const seconds = wallMs / 1000
  const entries = operations * workload.entriesPerOperation
  return {
    workload: workload.name,
    operations,
    wallMs,
    cpuMs: (user + system) / 1000,
    operationsPerSecond: operations / seconds,
    entriesPerSecond: entries / seconds,
    bytesPerSecond: (entries * (shape.valueBytes + KEY_BYTES)) / seconds,
  }
}
