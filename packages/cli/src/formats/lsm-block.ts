import type { ByteSource } from '../fields/byte-source.js'
import type { DumpLines } from '../fields/dump-line.js'
import { dumpTable, numberOf, readTable, shown } from '../fields/format-table.js'
import { LSM_TABLES } from '../tables/lsm.js'

const PREFIX_OFFSET = 16
const SLOT_BYTES = 8
const KINDS = ['?', 'put', 'delete']

/** Yields the fields of a data or index block: header, prefix, slots and records. */
export function* dumpBlock(source: ByteSource, at: number, byteCount: number, isIndex: boolean): DumpLines {
  const { count = 0, prefixBytes = 0, baseStamp = 0 } = readTable(source, LSM_TABLES['Block'], at) ?? {}
  yield* dumpTable(source, LSM_TABLES['Block'], at)
  const prefix = source.read(at + PREFIX_OFFSET, Math.min(prefixBytes, byteCount))
  yield { offset: at + PREFIX_OFFSET, bytes: prefix, field: 'prefix', value: shown(prefix) }
  const slots = at + PREFIX_OFFSET + Math.ceil(prefixBytes / 4) * 4
  for (let index = 0; index < count; index++) {
    const slotAt = slots + index * SLOT_BYTES
    const slot = source.read(slotAt, SLOT_BYTES)
    const offset = numberOf(slot.subarray(4))
    if (slot.length < SLOT_BYTES || offset >= byteCount) {
      yield { note: `DAMAGED: entry ${index} is outside of the block` }
      return
    }
    yield { title: `entry ${index} of ${count}` }
    const head = slot.subarray(0, 4)
    yield { offset: slotAt, bytes: head, field: 'head', value: String(numberOf(head)) }
    yield { offset: slotAt + 4, bytes: slot.subarray(4), field: 'recordOffset', value: String(offset) }
    yield* dumpEntry(source, at + offset, at + byteCount, { prefix, baseStamp, isIndex })
  }
}

interface BlockFacts {
  readonly prefix: Uint8Array
  readonly baseStamp: number
  readonly isIndex: boolean
}

function* dumpEntry(source: ByteSource, start: number, end: number, facts: BlockFacts): DumpLines {
  const { prefix, baseStamp, isIndex } = facts
  const kind = source.read(start, 1)
  yield { offset: start, bytes: kind, field: 'kind', value: KINDS[numberOf(kind)] ?? '?' }
  let at = start + 1
  const lengths: number[] = []
  for (const field of ['restBytes', 'stamp', 'valueBytes']) {
    const varint = varintAt(source, at)
    if (varint === undefined) {
      yield { note: `DAMAGED: no number ends at ${at}` }
      return
    }
    const { value, bytes } = varint
    yield { offset: at, bytes, field, value: String(field === 'stamp' ? baseStamp + value : value) }
    lengths.push(value)
    at += bytes.length
  }
  const [restBytes = 0, , valueBytes = 0] = lengths
  if (at + restBytes + valueBytes > end) {
    yield { note: 'DAMAGED: the record is longer than its block' }
    return
  }
  const rest = source.read(at, restBytes)
  const key = new Uint8Array(prefix.length + rest.length)
  key.set(prefix)
  key.set(rest, prefix.length)
  yield { offset: at, bytes: rest, field: 'rest of the key', value: shown(key) }
  at += restBytes
  if (isIndex) yield* dumpTable(source, LSM_TABLES['Handle'], at)
  else {
    const value = source.read(at, valueBytes)
    yield { offset: at, bytes: value, field: 'value', value: shown(value) }
  }
}

/** Yields the range tombstones of a table. */
export function* dumpTombstones(source: ByteSource, start: number, byteCount: number): DumpLines {
  let at = start
  for (let index = 0; at < start + byteCount; index++) {
    const stamp = source.read(at, 8)
    yield { title: `range tombstone ${index}` }
    yield { offset: at, bytes: stamp, field: 'stamp', value: String(numberOf(stamp)) }
    at += 8
    for (const field of ['lower', 'upper']) {
      const varint = varintAt(source, at)
      if (varint === undefined) {
        yield { note: `DAMAGED: no number ends at ${at}` }
        return
      }
      const { value, bytes } = varint
      const length = field === 'upper' ? value - 1 : value
      yield { offset: at, bytes, field: `${field}Bytes`, value: length < 0 ? 'no bound' : String(length) }
      at += bytes.length
      const bound = source.read(at, Math.max(0, length))
      if (length >= 0) yield { offset: at, bytes: bound, field, value: shown(bound) }
      at += bound.length
    }
  }
}

/** Reads a varint of up to 8 bytes. */
function varintAt(
  source: ByteSource,
  at: number,
): { readonly value: number; readonly bytes: Uint8Array } | undefined {
  const bytes = source.read(at, 8)
  const last = bytes.findIndex((byte) => byte < 0x80)
  if (last < 0) return undefined
  const used = bytes.subarray(0, last + 1)
  return { value: used.reduceRight((value, byte) => value * 128 + (byte & 0x7f), 0), bytes: used }
}
