import type { ProtoReader } from '../protobuf/proto-reader.js'

/**
 * A key of etcd at one revision.
 *
 * @category Client
 */
export interface EtcdKeyValue {
  /** The key: a view of the response, which stays in memory with it. */
  readonly key: Uint8Array
  /** The value: a view of the response; empty for a deleted key. */
  readonly value: Uint8Array
  /** Revision of the last change of the key; 0 where there is none. */
  readonly modRevision: number
}

/** Decodes `mvccpb.KeyValue`. */
export function decodeKeyValue(reader: ProtoReader): EtcdKeyValue {
  let key: Uint8Array = NO_BYTES
  let value: Uint8Array = NO_BYTES
  let modRevision = 0
  while (reader.next()) {
    if (reader.field === 1) key = reader.bytes()
    else if (reader.field === 3) modRevision = reader.integer()
    else if (reader.field === 5) value = reader.bytes()
  }
  return { key, value, modRevision }
}

/** Decodes the revision of `etcdserverpb.ResponseHeader`. */
export function decodeHeaderRevision(reader: ProtoReader): number {
  let revision = 0
  while (reader.next()) if (reader.field === 3) revision = reader.integer()
  return revision
}

const NO_BYTES: Uint8Array = new Uint8Array(0)
