import type { ByteSource } from '../fields/byte-source.js'
import { hashOf, verdict } from '../fields/checksum.js'
import type { Seed64 } from '../fields/checksum.js'
import type { DumpLine, DumpLines } from '../fields/dump-line.js'
import { VERSION_REMARK } from '../fields/encrypted-unit.js'
import { bigintOf, dumpTable, numberOf, readTable, shown } from '../fields/format-table.js'
import { BTREE_TABLES } from '../tables/btree.js'

const HEADER_BYTES = 32
const SLOT_BYTES = 8
const CHILD_BYTES = 12
const REFERENCE_BYTES = 24
const LEAF = 1
const BRANCH = 2
const EXTENT = 3
const FREE_SPACE = 4
const MIRROR = 5
const KINDS = ['?', 'leaf', 'branch', 'overflow extent', 'free space', 'mirror of a free-space page']
const VALUE_BYTES_MASK = 0x3fff
const ENCODED_BIT = 0x4000
const EXTENT_BIT = 0x8000

interface PageFacts {
  readonly pageBytes: number
  /** Where the content of a page ends. */
  readonly pageEnd: number
  readonly seed: Seed64
  readonly isEncrypted: boolean
}

/** Yields the fields of a page in plain text: header, slots and records, or what else its kind has. */
export function* dumpPage(source: ByteSource, pageNumber: number, facts: PageFacts): DumpLines {
  const { pageBytes, pageEnd, seed, isEncrypted } = facts
  const at = pageNumber * pageBytes
  const page = source.read(at, pageBytes)
  const kind = page[12] ?? 0
  yield { title: `page ${pageNumber}: ${KINDS[kind] ?? 'of an unknown kind'}` }
  if (kind === EXTENT) {
    yield* dumpExtent(source, at, facts)
    return
  }
  yield* dumpTable(source, BTREE_TABLES['Page header'], at, {
    checksum: isEncrypted
      ? VERSION_REMARK
      : verdict(bigintOf(page.subarray(0, 8)), hashOf(page.subarray(8), seed)),
    pageNumber: (number) => (number === pageNumber ? '' : 'DAMAGED: another page'),
    kind: KINDS[kind] ?? 'DAMAGED',
    flags: (flags) => ((flags & 1) === 1 ? 'edge page' : ''),
  })
  if (kind === LEAF || kind === BRANCH) yield* dumpSlots(source, at, facts, kind)
  else if (kind === FREE_SPACE || kind === MIRROR) {
    yield { title: 'free space' }
    yield* dumpTable(source, BTREE_TABLES['Free-space page'], at)
    const bits = page.subarray(64, pageEnd)
    const free = bits.reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0)
    yield { offset: at + 64, bytes: bits, field: 'bits', value: `${free} are set` }
  } else yield { note: 'A page of an overflow extent behind its first one, or a free page, has no header.' }
}

function* dumpExtent(source: ByteSource, at: number, { seed, isEncrypted }: PageFacts): DumpLines {
  const table = BTREE_TABLES['Overflow extent']
  const { contentBytes = 0 } = readTable(source, table, at) ?? {}
  const content = source.read(at + HEADER_BYTES, contentBytes)
  const hashed = new Uint8Array(HEADER_BYTES)
  hashed.set(source.read(at + 8, HEADER_BYTES - 8))
  new DataView(hashed.buffer).setBigUint64(24, hashOf(content, seed), true)
  yield* dumpTable(source, table, at, {
    checksum: isEncrypted ? VERSION_REMARK : verdict(bigintOf(source.read(at, 8)), hashOf(hashed, seed)),
    kind: KINDS[EXTENT] ?? '',
  })
  yield { offset: at + HEADER_BYTES, bytes: content, field: 'content', value: shown(content) }
}

function* dumpSlots(source: ByteSource, at: number, facts: PageFacts, kind: number): DumpLines {
  const { pageEnd } = facts
  const { count = 0 } = readTable(source, BTREE_TABLES['Page header'], at) ?? {}
  const slots = Math.min(count, Math.floor((pageEnd - HEADER_BYTES) / SLOT_BYTES))
  if (slots < count) yield { note: `DAMAGED: ${count} slots do not fit into the page` }
  for (let index = 0; index < slots; index++) {
    const slotAt = at + HEADER_BYTES + index * SLOT_BYTES
    const { recordOffset = 0, keyBytes = 0 } = readTable(source, BTREE_TABLES['Slot'], slotAt) ?? {}
    yield { title: `slot ${index} of ${count}` }
    yield* dumpTable(source, BTREE_TABLES['Slot'], slotAt)
    if (recordOffset < HEADER_BYTES || recordOffset + 2 > pageEnd)
      yield { note: `DAMAGED: the record is outside of the page` }
    else if (kind === LEAF) yield* dumpLeafRecord(source, at, facts, recordOffset, keyBytes)
    else yield* dumpBranchRecord(source, at, facts, recordOffset, keyBytes)
  }
}

function* dumpLeafRecord(
  source: ByteSource,
  page: number,
  { pageBytes, pageEnd }: PageFacts,
  recordOffset: number,
  keyBytes: number,
): DumpLines {
  const at = page + recordOffset
  const field = source.read(at, 2)
  const bits = numberOf(field)
  const partBytes = bits & VALUE_BYTES_MASK
  const form = [
    ...((bits & ENCODED_BIT) === 0 ? [] : ['encoded']),
    ...((bits & EXTENT_BIT) === 0 ? [] : ['in an extent']),
  ]
  yield { offset: at, bytes: field, field: 'valueField', value: [`${partBytes} bytes`, ...form].join(', ') }
  const keyPart = yield* dumpKeyPart(source, at + 2, pageBytes, keyBytes)
  const valueAt = at + 2 + keyPart
  if (valueAt + partBytes > page + pageEnd) {
    yield { note: 'DAMAGED: the value is longer than the page' }
    return
  }
  if ((bits & EXTENT_BIT) !== 0) {
    yield { title: 'extent reference' }
    yield* dumpTable(source, BTREE_TABLES['Extent reference'], valueAt)
  } else if ((bits & ENCODED_BIT) !== 0) {
    yield { title: 'encoded value' }
    yield* dumpTable(source, BTREE_TABLES['Encoded value'], valueAt)
    const block = source.read(valueAt + 3, partBytes - 3)
    yield { offset: valueAt + 3, bytes: block, field: 'block', value: 'LZ4 with the dictionary' }
  } else {
    const value = source.read(valueAt, partBytes)
    yield { offset: valueAt, bytes: value, field: 'value', value: shown(value) }
  }
}

function* dumpBranchRecord(
  source: ByteSource,
  page: number,
  { pageBytes, pageEnd }: PageFacts,
  recordOffset: number,
  keyBytes: number,
): DumpLines {
  const at = page + recordOffset
  if (recordOffset + CHILD_BYTES > pageEnd) {
    yield { note: 'DAMAGED: the record is outside of the page' }
    return
  }
  yield* dumpTable(source, BTREE_TABLES['Branch record'], at)
  if (keyBytes > 0) yield* dumpKeyPart(source, at + CHILD_BYTES, pageBytes, keyBytes)
}

/** A long key is in an extent: its part ends with a reference. Returns the length of the part. */
function* dumpKeyPart(
  source: ByteSource,
  at: number,
  pageBytes: number,
  keyBytes: number,
): Generator<DumpLine, number, void> {
  const partBytes = pageBytes / 8
  if (keyBytes <= partBytes) {
    const key = source.read(at, keyBytes)
    yield { offset: at, bytes: key, field: 'key', value: shown(key) }
    return keyBytes
  }
  const start = source.read(at, partBytes - REFERENCE_BYTES)
  yield { offset: at, bytes: start, field: 'start of the key', value: shown(start) }
  yield { title: 'extent reference of the key' }
  yield* dumpTable(source, BTREE_TABLES['Extent reference'], at + start.length)
  return partBytes
}
