// Payloads of checkpoint and catalog records: FORMAT.md of packages/core, "Log records".
import { ByteView } from '../bytes/byte-view.js'
import { requireSound } from '../bytes/format-error.js'

/** The checkpoints that were durable when a checkpoint record was written. */
export interface CheckpointRecord {
  readonly seq: number
  readonly catalogGeneration: number
  readonly durableSeqs: ReadonlyMap<number, number>
}

/** Decodes the payload of a checkpoint record. */
export function readCheckpointRecord(payload: Uint8Array): CheckpointRecord {
  const view = new ByteView(payload)
  const keyspaceCount = view.u32(16)
  requireSound(view.u32(20) === 0, 'reserved field of a checkpoint record')
  requireSound(view.length === 24 + 16 * keyspaceCount, 'length of a checkpoint record')
  const durableSeqs = new Map<number, number>()
  for (let offset = 24; offset < view.length; offset += 16) {
    requireSound(view.u32(offset + 4) === 0, 'reserved field of a checkpoint entry')
    requireSound(view.u64(offset + 8) <= view.u64(0), 'a checkpoint entry is newer than its record')
    durableSeqs.set(view.u32(offset), view.u64(offset + 8))
  }
  requireSound(durableSeqs.size === keyspaceCount, 'a checkpoint record names a keyspace twice')
  return { seq: view.u64(0), catalogGeneration: view.u64(8), durableSeqs }
}

/** Decodes the payload of a catalog record: the generation of the catalog. */
export function readCatalogRecord(payload: Uint8Array): number {
  requireSound(payload.length === 8, 'length of a catalog record')
  return new ByteView(payload).u64(0)
}
