// Payloads of checkpoint, catalog and keyspace records: FORMAT.md of packages/core, "Log records".
import { ByteView, decodeText } from '../bytes/byte-view.js'
import { requireKnown, requireSound } from '../bytes/format-error.js'

/** The checkpoints that were durable when a checkpoint record was written. */
export interface CheckpointRecord {
  readonly seq: number
  readonly catalog: CatalogVersion
  readonly stores: ReadonlyMap<number, StoreCheckpoint>
}

/** What distinguishes a catalog from those of other copies of a database. */
export interface CatalogVersion {
  readonly generation: number
  readonly segmentId: string
}

/** The checkpoint of a keyspace. */
export interface StoreCheckpoint {
  readonly durableSeq: number
  readonly segmentId: string
}

/** What the commit of a keyspace record has done; the catalog may end with one. */
export interface KeyspaceChange {
  readonly kind: 'created' | 'dropped'
  readonly keyspaceId: number
  readonly engine: 'btree' | 'lsm'
  readonly name: string
  readonly keyEncoding: string
  readonly valueEncoding: string
}

/** Decodes a keyspace change. */
export function readKeyspaceChange(payload: Uint8Array): KeyspaceChange {
  const view = new ByteView(payload)
  const [kind, engine] = [view.u8(4), view.u8(5)]
  requireSound(kind === 1 || kind === 2, 'kind of a keyspace change')
  requireKnown(engine === 1 || engine === 2, `engine ${engine}`)
  requireSound(view.u32(0) >= 2 && view.isZero(10, 16), 'id or reserved field of a keyspace change')
  const lengths = [view.u16(6), view.u8(8), view.u8(9)]
  requireSound(
    lengths.every((length) => length >= 1 && length <= 1024),
    'a length in a keyspace change',
  )
  let end = 16
  const [name = '', keyEncoding = '', valueEncoding = ''] = lengths.map((length) => {
    end += length
    return decodeText(view.slice(end - length, end))
  })
  requireSound(end === view.length, 'length of a keyspace change')
  return {
    kind: kind === 1 ? 'created' : 'dropped',
    keyspaceId: view.u32(0),
    engine: engine === 1 ? 'btree' : 'lsm',
    name,
    keyEncoding,
    valueEncoding,
  }
}

/** Decodes the payload of a checkpoint record. */
export function readCheckpointRecord(payload: Uint8Array): CheckpointRecord {
  const view = new ByteView(payload)
  const keyspaceCount = view.u32(32)
  requireSound(view.u32(36) === 0, 'reserved field of a checkpoint record')
  requireSound(view.length === 40 + 32 * keyspaceCount, 'length of a checkpoint record')
  const stores = new Map<number, StoreCheckpoint>()
  for (let offset = 40; offset < view.length; offset += 32) {
    requireSound(view.u32(offset + 4) === 0, 'reserved field of a checkpoint entry')
    requireSound(view.u64(offset + 8) <= view.u64(0), 'a checkpoint entry is newer than its record')
    const checkpoint = { durableSeq: view.u64(offset + 8), segmentId: view.hex(offset + 16, offset + 32) }
    stores.set(view.u32(offset), checkpoint)
  }
  requireSound(stores.size === keyspaceCount, 'a checkpoint record names a keyspace twice')
  return { seq: view.u64(0), catalog: { generation: view.u64(8), segmentId: view.hex(16, 32) }, stores }
}

/** Decodes the payload of a catalog record. */
export function readCatalogRecord(payload: Uint8Array): CatalogVersion {
  requireSound(payload.length === 24, 'length of a catalog record')
  const view = new ByteView(payload)
  return { generation: view.u64(0), segmentId: view.hex(8, 24) }
}
