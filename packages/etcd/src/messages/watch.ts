import { ProtoReader } from '../protobuf/proto-reader.js'
import type { ProtoWriter } from '../protobuf/proto-writer.js'
import { decodeHeaderRevision, decodeKeyValue } from './key-value.js'
import type { EtcdKeyValue } from './key-value.js'

/**
 * A change of a key.
 *
 * @category Client
 */
export interface EtcdEvent {
  /** What happened to the key. */
  readonly kind: 'put' | 'delete'
  /** The key. */
  readonly key: Uint8Array
  /** The new value; empty for `'delete'`. */
  readonly value: Uint8Array
  /** Revision of the change. */
  readonly modRevision: number
}

/** A request to watch a range of keys. */
export interface WatchCreateRequest {
  readonly key: Uint8Array
  readonly rangeEnd?: Uint8Array
  /** Revision of the first change to report. */
  readonly startRevision: number
}

/** A message of a watch stream. */
export interface WatchResponse {
  /** Every change up to this revision was sent before, if the message has no events. */
  readonly revision: number
  readonly created: boolean
  readonly canceled: boolean
  /** The oldest revision that still exists, if the watch was canceled because its start does not; else 0. */
  readonly compactRevision: number
  readonly cancelReason: string
  /** More events of the last revision follow in the next message. */
  readonly fragment: boolean
  readonly events: readonly EtcdEvent[]
}

/** Encodes `etcdserverpb.WatchRequest` with `create_request`. */
export function encodeWatchCreate(writer: ProtoWriter, request: WatchCreateRequest): void {
  const start = writer.begin(1)
  writer.bytes(1, request.key)
  if (request.rangeEnd !== undefined) writer.bytes(2, request.rangeEnd)
  writer.integer(3, request.startRevision)
  writer.boolean(4, true) // progress_notify
  writer.boolean(8, true) // fragment
  writer.end(start)
}

/** Encodes `etcdserverpb.WatchRequest` with `progress_request`. */
export function encodeWatchProgress(writer: ProtoWriter): void {
  writer.end(writer.begin(3))
}

/** Decodes a message that is `etcdserverpb.WatchResponse`. */
export function decodeWatchMessage(message: Uint8Array): WatchResponse {
  const reader = new ProtoReader(message)
  const events: EtcdEvent[] = []
  let revision = 0
  let created = false
  let canceled = false
  let compactRevision = 0
  let cancelReason = ''
  let fragment = false
  while (reader.next()) {
    if (reader.field === 1) revision = decodeHeaderRevision(reader.message())
    else if (reader.field === 3) created = reader.boolean()
    else if (reader.field === 4) canceled = reader.boolean()
    else if (reader.field === 5) compactRevision = reader.integer()
    else if (reader.field === 6) cancelReason = reader.text()
    else if (reader.field === 7) fragment = reader.boolean()
    else if (reader.field === 11) events.push(decodeEvent(reader.message()))
  }
  return { revision, created, canceled, compactRevision, cancelReason, fragment, events }
}

function decodeEvent(reader: ProtoReader): EtcdEvent {
  let isDelete = false
  let kv = NO_KEY_VALUE
  while (reader.next()) {
    if (reader.field === 1) isDelete = reader.integer() === 1
    else if (reader.field === 2) kv = decodeKeyValue(reader.message())
  }
  return { kind: isDelete ? 'delete' : 'put', key: kv.key, value: kv.value, modRevision: kv.modRevision }
}

const NO_KEY_VALUE: EtcdKeyValue = { key: new Uint8Array(0), value: new Uint8Array(0), modRevision: 0 }
