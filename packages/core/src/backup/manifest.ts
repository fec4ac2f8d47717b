import {
  corruption,
  equalBytes,
  LdbError,
  readCheckedU64,
  readU32,
  SEGMENT_ID_BYTES,
  writeU32,
  writeU64,
} from '@ldb/base'
import { decodeFileHeader, encodeFileHeader, SEED_ZERO, xxHash64 } from '@ldb/integrity'
import {
  BACKUP_BYTES_MAX,
  BACKUP_FORMAT,
  BACKUP_ID_BYTES,
  BACKUP_KIND,
  BACKUP_OFFSET_BACKUP_ID,
  BACKUP_OFFSET_BODY_CHECKSUM,
  BACKUP_OFFSET_BRANCH_ID,
  BACKUP_OFFSET_CREATED_AT,
  BACKUP_OFFSET_DATABASE_ID,
  BACKUP_OFFSET_FILE_BYTES,
  BACKUP_OFFSET_FILE_COUNT,
  BACKUP_OFFSET_FIRST_SEQ,
  BACKUP_OFFSET_LOG_SEQ,
  BACKUP_OFFSET_NUMBER,
  BACKUP_OFFSET_PARENT_ID,
  BACKUP_OFFSET_SEQ,
  BACKUP_ROOT_END,
  BackupRole,
  BLOCK_BYTES_MAX,
  BLOCK_BYTES_MIN,
  BLOCK_CHECKSUM_BYTES,
  FILE_ENTRY_BYTES,
  FILE_OFFSET_BLOCK_BYTES,
  FILE_OFFSET_DURABLE_SEQ,
  FILE_OFFSET_KEYSPACE_ID,
  FILE_OFFSET_LENGTH,
  FILE_OFFSET_NUMBER,
  FILE_OFFSET_RESERVED,
  FILE_OFFSET_ROLE,
  FILE_OFFSET_SEGMENT_ID,
  FILE_OFFSET_STORED_COUNT,
} from '../format.js'

/** Identifies a file of the database among those of a backup. */
export interface BackupFileId {
  readonly role: BackupRole
  /** Keyspace of a store's file; 0 for others. */
  readonly keyspaceId: number
  /** Number of the file in its store, or of a blob file; 0 for others. */
  readonly number: number
}

/** A file of a backup. */
export interface BackupFile extends BackupFileId {
  readonly length: number
  readonly blockBytes: number
  /** Newest commit in the checkpoint of which the file is the first; 0 for others. */
  readonly durableSeq: number
  /** Log segment that this checkpoint names. */
  readonly segmentId: Uint8Array
  /** A bit for each block: it is stored in this backup, and not in an earlier one. */
  readonly stored: Uint8Array
  readonly storedCount: number
  /** Checksum of each block. */
  readonly checksums: Uint8Array
}

/** The description of one backup. */
export interface BackupManifest {
  readonly databaseId: Uint8Array
  readonly branchId: Uint8Array
  readonly backupId: Uint8Array
  /** The backup that this one continues; zeros for a full one. */
  readonly parentId: Uint8Array
  /** Newest commit in the backup. */
  readonly seq: number
  /** Oldest commit to which the backup can be restored. */
  readonly firstSeq: number
  /** The commits above this one are in its log. */
  readonly logSeq: number
  /** Wall clock, in milliseconds since 1970. */
  readonly createdAt: number
  /** Position in its series, from 1 on. */
  readonly number: number
  readonly files: readonly BackupFile[]
}

/** Returns the number of blocks of a file. */
export function blockCountOf({ length, blockBytes }: Pick<BackupFile, 'length' | 'blockBytes'>): number {
  return Math.ceil(length / blockBytes)
}

/** Returns the length of a block: the last one of a file may be shorter. */
export function blockBytesAt(
  { length, blockBytes }: Pick<BackupFile, 'length' | 'blockBytes'>,
  block: number,
): number {
  return Math.min(blockBytes, length - block * blockBytes)
}

/** Reports whether a block is stored in the backup of the file. */
export function isStored({ stored }: BackupFile, block: number): boolean {
  return ((stored[Math.floor(block / 8)] as number) & (1 << (block % 8))) !== 0
}

/** Reports whether bytes are those of a block, by its checksum. */
export function isBlock(
  { checksums }: Pick<BackupFile, 'checksums'>,
  block: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  const hash = new Int32Array(2)
  xxHash64(bytes, start, end, SEED_ZERO, hash)
  const at = block * BLOCK_CHECKSUM_BYTES
  return (
    readU32(checksums, at) === (hash[0] as number) >>> 0 &&
    readU32(checksums, at + 4) === (hash[1] as number) >>> 0
  )
}

/** Returns what distinguishes a file of the database in a map. */
export function keyOf({ role, keyspaceId, number }: BackupFileId): string {
  return `${role}/${keyspaceId}/${number}`
}

/** Reports whether a backup has no parent. */
export function isFull({ parentId }: BackupManifest): boolean {
  return equalBytes(parentId, NO_PARENT)
}

/** `parentId` of a full backup. */
export const NO_PARENT: Uint8Array = new Uint8Array(BACKUP_ID_BYTES)

/** Encodes a manifest (FORMAT.md). @throws {@link LdbError} LDB_TOO_LARGE. */
export function encodeManifest(manifest: BackupManifest): Uint8Array {
  let fileBytes = BACKUP_ROOT_END
  for (const { stored, checksums } of manifest.files)
    fileBytes += FILE_ENTRY_BYTES + stored.length + checksums.length
  if (fileBytes > BACKUP_BYTES_MAX)
    throw new LdbError('LDB_TOO_LARGE', 'the manifest of the backup would exceed 1 GiB')
  const bytes = new Uint8Array(fileBytes)
  bytes.set(
    encodeFileHeader({ kind: BACKUP_KIND, format: BACKUP_FORMAT, minimumReader: BACKUP_FORMAT, flags: 0 }),
  )
  writeU64(bytes, BACKUP_OFFSET_FILE_BYTES, fileBytes)
  bytes.set(manifest.databaseId, BACKUP_OFFSET_DATABASE_ID)
  bytes.set(manifest.branchId, BACKUP_OFFSET_BRANCH_ID)
  bytes.set(manifest.backupId, BACKUP_OFFSET_BACKUP_ID)
  bytes.set(manifest.parentId, BACKUP_OFFSET_PARENT_ID)
  writeU64(bytes, BACKUP_OFFSET_SEQ, manifest.seq)
  writeU64(bytes, BACKUP_OFFSET_FIRST_SEQ, manifest.firstSeq)
  writeU64(bytes, BACKUP_OFFSET_LOG_SEQ, manifest.logSeq)
  writeU64(bytes, BACKUP_OFFSET_CREATED_AT, manifest.createdAt)
  writeU32(bytes, BACKUP_OFFSET_NUMBER, manifest.number)
  writeU32(bytes, BACKUP_OFFSET_FILE_COUNT, manifest.files.length)
  let at = BACKUP_ROOT_END
  for (const file of manifest.files) at = encodeFile(bytes, at, file)
  const hash = bodyHash(bytes)
  writeU32(bytes, BACKUP_OFFSET_BODY_CHECKSUM, (hash[0] as number) >>> 0)
  writeU32(bytes, BACKUP_OFFSET_BODY_CHECKSUM + 4, (hash[1] as number) >>> 0)
  return bytes
}

function encodeFile(bytes: Uint8Array, at: number, file: BackupFile): number {
  bytes[at + FILE_OFFSET_ROLE] = file.role
  writeU32(bytes, at + FILE_OFFSET_KEYSPACE_ID, file.keyspaceId)
  writeU64(bytes, at + FILE_OFFSET_NUMBER, file.number)
  writeU64(bytes, at + FILE_OFFSET_LENGTH, file.length)
  writeU32(bytes, at + FILE_OFFSET_BLOCK_BYTES, file.blockBytes)
  writeU32(bytes, at + FILE_OFFSET_STORED_COUNT, file.storedCount)
  writeU64(bytes, at + FILE_OFFSET_DURABLE_SEQ, file.durableSeq)
  bytes.set(file.segmentId, at + FILE_OFFSET_SEGMENT_ID)
  bytes.set(file.stored, at + FILE_ENTRY_BYTES)
  bytes.set(file.checksums, at + FILE_ENTRY_BYTES + file.stored.length)
  return at + FILE_ENTRY_BYTES + file.stored.length + file.checksums.length
}

function bodyHash(bytes: Uint8Array): Int32Array {
  const hash = new Int32Array(2)
  xxHash64(bytes, BACKUP_OFFSET_FILE_BYTES, bytes.length, SEED_ZERO, hash)
  return hash
}

/**
 * Decodes a manifest, and checks all of it. The result refers to `bytes`.
 *
 * @param path - for errors.
 * @throws {@link LdbError} LDB_FORMAT when it is no manifest, or a newer one; LDB_CORRUPTION.
 */
export function decodeManifest(bytes: Uint8Array, path: string): BackupManifest {
  decodeFileHeader(bytes, { file: path, kind: BACKUP_KIND, format: BACKUP_FORMAT })
  if (bytes.length < BACKUP_ROOT_END)
    throw corruption(path, bytes.length, 'the manifest of the backup is truncated')
  const u64At = (at: number): number => readCheckedU64(bytes, at, path, at)
  const fileBytes = u64At(BACKUP_OFFSET_FILE_BYTES)
  const hash = bodyHash(bytes)
  if (
    fileBytes !== bytes.length ||
    readU32(bytes, BACKUP_OFFSET_BODY_CHECKSUM) !== (hash[0] as number) >>> 0 ||
    readU32(bytes, BACKUP_OFFSET_BODY_CHECKSUM + 4) !== (hash[1] as number) >>> 0
  ) {
    throw corruption(
      path,
      BACKUP_OFFSET_BODY_CHECKSUM,
      'the manifest of the backup does not match its checksum',
    )
  }
  const idAt = (at: number): Uint8Array => bytes.slice(at, at + BACKUP_ID_BYTES)
  const manifest: BackupManifest = {
    databaseId: idAt(BACKUP_OFFSET_DATABASE_ID),
    branchId: idAt(BACKUP_OFFSET_BRANCH_ID),
    backupId: idAt(BACKUP_OFFSET_BACKUP_ID),
    parentId: idAt(BACKUP_OFFSET_PARENT_ID),
    seq: u64At(BACKUP_OFFSET_SEQ),
    firstSeq: u64At(BACKUP_OFFSET_FIRST_SEQ),
    logSeq: u64At(BACKUP_OFFSET_LOG_SEQ),
    createdAt: u64At(BACKUP_OFFSET_CREATED_AT),
    number: readU32(bytes, BACKUP_OFFSET_NUMBER),
    files: decodeFiles(bytes, path),
  }
  const { seq, firstSeq, logSeq } = manifest
  if (firstSeq > seq || logSeq > firstSeq)
    throw corruption(path, BACKUP_OFFSET_SEQ, 'the commits of the backup are not in order')
  return manifest
}

function decodeFiles(bytes: Uint8Array, path: string): BackupFile[] {
  const files: BackupFile[] = []
  const seen = new Set<string>()
  let at = BACKUP_ROOT_END
  for (let left = readU32(bytes, BACKUP_OFFSET_FILE_COUNT); left > 0; left--) {
    const file = decodeFile(bytes, at, path)
    if (seen.has(keyOf(file))) throw corruption(path, at, 'the backup names a file twice')
    seen.add(keyOf(file))
    files.push(file)
    at += FILE_ENTRY_BYTES + file.stored.length + file.checksums.length
  }
  if (at !== bytes.length) throw corruption(path, at, 'the manifest of the backup has a wrong length')
  return files
}

function decodeFile(bytes: Uint8Array, at: number, path: string): BackupFile {
  if (bytes.length - at < FILE_ENTRY_BYTES) throw corruption(path, at, 'a file entry is truncated')
  const u64At = (offset: number): number => readCheckedU64(bytes, at + offset, path, at + offset)
  const role = bytes[at + FILE_OFFSET_ROLE] as BackupRole
  const blockBytes = readU32(bytes, at + FILE_OFFSET_BLOCK_BYTES)
  const length = u64At(FILE_OFFSET_LENGTH)
  const isBlockSize =
    blockBytes >= BLOCK_BYTES_MIN && blockBytes <= BLOCK_BYTES_MAX && (blockBytes & (blockBytes - 1)) === 0
  if (
    !ROLES.has(role) ||
    !isBlockSize ||
    bytes.subarray(at + FILE_OFFSET_RESERVED, at + FILE_OFFSET_KEYSPACE_ID).some((byte) => byte !== 0)
  ) {
    throw corruption(path, at, 'a file entry is malformed')
  }
  const blockCount = Math.ceil(length / blockBytes)
  const storedAt = at + FILE_ENTRY_BYTES
  const checksumsAt = storedAt + Math.ceil(blockCount / 8)
  const end = checksumsAt + blockCount * BLOCK_CHECKSUM_BYTES
  if (end > bytes.length) throw corruption(path, at, 'a file entry is truncated')
  const stored = bytes.subarray(storedAt, checksumsAt)
  const storedCount = readU32(bytes, at + FILE_OFFSET_STORED_COUNT)
  if (storedCount !== countBits(stored))
    throw corruption(path, at, 'a file entry has another number of stored blocks')
  return {
    role,
    keyspaceId: readU32(bytes, at + FILE_OFFSET_KEYSPACE_ID),
    number: u64At(FILE_OFFSET_NUMBER),
    length,
    blockBytes,
    durableSeq: u64At(FILE_OFFSET_DURABLE_SEQ),
    segmentId: bytes.slice(at + FILE_OFFSET_SEGMENT_ID, at + FILE_OFFSET_SEGMENT_ID + SEGMENT_ID_BYTES),
    stored,
    storedCount,
    checksums: bytes.subarray(checksumsAt, end),
  }
}

const ROLES: ReadonlySet<number> = new Set(Object.values(BackupRole))

function countBits(bytes: Uint8Array): number {
  let count = 0
  for (const byte of bytes) for (let left = byte; left > 0; left >>= 1) count += left & 1
  return count
}
