// A table: FORMAT.md of packages/lsm.
import { ByteView, compareBytes, concatBytes } from '../bytes/byte-view.js'
import { requireSound } from '../bytes/format-error.js'
import { xxHash64 } from '../bytes/xx-hash64.js'
import { UNIT_KINDS, UNIT_TRAILER_BYTES } from '../encryption/data-keys.js'
import type { DataKeys } from '../encryption/data-keys.js'
import { readHeader } from './header.js'
import { decompressed } from '../bytes/payload.js'

const TRAILER_BYTES = 24
const FOOTER_BYTES = 48 + TRAILER_BYTES
const DATA = 1
const FILTER = 3

/** One version of a key; without a value it is a delete. */
export interface LsmEntry {
  readonly key: Uint8Array
  readonly stamp: number
  readonly value: Uint8Array | undefined
}

/** A range that is deleted. */
export interface Tombstone {
  readonly lower: Uint8Array
  readonly upper: Uint8Array | undefined
  readonly stamp: number
}

/** The content of a table. */
export interface Table {
  readonly fileId: string
  readonly storeId: string
  readonly entries: readonly LsmEntry[]
  readonly tombstones: readonly Tombstone[]
  readonly blocks: number
  /** Codecs of the data blocks. */
  readonly codecs: ReadonlySet<number>
  readonly properties: Readonly<Record<(typeof PROPERTIES)[number], number>>
}

const PROPERTIES = [
  'entries',
  'deletes',
  'tombstones',
  'minStamp',
  'maxStamp',
  'keyBytes',
  'valueBytes',
  'blocks',
  'rawBytes',
  'storedBytes',
] as const

/** Reads a table and checks every unit, the index, the filter and the properties. In a table of a load, all stamps are 0. */
export function readTable(bytes: Uint8Array, keys?: DataKeys): Table {
  const file = new ByteView(bytes)
  const { seed, fileId, storeId, cipher } = readHeader(file, 'T', keys)
  const codecs = new Set<number>()
  let dataBytes = 0
  const unitAt = (offset: number, storedBytes: number, content: number): ByteView => {
    const stored = file.slice(offset, offset + storedBytes)
    const kind = content === FILTER ? UNIT_KINDS.filter : UNIT_KINDS.block
    const unit = new ByteView(cipher?.open(kind, offset, 0, stored) ?? stored)
    const trailer = unit.length - TRAILER_BYTES
    requireSound(trailer >= 0, 'a unit is shorter than its trailer')
    requireSound(
      cipher !== undefined || unit.checksum(trailer + 16) === xxHash64(unit.slice(0, trailer + 16), seed),
      `checksum of the unit at ${offset}`,
    )
    const codec = unit.u8(trailer)
    requireSound(unit.u8(trailer + 1) === content && unit.u16(trailer + 2) === 0, 'content of a unit')
    requireSound(content === DATA || codec === 0, 'codec of a unit')
    requireSound(unit.u64(trailer + 8) === offset, 'place of a unit')
    if (content === DATA) {
      codecs.add(codec)
      dataBytes += trailer
    }
    return new ByteView(decompressed(codec, unit.slice(0, trailer), unit.u32(trailer + 4)))
  }
  const footerBytes = FOOTER_BYTES + (cipher === undefined ? 0 : UNIT_TRAILER_BYTES)
  const footer = unitAt(file.length - footerBytes, footerBytes, 6)
  const unitOf = (handles: ByteView, at: number, content: number): ByteView | undefined =>
    handles.u32(at + 8) === 0 ? undefined : unitAt(handles.u64(at), handles.u32(at + 8), content)
  const childrenOf = (block: ByteView, content: number): ByteView[] =>
    readBlock(block).map(({ key, stamp, value }) => {
      requireSound(value !== undefined, 'an index entry without a handle')
      const child = unitOf(new ByteView(value), 0, content)
      requireSound(child !== undefined, 'an index entry names no block')
      const last = readBlock(child).at(-1)
      requireSound(
        last !== undefined && last.stamp === stamp && compareBytes(last.key, key) === 0,
        'an index entry is not the last entry of its block',
      )
      return child
    })
  const top = unitOf(footer, 0, 2)
  const blocks = top === undefined ? [] : childrenOf(top, 2).flatMap((index) => childrenOf(index, DATA))
  const entries = blocks.flatMap(readBlock)
  const tombstoneUnit = unitOf(footer, 24, 4)
  const tombstones = tombstoneUnit === undefined ? [] : readTombstones(tombstoneUnit)
  const filter = unitOf(footer, 12, 3)
  for (const { key } of entries)
    requireSound(filter !== undefined && admits(filter, key), 'the filter denies a key')
  const stored = unitOf(footer, 36, 5)
  requireSound(stored !== undefined, 'a table without properties')
  const properties = Object.fromEntries(PROPERTIES.map((name, index) => [name, stored.u64(8 * index)]))
  return {
    fileId,
    storeId,
    entries,
    tombstones,
    blocks: blocks.length,
    codecs,
    properties: checked(properties as Table['properties'], entries, tombstones, {
      blocks: blocks.length,
      rawBytes: blocks.reduce((total, block) => total + block.length, 0),
      storedBytes: dataBytes,
    }),
  }
}

function checked(
  properties: Table['properties'],
  entries: readonly LsmEntry[],
  tombstones: readonly Tombstone[],
  sizes: Pick<Table['properties'], 'blocks' | 'rawBytes' | 'storedBytes'>,
): Table['properties'] {
  for (let index = 1; index < entries.length; index += 1) {
    const [before, entry] = [entries[index - 1], entries[index]]
    if (before === undefined || entry === undefined) continue
    const order = compareBytes(before.key, entry.key)
    requireSound(order < 0 || (order === 0 && before.stamp > entry.stamp), 'order of entries')
  }
  const stamps = [...entries, ...tombstones].map(({ stamp }) => stamp)
  requireSound(!stamps.includes(0) || Math.max(...stamps) === 0, 'a stamp of 0 beside others')
  const counted = {
    entries: entries.length,
    deletes: entries.filter(({ value }) => value === undefined).length,
    tombstones: tombstones.length,
    minStamp: Math.min(...stamps),
    maxStamp: Math.max(...stamps),
    keyBytes: entries.reduce((total, { key }) => total + key.length, 0),
    valueBytes: entries.reduce((total, { value }) => total + (value?.length ?? 0), 0),
    ...sizes,
  }
  for (const name of PROPERTIES) requireSound(counted[name] === properties[name], `property ${name}`)
  return properties
}

/** Reads the entries of a block. */
function readBlock(block: ByteView): LsmEntry[] {
  const count = block.u32(0)
  const prefix = block.slice(16, 16 + block.u32(4))
  const slots = Math.ceil((16 + prefix.length) / 4) * 4
  requireSound(count > 0 && block.isZero(16 + prefix.length, slots), 'a block without entries')
  let offset = slots + 8 * count
  const entries: LsmEntry[] = []
  for (let index = 0; index < count; index += 1) {
    requireSound(block.u32(slots + 8 * index + 4) === offset, 'a slot points elsewhere')
    const kind = block.u8(offset)
    const rest = varint(block, offset + 1)
    const delta = varint(block, rest.end)
    const valueField = varint(block, delta.end)
    const restEnd = valueField.end + rest.value
    const restKey = block.slice(valueField.end, restEnd)
    requireSound(block.u32(slots + 8 * index) === headOf(restKey), 'the head of a key')
    requireSound(kind === 1 || (kind === 2 && valueField.value === 0), 'kind of an entry')
    const end = restEnd + valueField.value
    entries.push({
      key: concatBytes(prefix, restKey),
      stamp: block.u64(8) + delta.value,
      value: kind === 1 ? block.slice(restEnd, end) : undefined,
    })
    offset = end
  }
  requireSound(offset === block.length, 'bytes behind the last entry')
  return entries
}

function headOf(key: Uint8Array): number {
  const padded = new Uint8Array(4)
  padded.set(key.subarray(0, 4))
  return new DataView(padded.buffer).getUint32(0) >>> 1
}

function readTombstones(view: ByteView): Tombstone[] {
  const tombstones: Tombstone[] = []
  let offset = 0
  while (offset < view.length) {
    const stamp = view.u64(offset)
    const lower = varint(view, offset + 8)
    const lowerEnd = lower.end + lower.value
    const upper = varint(view, lowerEnd)
    const upperEnd = upper.end + Math.max(0, upper.value - 1)
    tombstones.push({
      stamp,
      lower: view.slice(lower.end, lowerEnd),
      upper: upper.value === 0 ? undefined : view.slice(upper.end, upperEnd),
    })
    offset = upperEnd
  }
  return tombstones
}

/** Reads an unsigned LEB128 number of up to 8 bytes. */
function varint(view: ByteView, start: number): { readonly value: number; readonly end: number } {
  let value = 0
  for (let index = 0; index < 8; index += 1) {
    const byte = view.u8(start + index)
    value += (byte & 0x7f) * 2 ** (7 * index)
    if (byte < 0x80) return { value, end: start + index + 1 }
  }
  requireSound(false, 'a varint is too long')
}

/** Reports whether a filter admits a key. */
function admits(filter: ByteView, key: Uint8Array): boolean {
  const [seed, probes, lines] = [filter.u32(0), filter.u32(4), filter.u32(8)]
  requireSound(filter.u32(12) === 0 && filter.length === 16 + 64 * lines, 'length of the filter')
  const hash = hashOf(key, seed)
  const line = Number((BigInt(hash) * BigInt(lines)) >> 32n)
  const step = ((times(hash, 0x85ebca6b) >>> 22) & 511) | 1
  let bit = times(hash, 0x9e3779b1) >>> 23
  for (let probe = 0; probe < probes; probe += 1, bit = (bit + step) & 511) {
    const word = filter.u32(16 + 64 * line + 4 * (bit >>> 5))
    if (((word >>> (bit & 31)) & 1) === 0) return false
  }
  return true
}

/** Multiplies two 32-bit numbers modulo 2^32. */
function times(a: number, b: number): number {
  return Number((BigInt(a) * BigInt(b)) & 0xffff_ffffn)
}

/** The hash of FORMAT.md: words of four bytes, then single bytes, then a finalizer. */
function hashOf(key: Uint8Array, seed: number): number {
  let hash = (seed ^ key.length) >>> 0
  const view = new DataView(key.buffer, key.byteOffset, key.length)
  let index = 0
  for (; index + 4 <= key.length; index += 4) {
    hash = times((hash ^ view.getUint32(index, true)) >>> 0, 0x9e3779b1)
    hash = (hash ^ (hash >>> 15)) >>> 0
  }
  for (; index < key.length; index += 1) hash = times((hash ^ view.getUint8(index)) >>> 0, 0x9e3779b1)
  hash = times((hash ^ (hash >>> 16)) >>> 0, 0x85ebca6b)
  hash = times((hash ^ (hash >>> 13)) >>> 0, 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
