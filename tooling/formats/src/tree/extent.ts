// Overflow extents: FORMAT.md of packages/btree, "Extent reference" and "Overflow extent".
import { ByteView, concatBytes } from '../bytes/byte-view.js'
import { requireSound } from '../bytes/format-error.js'
import { xxHash64 } from '../bytes/xx-hash64.js'
import { UNIT_KINDS } from '../encryption/data-keys.js'
import { decompressed } from '../bytes/payload.js'
import type { TreeFile } from './tree-file.js'

export const EXTENT_REFERENCE_BYTES = 24
const HEADER_BYTES = 32
const EXTENT = 3

/** Returns the key that a reference of 24 bytes names. */
export function readExtent(file: TreeFile, reference: ByteView): Uint8Array {
  const { codec, content } = readStored(file, reference)
  requireSound(codec === 0, 'a key is encoded')
  return content
}

/** Returns the content of the extent of the dictionaries, which is not one of the tree. */
export function readUncounted(file: TreeFile, reference: ByteView): Uint8Array {
  const content = readExtent(file, reference)
  file.dictionaryExtent = file.extents.pop()
  return content
}

/** Returns the value that a reference of 24 bytes names. */
export function readValue(file: TreeFile, reference: ByteView): Uint8Array {
  const { codec, content, decodedBytes } = readStored(file, reference)
  return codec === 0 ? content : decompressed(codec, content, decodedBytes)
}

interface StoredExtent {
  readonly codec: number
  readonly content: Uint8Array
  readonly decodedBytes: number
}

function readStored(file: TreeFile, reference: ByteView): StoredExtent {
  const { pageBytes, seed, epoch } = file.meta
  const page = reference.u32(0)
  const contentBytes = reference.u32(4)
  const unitBytes = HEADER_BYTES + contentBytes + file.trailerBytes
  const pages = Math.ceil(unitBytes / pageBytes)
  file.claim(page, pages)
  file.extents.push({ page, pages, byteCount: unitBytes })
  const start = page * pageBytes
  const stored = file.bytes.subarray(start, start + unitBytes)
  const view = new ByteView(
    file.cipher?.open(UNIT_KINDS.overflowExtent, start, reference.u64(8), stored) ?? stored,
  )
  const content = view.slice(HEADER_BYTES, HEADER_BYTES + contentBytes)
  const isVersion = file.cipher !== undefined
  requireSound(
    isVersion || view.checksum(0) === checksumOf(view.slice(8, HEADER_BYTES), content, seed),
    `checksum of the extent at page ${page}`,
  )
  requireSound(view.checksum(0) === reference.checksum(16), `the extent at page ${page} is another one`)
  requireSound(view.u32(8) === page && view.u8(12) === EXTENT, `kind of the extent at page ${page}`)
  requireSound(view.isZero(14, 16), `reserved fields of the extent at page ${page}`)
  const codec = view.u8(13)
  const decodedBytes = view.u32(28)
  requireSound(
    codec === 0 ? decodedBytes === 0 : file.meta.hasEncodedValues,
    `encoding of the extent at page ${page}`,
  )
  requireSound(
    view.u64(16) === reference.u64(8) && view.u64(16) <= epoch,
    `epoch of the extent at page ${page}`,
  )
  requireSound(view.u32(24) === contentBytes, `length of the extent at page ${page}`)
  return { codec, content, decodedBytes }
}

function checksumOf(header: Uint8Array, content: Uint8Array, seed: bigint): bigint {
  const contentHash = new Uint8Array(8)
  new DataView(contentHash.buffer).setBigUint64(0, xxHash64(content, seed), true)
  return xxHash64(concatBytes(header, contentHash), seed)
}
