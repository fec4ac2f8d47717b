/**
 * Failures of etcd and of its clients.
 *
 * @packageDocumentation
 */
export { FAILURES, runFailures } from './failure-run.js'
export type { Failure, FailureRunOptions } from './failure-run.js'
export { Ledger } from './ledger.js'
export type { LedgerResult } from './ledger.js'
