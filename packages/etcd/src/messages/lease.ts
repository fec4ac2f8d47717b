import { ProtoReader } from '../protobuf/proto-reader.js'
import type { ProtoWriter } from '../protobuf/proto-writer.js'

/** A lease that was granted, or kept alive. */
export interface Lease {
  /** Number of the lease. */
  readonly id: number
  /** Time until it expires, in seconds; 0 when it has expired. */
  readonly ttlSeconds: number
}

/** Encodes `etcdserverpb.LeaseGrantRequest`. */
export function encodeLeaseGrant(writer: ProtoWriter, lease: Lease): void {
  writer.integer(1, lease.ttlSeconds)
  writer.integer(2, lease.id)
}

/** Encodes `etcdserverpb.LeaseKeepAliveRequest` and `etcdserverpb.LeaseRevokeRequest`. */
export function encodeLeaseId(writer: ProtoWriter, id: number): void {
  writer.integer(1, id)
}

/** Decodes a message that is `etcdserverpb.LeaseGrantResponse` or `etcdserverpb.LeaseKeepAliveResponse`. */
export function decodeLeaseMessage(message: Uint8Array): Lease {
  const reader = new ProtoReader(message)
  let id = 0
  let ttlSeconds = 0
  while (reader.next()) {
    if (reader.field === 2) id = reader.integer()
    else if (reader.field === 3) ttlSeconds = reader.integer()
  }
  return { id, ttlSeconds }
}
