/**
 * A conformance kit for drivers of `@ldb/cluster`.
 *
 * @packageDocumentation
 */

export type { ConformanceCase, ConformanceOptions, OpenDriver } from './conformance-case.js'
export { conformanceCases, runConformance } from './conformance.js'
export type { ConformanceResult } from './conformance.js'
export { Violation } from './bed/violation.js'
export { runFailureWorkload } from './workload/failure-workload.js'
export type { FailureOptions, FailureReport } from './workload/failure-workload.js'
