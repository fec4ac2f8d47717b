import { ProtoReader } from '../protobuf/proto-reader.js'
import type { ProtoWriter } from '../protobuf/proto-writer.js'
import { decodeHeaderRevision, decodeKeyValue } from './key-value.js'
import type { EtcdKeyValue } from './key-value.js'

/**
 * A read of one key or of a range of keys.
 *
 * @category Client
 */
export interface EtcdRangeRequest {
  /** The key, or the first key of the range. Not empty. */
  readonly key: Uint8Array
  /** The key after the last one; absent for one key. */
  readonly rangeEnd?: Uint8Array
  /** Number of keys at most; 0 or absent for all. */
  readonly limit?: number
  /** Revision to read; 0 or absent for the newest. */
  readonly revision?: number
  /** The last keys of the range first. etcd sorts the whole range for it. */
  readonly descending?: boolean
  /** The contacted member answers alone, possibly with an older state. */
  readonly serializable?: boolean
  /** The response has no values. */
  readonly keysOnly?: boolean
  /** The response has the number of keys only. */
  readonly countOnly?: boolean
}

/**
 * The result of a read.
 *
 * @category Client
 */
export interface EtcdRangeResponse {
  /** Revision of the store when the request was answered; 0 within the response of a transaction. */
  readonly revision: number
  /** The keys, in ascending order unless the request says otherwise. */
  readonly kvs: readonly EtcdKeyValue[]
  /** The range has more keys than the limit. */
  readonly more: boolean
  /** Number of keys in the range, without the limit. */
  readonly count: number
}

const DESCEND = 2

/** Encodes `etcdserverpb.RangeRequest`. */
export function encodeRange(writer: ProtoWriter, request: EtcdRangeRequest): void {
  writer.bytes(1, request.key)
  if (request.rangeEnd !== undefined) writer.bytes(2, request.rangeEnd)
  writer.integer(3, request.limit ?? 0)
  writer.integer(4, request.revision ?? 0)
  if (request.descending === true) writer.integer(5, DESCEND)
  writer.boolean(7, request.serializable === true)
  writer.boolean(8, request.keysOnly === true)
  writer.boolean(9, request.countOnly === true)
}

/** Decodes `etcdserverpb.RangeResponse`. */
export function decodeRange(reader: ProtoReader): EtcdRangeResponse {
  const kvs: EtcdKeyValue[] = []
  let revision = 0
  let more = false
  let count = 0
  while (reader.next()) {
    if (reader.field === 1) revision = decodeHeaderRevision(reader.message())
    else if (reader.field === 2) kvs.push(decodeKeyValue(reader.message()))
    else if (reader.field === 3) more = reader.boolean()
    else if (reader.field === 4) count = reader.integer()
  }
  return { revision, kvs, more, count }
}

/** Decodes a message that is `etcdserverpb.RangeResponse`. */
export function decodeRangeMessage(message: Uint8Array): EtcdRangeResponse {
  return decodeRange(new ProtoReader(message))
}
