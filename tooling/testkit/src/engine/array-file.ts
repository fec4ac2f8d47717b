import type { HeldCheckpoint, Seq } from '@ldb/base'
import { corruption, NO_SEGMENT_ID, readU32, readCheckedU64, writeU32, writeU64 } from '@ldb/base'
import { createSeed64, UnitCodec, UnitKind } from '@ldb/integrity'
import { HeldBytes } from '@ldb/vfs'
import type { Vfs, VfsFile } from '@ldb/vfs'
import type { ArrayEntry, SortedEntries } from './sorted-array.js'

/** Checksum u64, length u32, sequence number u64, count u32, log segment. */
const HEADER_BYTES = 40
const codec = new UnitCodec(createSeed64(11, 13))

/** The durable state of a sorted array. */
export interface ArrayState {
  readonly seq: number
  /** Newest segment of the log when the state was written. @defaultValue none */
  readonly segmentId?: Uint8Array
  readonly entries: SortedEntries
}

/** Encodes a state: header, then key length, value length, key and value of each entry. */
export function encodeState({ seq, segmentId = NO_SEGMENT_ID, entries }: ArrayState): Uint8Array {
  let byteCount = HEADER_BYTES
  for (const { key, value } of entries) byteCount += 8 + key.length + value.length
  const bytes = new Uint8Array(byteCount)
  writeU32(bytes, 8, byteCount)
  writeU64(bytes, 12, seq)
  writeU32(bytes, 20, entries.length)
  bytes.set(segmentId, 24)
  let at = HEADER_BYTES
  for (const { key, value } of entries) {
    writeU32(bytes, at, key.length)
    writeU32(bytes, at + 4, value.length)
    bytes.set(key, at + 8)
    bytes.set(value, at + 8 + key.length)
    at += 8 + key.length + value.length
  }
  const hash = new Int32Array(2)
  codec.checksum(bytes, 8, byteCount, hash)
  bytes.set(new Uint8Array(hash.buffer), 0)
  return bytes
}

/** Reads and checks a state file. */
export function readState(vfs: Vfs, path: string): Required<ArrayState> {
  const file = vfs.open(path, 'read')
  try {
    const bytes = new Uint8Array(file.length())
    const count = file.read(bytes, 0, bytes.length, 0)
    return decodeState(bytes.subarray(0, count), path)
  } finally {
    file.close()
  }
}

function decodeState(bytes: Uint8Array, path: string): Required<ArrayState> {
  const [low = 0, high = 0] = new Int32Array(bytes.slice(0, 8).buffer)
  const isWhole =
    bytes.length >= HEADER_BYTES &&
    readU32(bytes, 8) === bytes.length &&
    codec.decode(UnitKind.Block, 0, 0, bytes, 0, bytes.length) &&
    codec.isIntact(bytes, 8, bytes.length, low, high)
  if (!isWhole) throw corruption(path, 0, 'the state of a sorted array does not match its checksum')
  const entries: ArrayEntry[] = []
  let at = HEADER_BYTES
  for (let left = readU32(bytes, 20); left > 0; left--) {
    const keyEnd = at + 8 + readU32(bytes, at)
    const valueEnd = keyEnd + readU32(bytes, at + 4)
    entries.push({ key: bytes.slice(at + 8, keyEnd), value: bytes.slice(keyEnd, valueEnd) })
    at = valueEnd
  }
  return { seq: readCheckedU64(bytes, 12, path, 12), segmentId: bytes.slice(24, HEADER_BYTES), entries }
}

/** Returns the state of a file, as a held checkpoint: a later state is another file. */
export function heldState(file: VfsFile, durableSeq: Seq, segmentId: Uint8Array): HeldCheckpoint {
  const bytes = new Uint8Array(file.length())
  file.read(bytes, 0, bytes.length, 0)
  const shape = { number: 0, length: bytes.length, blockBytes: 4096, isImmutable: false }
  const files = durableSeq === 0 ? [] : [new HeldBytes(shape, bytes)]
  return { durableSeq, segmentId: segmentId.slice(), files, release: () => undefined }
}
