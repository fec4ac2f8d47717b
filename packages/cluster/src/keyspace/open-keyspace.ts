import type { Session } from '../calls/session.js'
import type { DriverKeyspace } from '../driver/driver-keyspace.js'
import { expiryAfter } from '../values/stored-value.js'
import type { KeyspaceCodec } from './keyspace-codec.js'

/** An open keyspace: what its handles and views share. */
export class OpenKeyspace<K, V> {
  readonly session: Session
  readonly driver: DriverKeyspace
  readonly codec: KeyspaceCodec<K, V>
  /** Default time to live, in milliseconds; Infinity for none. */
  ttlMs: number

  constructor(session: Session, driver: DriverKeyspace, codec: KeyspaceCodec<K, V>, ttlMs: number) {
    this.session = session
    this.driver = driver
    this.codec = codec
    this.ttlMs = ttlMs
  }

  /** Encodes a value that is written now. @param ttlMs - `undefined` for the default of the keyspace. */
  encodeStored(value: V, ttlMs: number | undefined): Uint8Array {
    return this.codec.encodeStored(value, expiryAfter(this.session.environment.now(), ttlMs ?? this.ttlMs))
  }
}
