import { corruption, equalBytes, NO_SEGMENT_ID, readCheckedU64, writeU64 } from '@ldb/base'
import type { CatalogVersion } from '../catalog/catalog.js'
import {
  CHECKPOINT_ENTRY_BYTES,
  CHECKPOINT_OFFSET_CATALOG_GENERATION,
  CHECKPOINT_OFFSET_CATALOG_SEGMENT_ID,
  CHECKPOINT_OFFSET_KEYSPACE_COUNT,
  CHECKPOINT_OFFSET_RESERVED,
  CHECKPOINT_OFFSET_SEQ,
  CHECKPOINT_RECORD_BYTES,
  ENTRY_OFFSET_DURABLE_SEQ,
  ENTRY_OFFSET_KEYSPACE_ID,
  ENTRY_OFFSET_RESERVED,
  ENTRY_OFFSET_SEGMENT_ID,
} from '../format.js'

/** The durable checkpoint of a store. */
export interface StoreCheckpoint {
  /** Newest commit in it. */
  readonly durableSeq: number
  /** Log segment that the store recorded with it. */
  readonly segmentId: Uint8Array
}

/** The checkpoint of a store without commits: the log contains every commit of its keyspace. */
export const NO_CHECKPOINT: StoreCheckpoint = Object.freeze({ durableSeq: 0, segmentId: NO_SEGMENT_ID })

/** Reports whether two checkpoints of one store are the same. All of those without commits are: they are empty. */
export function equalCheckpoints(left: StoreCheckpoint, right: StoreCheckpoint): boolean {
  if (left.durableSeq !== right.durableSeq) return false
  return left.durableSeq === 0 || equalBytes(left.segmentId, right.segmentId)
}

/** A checkpoint record of the log: up to which commit each keyspace is durable without the log. */
export interface CheckpointRecord {
  /** Every commit up to this one is in a durable checkpoint of each keyspace that it wrote to. */
  readonly seq: number
  /** A catalog that was durable when the record was written. */
  readonly catalog: CatalogVersion
  /** Keyspace number → its durable checkpoint; commits in it that are newer than `seq` are not counted. */
  readonly stores: ReadonlyMap<number, StoreCheckpoint>
}

/** Encodes a checkpoint record (FORMAT.md). */
export function encodeCheckpointRecord(record: CheckpointRecord): Uint8Array {
  const bytes = new Uint8Array(CHECKPOINT_RECORD_BYTES + record.stores.size * CHECKPOINT_ENTRY_BYTES)
  const view = new DataView(bytes.buffer)
  writeU64(bytes, CHECKPOINT_OFFSET_SEQ, record.seq)
  writeU64(bytes, CHECKPOINT_OFFSET_CATALOG_GENERATION, record.catalog.generation)
  bytes.set(record.catalog.logSegmentId, CHECKPOINT_OFFSET_CATALOG_SEGMENT_ID)
  view.setUint32(CHECKPOINT_OFFSET_KEYSPACE_COUNT, record.stores.size, true)
  let at = CHECKPOINT_RECORD_BYTES
  for (const [keyspaceId, { durableSeq, segmentId }] of record.stores) {
    view.setUint32(at + ENTRY_OFFSET_KEYSPACE_ID, keyspaceId, true)
    writeU64(bytes, at + ENTRY_OFFSET_DURABLE_SEQ, durableSeq)
    bytes.set(segmentId, at + ENTRY_OFFSET_SEGMENT_ID)
    at += CHECKPOINT_ENTRY_BYTES
  }
  return bytes
}

/**
 * Decodes a checkpoint record.
 *
 * @param file - path of the log, for errors.
 * @throws {@link LdbError} LDB_CORRUPTION when it breaks the format.
 */
export function decodeCheckpointRecord(bytes: Uint8Array, file: string): CheckpointRecord {
  if (bytes.length < CHECKPOINT_RECORD_BYTES) throw corruption(file, 0, 'a checkpoint record is truncated')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const seq = readCheckedU64(bytes, CHECKPOINT_OFFSET_SEQ, file, CHECKPOINT_OFFSET_SEQ)
  const generationAt = CHECKPOINT_OFFSET_CATALOG_GENERATION
  const catalog: CatalogVersion = {
    generation: readCheckedU64(bytes, generationAt, file, generationAt),
    logSegmentId: bytes.slice(CHECKPOINT_OFFSET_CATALOG_SEGMENT_ID, CHECKPOINT_OFFSET_KEYSPACE_COUNT),
  }
  const count = view.getUint32(CHECKPOINT_OFFSET_KEYSPACE_COUNT, true)
  if (
    view.getUint32(CHECKPOINT_OFFSET_RESERVED, true) !== 0 ||
    bytes.length - CHECKPOINT_RECORD_BYTES !== count * CHECKPOINT_ENTRY_BYTES
  ) {
    throw corruption(file, 0, 'a checkpoint record has a wrong length')
  }
  const stores = new Map<number, StoreCheckpoint>()
  for (let at = CHECKPOINT_RECORD_BYTES; at < bytes.length; at += CHECKPOINT_ENTRY_BYTES) {
    const keyspaceId = view.getUint32(at + ENTRY_OFFSET_KEYSPACE_ID, true)
    const durableSeq = readCheckedU64(
      bytes,
      at + ENTRY_OFFSET_DURABLE_SEQ,
      file,
      at + ENTRY_OFFSET_DURABLE_SEQ,
    )
    if (
      view.getUint32(at + ENTRY_OFFSET_RESERVED, true) !== 0 ||
      stores.has(keyspaceId) ||
      durableSeq > seq
    ) {
      throw corruption(file, at, 'a checkpoint record is malformed')
    }
    const segmentId = bytes.slice(at + ENTRY_OFFSET_SEGMENT_ID, at + CHECKPOINT_ENTRY_BYTES)
    stores.set(keyspaceId, { durableSeq, segmentId })
  }
  return { seq, catalog, stores }
}
