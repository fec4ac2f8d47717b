import type { DriverLimits } from '@ldb/cluster'
import type { ResolvedOptions } from './etcd-options.js'

/** Operations of a commit that are the driver's own: the marker, old markers, and the deletions of a few keyspaces. */
const OWN_OPERATIONS = 8
const KEY_BYTES_MAX = 16_384
/** Bytes around a key and a value in a request, without the layout of the key. */
const OPERATION_BYTES = 24
/** Bytes of the conditions and operations of the driver's own. */
const OWN_BYTES = 8192

/** Returns what etcd accepts as it is configured. */
export function limitsOf(options: ResolvedOptions, overheadBytes: number): DriverLimits {
  const transactionWritesMax = options.maxTxnOps - OWN_OPERATIONS
  const aroundBytes = OWN_BYTES + transactionWritesMax * (OPERATION_BYTES + overheadBytes)
  // With many short entries, what is around them is most of a request.
  const transactionBytesMax = Math.floor(
    Math.max(options.maxRequestBytes - aroundBytes, options.maxRequestBytes / 2),
  )
  return Object.freeze({
    keyBytesMax: KEY_BYTES_MAX,
    valueBytesMax: transactionBytesMax - KEY_BYTES_MAX,
    transactionBytesMax,
    transactionWritesMax,
    transactionReadsMax: options.maxTxnOps - OWN_OPERATIONS,
    // A snapshot ends with the compaction of its revision, which the operator of etcd chooses.
    transactionMsMax: Infinity,
    snapshotMsMax: Infinity,
  })
}
