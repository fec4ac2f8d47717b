import { ProtoReader } from '../protobuf/proto-reader.js'
import type { ProtoWriter } from '../protobuf/proto-writer.js'
import { decodeHeaderRevision } from './key-value.js'
import { decodeRange, encodeRange } from './range.js'
import type { EtcdRangeRequest, EtcdRangeResponse } from './range.js'

/**
 * A condition of a transaction on the revision of the last change of a key, or of every key of a range.
 *
 * @category Client
 */
export interface EtcdCompare {
  /** The key, or the first key of the range. */
  readonly key: Uint8Array
  /** The key after the last one; absent for one key. A range without keys meets every condition. */
  readonly rangeEnd?: Uint8Array
  /** How the revision of the last change compares with `modRevision`. */
  readonly relation: 'equal' | 'less'
  /** The revision to compare with; a key that does not exist has 0. */
  readonly modRevision: number
}

/**
 * An operation of a transaction.
 *
 * @category Client
 */
export type EtcdOperation =
  | { readonly kind: 'range'; readonly range: EtcdRangeRequest }
  | { readonly kind: 'put'; readonly key: Uint8Array; readonly value: Uint8Array; readonly lease?: number }
  | { readonly kind: 'delete'; readonly key: Uint8Array; readonly rangeEnd?: Uint8Array }

/**
 * A transaction: `success` is executed if all conditions are met, else `failure`.
 *
 * @category Client
 */
export interface EtcdTxnRequest {
  /** The conditions, of which all must be met. */
  readonly compare: readonly EtcdCompare[]
  /** Operations if they are. No key is put twice, or put and deleted. */
  readonly success: readonly EtcdOperation[]
  /** Operations if one is not. */
  readonly failure?: readonly EtcdOperation[]
}

/**
 * The result of a transaction.
 *
 * @category Client
 */
export interface EtcdTxnResponse {
  /** Revision of the store: that of the transaction's writes if it has any. */
  readonly revision: number
  /** All conditions were met. */
  readonly succeeded: boolean
  /** The results of the reads among the executed operations, in their order. */
  readonly ranges: readonly EtcdRangeResponse[]
}

/** Bytes of an operation or a condition beside its key and its value, at most. */
const OPERATION_BYTES = 64
const MESSAGE_BYTES = 64

/** Returns about how many bytes {@link encodeTxn} writes, as capacity: a writer that grows copies what it has. */
export function txnBytes({ compare, success, failure = [] }: EtcdTxnRequest): number {
  let size = MESSAGE_BYTES + (compare.length + failure.length) * OPERATION_BYTES * 2
  for (const operation of success) {
    size += OPERATION_BYTES
    if (operation.kind === 'range') size += OPERATION_BYTES
    else size += operation.key.length
    if (operation.kind === 'put') size += operation.value.length
  }
  return size
}

const RELATIONS = { equal: 0, less: 2 } as const
const TARGET_MOD_REVISION = 2

/** Encodes `etcdserverpb.TxnRequest`. */
export function encodeTxn(writer: ProtoWriter, request: EtcdTxnRequest): void {
  for (const compare of request.compare) encodeCompare(writer, compare)
  for (const operation of request.success) encodeOperation(writer, 2, operation)
  for (const operation of request.failure ?? []) encodeOperation(writer, 3, operation)
}

/** Decodes a message that is `etcdserverpb.TxnResponse`. */
export function decodeTxnMessage(message: Uint8Array): EtcdTxnResponse {
  const reader = new ProtoReader(message)
  const ranges: EtcdRangeResponse[] = []
  let revision = 0
  let succeeded = false
  while (reader.next()) {
    if (reader.field === 1) revision = decodeHeaderRevision(reader.message())
    else if (reader.field === 2) succeeded = reader.boolean()
    else if (reader.field === 3) {
      const operation = reader.message()
      while (operation.next()) if (operation.field === 1) ranges.push(decodeRange(operation.message()))
    }
  }
  return { revision, succeeded, ranges }
}

function encodeCompare(writer: ProtoWriter, compare: EtcdCompare): void {
  const start = writer.begin(1)
  writer.integer(1, RELATIONS[compare.relation])
  writer.integer(2, TARGET_MOD_REVISION)
  writer.bytes(3, compare.key)
  writer.explicitInteger(6, compare.modRevision)
  if (compare.rangeEnd !== undefined) writer.bytes(64, compare.rangeEnd)
  writer.end(start)
}

function encodeOperation(writer: ProtoWriter, field: number, operation: EtcdOperation): void {
  const start = writer.begin(field)
  if (operation.kind === 'range') {
    const range = writer.begin(1)
    encodeRange(writer, operation.range)
    writer.end(range)
  } else if (operation.kind === 'put') {
    const put = writer.begin(2)
    writer.bytes(1, operation.key)
    writer.bytes(2, operation.value)
    writer.integer(3, operation.lease ?? 0)
    writer.end(put)
  } else {
    const deletion = writer.begin(3)
    writer.bytes(1, operation.key)
    if (operation.rangeEnd !== undefined) writer.bytes(2, operation.rangeEnd)
    writer.end(deletion)
  }
  writer.end(start)
}
