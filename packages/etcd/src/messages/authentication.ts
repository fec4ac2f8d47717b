import { encodeUtf8 } from '@ldb/base'

import { ProtoReader } from '../protobuf/proto-reader.js'
import type { ProtoWriter } from '../protobuf/proto-writer.js'

/** A user of etcd. */
export interface Credentials {
  readonly username: string
  readonly password: string
}

/** Encodes `etcdserverpb.AuthenticateRequest`. */
export function encodeAuthenticate(writer: ProtoWriter, credentials: Credentials): void {
  writer.bytes(1, encodeUtf8(credentials.username))
  writer.bytes(2, encodeUtf8(credentials.password))
}

/** Decodes the token of a message that is `etcdserverpb.AuthenticateResponse`. */
export function decodeTokenMessage(message: Uint8Array): string {
  const reader = new ProtoReader(message)
  let token = ''
  while (reader.next()) if (reader.field === 2) token = reader.text()
  return token
}
