// Streams of backups: "Streams" of FORMAT.md of packages/core.
import { ByteView } from '../bytes/byte-view.js'
import { readFileHeader, seedOfFile } from '../bytes/file-header.js'
import { requireKnown, requireSound } from '../bytes/format-error.js'
import { xxHash64 } from '../bytes/xx-hash64.js'
import { readManifest } from './manifest.js'
import type { BackupFile, BackupManifest } from './manifest.js'

const HEADER_BYTES = 120
const SECTION_BYTES = 40
const PAYLOAD_BYTES_MAX = 1_048_576
const TYPE_DATA = 1
const TYPE_MANIFEST = 2
const TYPE_END = 3

/** A backup with the blocks that it stores. */
export interface StoredBackup {
  readonly manifest: BackupManifest
  /** Stored blocks of each file, by its position in the manifest from 1 on. */
  readonly data: ReadonlyMap<number, Uint8Array>
  readonly sectionCount: number
}

/** Reads the stream of a backup. */
export function readStream(bytes: Uint8Array): StoredBackup {
  const view = new ByteView(bytes)
  requireKnown(readFileHeader(view, 'S', 1).flags === 0, 'flags of a stream')
  requireSound(view.checksum(24) === xxHash64(view.slice(32, HEADER_BYTES), 0n), 'checksum of a stream')
  requireSound(view.isZero(116, 120), 'reserved bytes of a stream')
  const seed = seedOfFile(view.slice(32, 48))
  const data = new Map<number, Uint8Array[]>()
  const manifestParts: Uint8Array[] = []
  let dataBytes = 0
  let sectionCount = 0
  let newestFile = 0
  for (let at = HEADER_BYTES; ; sectionCount += 1) {
    const payloadBytes = view.u32(at + 24)
    requireSound(payloadBytes > 0 && payloadBytes <= PAYLOAD_BYTES_MAX, 'length of a section')
    const end = at + SECTION_BYTES + payloadBytes
    requireSound(view.checksum(at) === xxHash64(view.slice(at + 8, end), seed), 'checksum of a section')
    requireSound(view.u64(at + 8) === at && view.isZero(at + 33, at + 40), 'a section')
    const payload = view.slice(at + SECTION_BYTES, end)
    const [dataOffset, fileIndex, type] = [view.u64(at + 16), view.u32(at + 28), view.u8(at + 32)]
    if (type === TYPE_DATA) {
      requireSound(manifestParts.length === 0 && fileIndex > 0 && fileIndex >= newestFile, 'order of data')
      newestFile = fileIndex
      const parts = data.get(fileIndex) ?? []
      requireSound(lengthOf(parts) === dataOffset, 'offset of data')
      data.set(fileIndex, [...parts, payload])
      dataBytes += payloadBytes
    } else if (type === TYPE_MANIFEST) {
      requireSound(fileIndex === 0 && lengthOf(manifestParts) === dataOffset, 'offset of a manifest')
      manifestParts.push(payload)
    } else {
      requireSound(type === TYPE_END && fileIndex === 0 && dataOffset === 0, 'type of a section')
      requireSound(payloadBytes === 24 && end === view.length, 'end of a stream')
      const totals = new ByteView(payload)
      requireSound(totals.u64(0) === dataBytes, 'bytes of data')
      requireSound(totals.u64(8) === lengthOf(manifestParts), 'bytes of the manifest')
      requireSound(totals.u64(16) === sectionCount, 'number of sections')
      break
    }
    at = end
  }
  const manifest = readManifest(joined(manifestParts))
  const { databaseId, branchId, backupId, parentId = '00'.repeat(16), seq, number } = manifest
  const ids = [backupId, databaseId, branchId, parentId]
  const isSame = ids.every((id, index) => id === view.hex(32 + 16 * index, 48 + 16 * index))
  requireSound(isSame && view.u64(96) === seq && view.u32(112) === number, 'manifest of another backup')
  const joinedData = new Map([...data].map(([index, parts]) => [index, joined(parts)]))
  return { manifest, data: joinedData, sectionCount }
}

/** Returns a file of the newest of backups that continue each other, newest first. */
export function readBackupFile(chain: readonly StoredBackup[], file: BackupFile): Uint8Array {
  const content = new Uint8Array(file.length)
  for (const [block, checksum] of file.checksums.entries()) {
    const start = block * file.blockBytes
    const bytes = blockOf(chain, file, block, Math.min(file.blockBytes, file.length - start))
    requireSound(xxHash64(bytes, 0n) === checksum, 'checksum of a block')
    content.set(bytes, start)
  }
  return content
}

function blockOf(
  chain: readonly StoredBackup[],
  { role, keyspaceId, number }: BackupFile,
  block: number,
  byteCount: number,
): Uint8Array {
  for (const { manifest, data } of chain) {
    const index = manifest.files.findIndex(
      (each) => each.role === role && each.keyspaceId === keyspaceId && each.number === number,
    )
    const file = manifest.files[index]
    requireSound(file !== undefined && block < file.stored.length, 'no backup has a block')
    if (file.stored[block] !== true) continue
    const start = file.stored.slice(0, block).filter(Boolean).length * file.blockBytes
    return new ByteView(data.get(index + 1) ?? new Uint8Array()).slice(start, start + byteCount)
  }
  requireSound(false, 'no backup stores a block')
  return new Uint8Array()
}

function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0)
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(lengthOf(parts))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
