// The catalog: FORMAT.md of packages/core.
import { ByteView, compareBytes, decodeText } from '../bytes/byte-view.js'
import { hasMagic, readFileHeader } from '../bytes/file-header.js'
import { requireKnown, requireSound, requireSupported } from '../bytes/format-error.js'
import { xxHash64 } from '../bytes/xx-hash64.js'
import { requireSort, UNIT_KINDS, UNIT_TRAILER_BYTES } from '../encryption/data-keys.js'
import type { DataKeys } from '../encryption/data-keys.js'
import { readKeyspaceChange } from './log-payloads.js'
import type { KeyspaceChange } from './log-payloads.js'

const ROOT_END = 136
/** Bytes of an encrypted catalog before its unit. */
const CLEAR_BYTES = 88
const CATALOG_BYTES_MAX = 64 * 2 ** 20
const KEYSPACE_FIXED_BYTES = 32

/** A keyspace, as the catalog describes it. */
export interface Keyspace {
  readonly keyspaceId: number
  readonly name: string
  readonly keyEncoding: string
  readonly valueEncoding: string
  readonly mayExpire: boolean
  readonly hasBlobs: boolean
  readonly hasDictionary: boolean
  readonly compression: number
  readonly createdSeq: number
  readonly ttlMs: number
  readonly engine: 'btree' | 'lsm'
  /** Id of the tree, or of the LSM store. */
  readonly fileId: string
}

/** The root of a database and its keyspaces. */
export interface Catalog {
  readonly databaseId: string
  /** Zeros unless the database was restored. */
  readonly branchId: string
  readonly generation: number
  readonly logSegmentId: string
  readonly logLsn: number
  readonly seq: number
  readonly nextKeyspaceId: number
  readonly pageBytes: number
  readonly keyspaces: readonly Keyspace[]
  /** What commit `seq` has created or dropped, when the catalog says so. */
  readonly change: KeyspaceChange | undefined
}

/** Fields of the clear prefix of an encrypted catalog that are equal in the catalog. */
const REPEATED: readonly (readonly [start: number, end: number])[] = [
  [36, 80],
  [82, 88],
]

/** Reads the file CATALOG, which is encrypted when there are keys. */
export function readCatalog(bytes: Uint8Array, keys?: DataKeys): Catalog {
  const view = new ByteView(bytes)
  const flags = checkOutside(view)
  requireSort((flags & 1) === 1, keys, 'the catalog')
  const cipherFields = [view.u8(80), view.u8(81), view.u32(84)]
  if (keys === undefined) {
    requireSupported(
      cipherFields.every((field) => field === 0),
      'cipher of the catalog',
    )
    return readPlain(view, flags)
  }
  requireSound(flags === 1, 'flags of an encrypted catalog')
  requireSupported(cipherFields.join() === `1,${UNIT_TRAILER_BYTES},0`, 'cipher of the catalog')
  requireSound(compareBytes(view.slice(40, 56), keys.databaseId) === 0, 'the keys are of another database')
  const cipher = keys.cipherOf('catalog', keys.databaseId)
  const unit = view.slice(CLEAR_BYTES, view.length)
  const plain = new ByteView(cipher.open(UNIT_KINDS.catalog, 0, view.u64(56), unit))
  const plainFlags = checkOutside(plain)
  requireSound(plainFlags === 0 || plainFlags === 2, 'flags of the catalog in an encrypted one')
  requireSound(plain.u8(80) === 0 && plain.u8(81) === 0, 'cipher of the catalog in an encrypted one')
  for (const [start, end] of REPEATED) {
    const isEqual = compareBytes(view.slice(start, end), plain.slice(start, end)) === 0
    requireSound(isEqual, 'the clear prefix of the catalog says something else')
  }
  return readPlain(plain, plainFlags)
}

/** Checks file header, length and checksum. Returns the flags. */
function checkOutside(view: ByteView): number {
  requireSound(hasMagic(view, 'C'), 'the catalog does not begin with its magic')
  const { flags } = readFileHeader(view, 'C', 5, 3)
  requireKnown(flags <= 3, 'flags of the catalog')
  requireSound(view.length >= ROOT_END && view.length <= CATALOG_BYTES_MAX, 'length of the catalog')
  requireSound(view.checksum(24) === xxHash64(view.slice(32, view.length), 0n), 'checksum of the catalog')
  requireSound(view.u32(32) === view.length, 'the catalog has another length than it says')
  return flags
}

function readPlain(view: ByteView, flags: number): Catalog {
  const reserved = [view.u32(36), view.u16(82), view.u32(84), view.u32(92)]
  requireSound(
    reserved.every((field) => field === 0),
    'reserved fields of the catalog',
  )
  const pageBytes = view.u32(88)
  requireSound(isPageSize(pageBytes), 'page size of the catalog')
  const nextKeyspaceId = view.u32(72)
  const keyspaces: Keyspace[] = []
  let offset = ROOT_END
  for (let index = 0; index < view.u32(76); index += 1) {
    const { keyspace, end } = readKeyspace(view, offset, pageBytes)
    requireSound(keyspace.keyspaceId > (keyspaces.at(-1)?.keyspaceId ?? 0), 'ids of keyspaces do not ascend')
    requireSound(keyspace.keyspaceId < nextKeyspaceId, 'an id of a keyspace that was never assigned')
    keyspaces.push(keyspace)
    offset = end
  }
  const change = (flags & 2) === 0 ? undefined : readKeyspaceChange(view.slice(offset, view.length))
  if (change === undefined)
    requireSound(offset === view.length, 'the catalog continues after its last keyspace')
  else {
    const isThere = keyspaces.some(({ keyspaceId }) => keyspaceId === change.keyspaceId)
    requireSound(isThere === (change.kind === 'created'), 'the keyspace change contradicts the keyspaces')
    requireSound(
      change.keyspaceId < nextKeyspaceId,
      'the keyspace change names an id that was never assigned',
    )
  }
  requireSound(keyspaces[0]?.keyspaceId === 1 && keyspaces[0].name === 'default', 'keyspace 1 is missing')
  const names = new Set(keyspaces.map((keyspace) => keyspace.name))
  requireSound(names.size === keyspaces.length, 'two keyspaces with one name')
  return {
    databaseId: view.hex(40, 56),
    branchId: view.hex(96, 112),
    generation: view.u64(56),
    logSegmentId: view.hex(112, 128),
    logLsn: view.u64(128),
    seq: view.u64(64),
    nextKeyspaceId,
    pageBytes,
    keyspaces,
    change,
  }
}

function readKeyspace(view: ByteView, start: number, pageBytes: number): { keyspace: Keyspace; end: number } {
  const engine = view.u8(start + 4)
  requireKnown(engine === 1 || engine === 2, `engine ${engine}`)
  const compression = view.u8(start + 5)
  requireKnown(compression <= 4 || compression >= 128, `compression ${compression}`)
  const flags = view.u16(start + 6)
  requireSound(flags <= 7 && view.u16(start + 22) === 0, 'flags or reserved field of a keyspace')
  const ttlMs = view.u64(start + 24)
  requireSound((flags & 1) === 1 || ttlMs === 0, 'a time to live in a keyspace whose entries never expire')
  const nameBytes = view.u16(start + 16)
  const keyEncodingBytes = view.u8(start + 18)
  const valueEncodingBytes = view.u8(start + 19)
  requireSound(nameBytes >= 1 && nameBytes <= 1024, 'length of a name')
  requireSound(keyEncodingBytes >= 1 && valueEncodingBytes >= 1, 'length of the name of an encoding')
  const nameEnd = start + KEYSPACE_FIXED_BYTES + nameBytes
  const keyEncodingEnd = nameEnd + keyEncodingBytes
  const valueEncodingEnd = keyEncodingEnd + valueEncodingBytes
  const end = valueEncodingEnd + view.u16(start + 20)
  const keyspace = {
    keyspaceId: view.u32(start),
    name: decodeText(view.slice(start + KEYSPACE_FIXED_BYTES, nameEnd)),
    keyEncoding: decodeText(view.slice(nameEnd, keyEncodingEnd)),
    valueEncoding: decodeText(view.slice(keyEncodingEnd, valueEncodingEnd)),
    mayExpire: (flags & 1) === 1,
    hasBlobs: (flags & 2) === 2,
    hasDictionary: (flags & 4) === 4,
    compression,
    createdSeq: view.u64(start + 8),
    ttlMs,
    engine: engine === 1 ? 'btree' : 'lsm',
    fileId: readSection(engine, new ByteView(view.slice(valueEncodingEnd, end)), pageBytes),
  } as const
  return { keyspace, end }
}

/** Returns the id of the tree or of the store from the section of the engine. */
function readSection(engine: number, view: ByteView, pageBytes: number): string {
  if (engine === 2) {
    requireSound(view.length === 16, 'length of the section of the LSM tree')
    return view.hex(0, 16)
  }
  requireSound(view.length === 24, 'length of the section of the B+tree')
  requireSound(view.u32(16) === pageBytes, 'page size in the section of the B+tree')
  requireSound(view.u32(20) === 0, 'reserved field in the section of the B+tree')
  return view.hex(0, 16)
}

function isPageSize(pageBytes: number): boolean {
  return pageBytes >= 512 && pageBytes <= 32_768 && Number.isInteger(Math.log2(pageBytes))
}
