import { concatBytes, decodeUtf8, encodeUtf8, prefixSuccessor, startsWithBytes } from '@ldb/base'
import type { DriverKeyspace, Marker } from '@ldb/cluster'
import type { EtcdKeyValue } from '../messages/key-value.js'

/** The first byte behind the prefix of the database: what a key is. See FORMAT.md. */
export const KeyKind = {
  /** An entry: identity of the keyspace, key. */
  DATA: 0x64, // d
  /** The last deletion in a keyspace: its identity. */
  DELETION: 0x65, // e
  /** A keyspace: its name. */
  KEYSPACE: 0x6e, // n
  /** A marker: 16 bytes. */
  MARKER: 0x74, // t
} as const

/** Bytes of the identity of a keyspace within a key. */
export const IDENTITY_BYTES = 8

/** Values of a marker: what has recorded it. */
export const MARKER_COMMITTED: Uint8Array = new Uint8Array([1])
export const MARKER_CLAIMED: Uint8Array = new Uint8Array([0])

/** A range of etcd's keys. */
export interface EtcdRange {
  readonly key: Uint8Array
  readonly rangeEnd: Uint8Array
}

/** Maps keyspaces, keys and markers to the keys of etcd, and back. FORMAT.md is normative. */
export class KeyLayout {
  readonly #prefix: Uint8Array
  readonly #dataPrefixes: Map<string, Uint8Array> = new Map()

  constructor(prefix: string) {
    this.#prefix = encodeUtf8(prefix)
  }

  /** Bytes that the layout adds to a key. */
  get overheadBytes(): number {
    return this.#prefix.length + 1 + IDENTITY_BYTES
  }

  /** All keyspaces. */
  get keyspaces(): EtcdRange {
    return withinPrefix(this.#key(KeyKind.KEYSPACE))
  }

  /** What a watch needs: entries, deletions and keyspaces, but no markers. */
  get watched(): EtcdRange {
    const rangeEnd = this.#key(KeyKind.KEYSPACE + 1)
    return { key: this.#key(KeyKind.DATA), rangeEnd }
  }

  /** Returns the key of an entry. */
  data(keyspace: DriverKeyspace, key: Uint8Array): Uint8Array {
    const prefix = this.#dataPrefix(keyspace)
    const bytes = new Uint8Array(prefix.length + key.length)
    bytes.set(prefix)
    bytes.set(key, prefix.length)
    return bytes
  }

  /** Returns the range of entries between two bounds. */
  dataRange(
    keyspace: DriverKeyspace,
    lower: Uint8Array | undefined,
    upper: Uint8Array | undefined,
  ): EtcdRange {
    const prefix = this.#dataPrefix(keyspace)
    const key = lower === undefined ? prefix : this.data(keyspace, lower)
    if (upper !== undefined) return { key, rangeEnd: this.data(keyspace, upper) }
    return { key, rangeEnd: withinPrefix(prefix).rangeEnd }
  }

  /** Returns the key of an entry without what the layout has added: a view. */
  entryKey(key: Uint8Array): Uint8Array {
    return key.subarray(this.overheadBytes)
  }

  /** Returns the key that every deletion in a keyspace puts. */
  deletion(keyspace: DriverKeyspace): Uint8Array {
    return this.#key(KeyKind.DELETION, encodeIdentity(keyspace.id))
  }

  /** Returns the key of a keyspace. */
  keyspace(name: string): Uint8Array {
    return this.#key(KeyKind.KEYSPACE, encodeUtf8(name))
  }

  /** Returns the keyspace that a key and its value are: its identity is the revision of its creation. */
  decodeKeyspace(kv: EtcdKeyValue): DriverKeyspace {
    return { name: this.keyspaceName(kv.key), id: String(kv.modRevision), properties: decodeUtf8(kv.value) }
  }

  /** Returns the name of the keyspace that a key is. */
  keyspaceName(key: Uint8Array): string {
    return decodeUtf8(key.subarray(this.#prefix.length + 1))
  }

  /** Returns the key of a marker. */
  marker(marker: Marker): Uint8Array {
    const bytes = new Uint8Array(marker.length / 2)
    for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(marker.slice(2 * i, 2 * i + 2), 16)
    return this.#key(KeyKind.MARKER, bytes)
  }

  /** Returns what a key is, and the identity of its keyspace if it is an entry. */
  classify(key: Uint8Array): { readonly kind: number; readonly id: string | undefined } {
    if (!startsWithBytes(key, this.#prefix)) return { kind: 0, id: undefined }
    const kind = key[this.#prefix.length] ?? 0
    if (kind !== KeyKind.DATA) return { kind, id: undefined }
    const start = this.#prefix.length + 1
    const view = new DataView(key.buffer, key.byteOffset + start, IDENTITY_BYTES)
    return { kind, id: String(view.getUint32(0) * 2 ** 32 + view.getUint32(4)) }
  }

  #dataPrefix(keyspace: DriverKeyspace): Uint8Array {
    let prefix = this.#dataPrefixes.get(keyspace.id)
    if (prefix === undefined) {
      prefix = this.#key(KeyKind.DATA, encodeIdentity(keyspace.id))
      this.#dataPrefixes.set(keyspace.id, prefix)
    }
    return prefix
  }

  #key(kind: number, rest: Uint8Array = new Uint8Array(0)): Uint8Array {
    return concatBytes(this.#prefix, new Uint8Array([kind]), rest)
  }
}

function encodeIdentity(id: string): Uint8Array {
  const revision = Number(id)
  const bytes = new Uint8Array(IDENTITY_BYTES)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, Math.floor(revision / 2 ** 32))
  view.setUint32(4, revision % 2 ** 32)
  return bytes
}

function withinPrefix(prefix: Uint8Array): EtcdRange {
  // Every prefix has a byte below 0xff: the kind.
  return { key: prefix, rangeEnd: prefixSuccessor(prefix) as Uint8Array }
}
