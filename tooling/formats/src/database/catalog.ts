// The catalog: FORMAT.md of packages/core.
import { ByteView, decodeText } from '../bytes/byte-view.js'
import { hasMagic, readFileHeader } from '../bytes/file-header.js'
import { requireKnown, requireSound, requireSupported } from '../bytes/format-error.js'
import { xxHash64 } from '../bytes/xx-hash64.js'

const ROOT_END = 136
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
  readonly fileId: string
}

/** The root of a database and its keyspaces. */
export interface Catalog {
  readonly databaseId: string
  readonly generation: number
  readonly logSegmentId: string
  readonly logLsn: number
  readonly seq: number
  readonly nextKeyspaceId: number
  readonly pageBytes: number
  readonly keyspaces: readonly Keyspace[]
}

/** Reads the file CATALOG. */
export function readCatalog(bytes: Uint8Array): Catalog {
  const view = new ByteView(bytes)
  requireSound(hasMagic(view, 'C'), 'the catalog does not begin with its magic')
  const { flags } = readFileHeader(view, 'C', 5, 3)
  requireKnown(flags === 0, 'flags of the catalog')
  requireSound(view.length >= ROOT_END && view.length <= CATALOG_BYTES_MAX, 'length of the catalog')
  requireSound(view.checksum(24) === xxHash64(view.slice(32, view.length), 0n), 'checksum of the catalog')
  requireSound(view.u32(32) === view.length, 'the catalog has another length than it says')
  const cipherFields = [view.u8(80), view.u8(81), view.u32(84)]
  requireSupported(
    cipherFields.every((field) => field === 0),
    'the catalog is encrypted',
  )
  const reserved = [view.u32(36), view.u16(82), view.u32(92)]
  requireSound(
    reserved.every((field) => field === 0) && view.isZero(96, 112),
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
  requireSound(offset === view.length, 'the catalog continues after its last keyspace')
  requireSound(keyspaces[0]?.keyspaceId === 1 && keyspaces[0].name === 'default', 'keyspace 1 is missing')
  const names = new Set(keyspaces.map((keyspace) => keyspace.name))
  requireSound(names.size === keyspaces.length, 'two keyspaces with one name')
  return {
    databaseId: view.hex(40, 56),
    generation: view.u64(56),
    logSegmentId: view.hex(112, 128),
    logLsn: view.u64(128),
    seq: view.u64(64),
    nextKeyspaceId,
    pageBytes,
    keyspaces,
  }
}

function readKeyspace(view: ByteView, start: number, pageBytes: number): { keyspace: Keyspace; end: number } {
  const engine = view.u8(start + 4)
  requireKnown(engine === 1 || engine === 2, `engine ${engine}`)
  requireSupported(engine === 1, 'engine LSM')
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
    fileId: readTreeSection(new ByteView(view.slice(valueEncodingEnd, end)), pageBytes),
  }
  return { keyspace, end }
}

/** Returns the file id of the tree from the section of the engine. */
function readTreeSection(view: ByteView, pageBytes: number): string {
  requireSound(view.length === 24, 'length of the section of the B+tree')
  requireSound(view.u32(16) === pageBytes, 'page size in the section of the B+tree')
  requireSound(view.u32(20) === 0, 'reserved field in the section of the B+tree')
  return view.hex(0, 16)
}

function isPageSize(pageBytes: number): boolean {
  return pageBytes >= 512 && pageBytes <= 32_768 && Number.isInteger(Math.log2(pageBytes))
}
