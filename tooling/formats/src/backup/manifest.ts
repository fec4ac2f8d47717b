// Manifests of backups: "Backups" of FORMAT.md of packages/core.
import { ByteView } from '../bytes/byte-view.js'
import { readFileHeader } from '../bytes/file-header.js'
import { requireKnown, requireSound } from '../bytes/format-error.js'
import { xxHash64 } from '../bytes/xx-hash64.js'

const ROOT_BYTES = 144
const ENTRY_BYTES = 56
const NO_ID = '00'.repeat(16)

/** A file of a backup. */
export interface BackupFile {
  readonly role: number
  readonly keyspaceId: number
  readonly number: number
  readonly length: number
  readonly blockBytes: number
  readonly durableSeq: number
  readonly segmentId: string
  /** Whether each block is stored in this backup. */
  readonly stored: readonly boolean[]
  readonly checksums: readonly bigint[]
}

/** The manifest of a backup. Ids are in hexadecimal. */
export interface BackupManifest {
  readonly databaseId: string
  readonly branchId: string
  readonly backupId: string
  /** `undefined` in a full backup. */
  readonly parentId: string | undefined
  readonly seq: number
  readonly firstSeq: number
  readonly logSeq: number
  readonly createdAt: number
  readonly number: number
  readonly files: readonly BackupFile[]
}

/** Reads the file `BACKUP`. */
export function readManifest(bytes: Uint8Array): BackupManifest {
  const view = new ByteView(bytes)
  requireKnown(readFileHeader(view, 'A', 2).flags === 0, 'flags of a backup')
  requireSound(view.checksum(24) === xxHash64(view.slice(32, view.length), 0n), 'checksum of a backup')
  requireSound(view.u64(32) === view.length, 'length of a manifest')
  const files: BackupFile[] = []
  let at = ROOT_BYTES
  for (let count = view.u32(140); count > 0; count -= 1) {
    const file = readFile(view, at)
    const isNew = files.every(
      ({ role, keyspaceId, number }) =>
        role !== file.role || keyspaceId !== file.keyspaceId || number !== file.number,
    )
    requireSound(isNew, 'a file is there twice')
    files.push(file)
    at += ENTRY_BYTES + Math.ceil(file.stored.length / 8) + 8 * file.checksums.length
  }
  requireSound(at === view.length, 'end of a manifest')
  const parentId = view.hex(88, 104)
  const [seq, firstSeq, logSeq] = [view.u64(104), view.u64(112), view.u64(120)]
  requireSound(logSeq <= firstSeq && firstSeq <= seq, 'order of the commits of a backup')
  return {
    databaseId: view.hex(40, 56),
    branchId: view.hex(56, 72),
    backupId: view.hex(72, 88),
    parentId: parentId === NO_ID ? undefined : parentId,
    seq,
    firstSeq,
    logSeq,
    createdAt: view.u64(128),
    number: view.u32(136),
    files,
  }
}

function readFile(view: ByteView, at: number): BackupFile {
  const role = view.u8(at)
  const keyspaceId = view.u32(at + 4)
  const number = view.u64(at + 8)
  const length = view.u64(at + 16)
  const blockBytes = view.u32(at + 24)
  requireSound(role >= 1 && role <= 5 && view.isZero(at + 1, at + 4), 'role of a file')
  requireSound(role === 3 || keyspaceId === 0, 'keyspace of a file')
  requireSound(role === 2 || role === 3 || role === 4 || number === 0, 'number of a file')
  const isPowerOfTwo = Number.isInteger(Math.log2(blockBytes))
  requireSound(isPowerOfTwo && blockBytes >= 512 && blockBytes <= 1_048_576, 'block size of a file')
  const blockCount = Math.ceil(length / blockBytes)
  const bitsAt = at + ENTRY_BYTES
  const checksumsAt = bitsAt + Math.ceil(blockCount / 8)
  requireSound(checksumsAt + 8 * blockCount <= view.length, 'a file entry is cut')
  const stored: boolean[] = []
  const checksums: bigint[] = []
  for (let block = 0; block < blockCount; block += 1) {
    stored.push(((view.u8(bitsAt + Math.floor(block / 8)) >> (block % 8)) & 1) === 1)
    checksums.push(view.checksum(checksumsAt + 8 * block))
  }
  requireSound(view.u32(at + 28) === stored.filter(Boolean).length, 'number of stored blocks')
  const durableSeq = view.u64(at + 32)
  const segmentId = view.hex(at + 40, at + 56)
  return { role, keyspaceId, number, length, blockBytes, durableSeq, segmentId, stored, checksums }
}
