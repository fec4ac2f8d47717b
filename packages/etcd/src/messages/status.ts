import { ProtoReader } from '../protobuf/proto-reader.js'

/**
 * State of one member.
 *
 * @category Client
 */
export interface EtcdStatus {
  /** Version of the server, for instance `'3.5.16'`. */
  readonly version: string
  /** Number of the member. */
  readonly memberId: bigint
  /** Number of the member that the member takes for the leader; 0 for none. */
  readonly leaderId: bigint
  /** Size of the member's file, in bytes. */
  readonly dbBytes: number
  /** Bytes of it that are in use. */
  readonly dbBytesInUse: number
  /** Revision of the member's store. */
  readonly revision: number
}

/** Decodes a message that is `etcdserverpb.StatusResponse`. */
export function decodeStatusMessage(message: Uint8Array): EtcdStatus {
  const reader = new ProtoReader(message)
  let version = ''
  let header = { memberId: 0n, revision: 0 }
  let leaderId = 0n
  let dbBytes = 0
  let dbBytesInUse = 0
  while (reader.next()) {
    if (reader.field === 1) header = decodeHeader(reader.message())
    else if (reader.field === 2) version = reader.text()
    else if (reader.field === 3) dbBytes = reader.integer()
    else if (reader.field === 4) leaderId = reader.integer64()
    else if (reader.field === 9) dbBytesInUse = reader.integer()
  }
  return { version, ...header, leaderId, dbBytes, dbBytesInUse }
}

function decodeHeader(reader: ProtoReader): { memberId: bigint; revision: number } {
  let memberId = 0n
  let revision = 0
  while (reader.next()) {
    if (reader.field === 2) memberId = reader.integer64()
    else if (reader.field === 3) revision = reader.integer()
  }
  return { memberId, revision }
}
