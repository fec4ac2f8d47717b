// The manifest of an LSM tree, and the entries of all of its tables: FORMAT.md of packages/lsm.
import { ByteView, compareBytes, hexOf } from '../bytes/byte-view.js'
import { requireSound } from '../bytes/format-error.js'
import { xxHash64 } from '../bytes/xx-hash64.js'
import { UNIT_KINDS } from '../encryption/data-keys.js'
import type { DataKeys } from '../encryption/data-keys.js'
import { readHeader } from './header.js'
import { readTable } from './table.js'
import type { LsmEntry, Table } from './table.js'

const HEADER_BYTES = 64
const NO_UPPER = 0xffff_ffff

/** A table as the manifest describes it. */
interface NamedTable {
  readonly number: number
  readonly level: number
  readonly fileId: string
  readonly fileBytes: number
  readonly rawBytes: number
  readonly codec: number
  readonly counts: readonly number[]
  readonly lower: Uint8Array
  readonly upper: Uint8Array | undefined
}

/** The content of a store. */
export interface LsmStore {
  readonly storeId: string
  readonly durableSeq: number
  /** Log segment that the newest record names. */
  readonly segmentId: string
  readonly stamp: number
  readonly nextNumber: number
  readonly recordCount: number
  readonly tables: readonly (NamedTable & { readonly content: Table })[]
  /** The newest version of each key that is not deleted, in order. */
  readonly entries: readonly (readonly [key: Uint8Array, value: Uint8Array])[]
}

/** Reads a store from its files, by their names. */
export function readStore(files: ReadonlyMap<string, Uint8Array>, keys?: DataKeys): LsmStore {
  const bytes = files.get('MANIFEST')
  requireSound(bytes !== undefined, 'there is no manifest')
  const view = new ByteView(bytes)
  const { seed, storeId, cipher } = readHeader(view, 'M', keys)
  const tables = new Map<number, NamedTable>()
  let state: State | undefined
  let recordCount = 0
  let offset = HEADER_BYTES
  while (offset < view.length) {
    const end = offset + 16 + view.u32(offset)
    const image = Uint8Array.from(view.slice(offset, end))
    new DataView(image.buffer).setBigUint64(8, BigInt(offset), true)
    requireSound(view.checksum(offset + 8) === xxHash64(image, seed), `checksum of the record at ${offset}`)
    const type = view.u32(offset + 4)
    requireSound(type === (recordCount === 0 ? 1 : 2), 'type of a record')
    const stored = view.slice(offset + 16, end)
    const payload = cipher?.open(UNIT_KINDS.manifestRecord, offset, type, stored) ?? stored
    state = applyRecord(new ByteView(payload), tables)
    recordCount += 1
    const next = Math.ceil(end / 8) * 8
    requireSound(view.isZero(end, next), 'bytes between two records')
    offset = next
  }
  requireSound(state !== undefined, 'the manifest has no record')
  const read = [...tables.values()].map((table) => ({
    ...table,
    content: contentOf(table, files, storeId, keys),
  }))
  return {
    storeId,
    ...state,
    recordCount,
    tables: read,
    entries: visible(read.map(({ content }) => content)),
  }
}

type State = Pick<LsmStore, 'durableSeq' | 'segmentId' | 'stamp' | 'nextNumber'>

function applyRecord(view: ByteView, tables: Map<number, NamedTable>): State {
  const [removedCount, addedCount] = [view.u32(40), view.u32(44)]
  let offset = 48
  for (let index = 0; index < removedCount; index += 1, offset += 8) {
    requireSound(tables.delete(view.u64(offset)), 'a table is removed that is not there')
  }
  for (let index = 0; index < addedCount; index += 1) {
    const lowerBytes = view.u32(offset + 88)
    const upperField = view.u32(offset + 92)
    const upperBytes = upperField === NO_UPPER ? 0 : upperField
    const lowerEnd = offset + 96 + lowerBytes
    const table: NamedTable = {
      number: view.u64(offset),
      fileBytes: view.u64(offset + 8),
      rawBytes: view.u64(offset + 16),
      counts: [24, 32, 40, 48, 56].map((field) => view.u64(offset + field)),
      fileId: view.hex(offset + 64, offset + 80),
      level: view.u32(offset + 80),
      codec: view.u32(offset + 84),
      lower: view.slice(offset + 96, lowerEnd),
      upper: upperField === NO_UPPER ? undefined : view.slice(lowerEnd, lowerEnd + upperBytes),
    }
    requireSound(!tables.has(table.number) && table.level < 7, 'a table is there twice')
    tables.set(table.number, table)
    offset = lowerEnd + upperBytes
  }
  requireSound(offset === view.length, 'bytes behind the tables of a record')
  return {
    durableSeq: view.u64(0),
    stamp: view.u64(8),
    nextNumber: view.u64(16),
    segmentId: view.hex(24, 40),
  }
}

function contentOf(
  table: NamedTable,
  files: ReadonlyMap<string, Uint8Array>,
  storeId: string,
  keys: DataKeys | undefined,
): Table {
  const name = `${String(table.number).padStart(10, '0')}.sst`
  const bytes = files.get(name)
  requireSound(bytes?.length === table.fileBytes, `${name} is missing or has another length`)
  const content = readTable(bytes, keys)
  requireSound(content.fileId === table.fileId && content.storeId === storeId, `${name} is another table`)
  const { entries, deletes, tombstones, minStamp, maxStamp, rawBytes, storedBytes } = content.properties
  const stamp = table.counts[3] ?? 0
  const isLoad = maxStamp === 0
  requireSound(
    [entries, deletes, tombstones, isLoad ? stamp : minStamp, isLoad ? stamp : maxStamp].join() ===
      table.counts.join() && stamp > 0,
    `counts of ${name}`,
  )
  requireSound(table.rawBytes === table.fileBytes + rawBytes - storedBytes, `uncompressed length of ${name}`)
  requireSound(
    [...content.codecs].every((codec) => codec === 0 || codec === table.codec),
    `codec of ${name}`,
  )
  const { lower, upper } = table
  for (const { key } of content.entries) {
    const isWithin = compareBytes(key, lower) >= 0 && (upper === undefined || compareBytes(key, upper) < 0)
    requireSound(isWithin, `a key of ${name} lies outside of its bounds`)
  }
  return isLoad ? { ...content, entries: content.entries.map((entry) => ({ ...entry, stamp })) } : content
}

/** Returns what a reader sees: of all versions of a key the one with the greatest stamp, unless it is deleted. */
function visible(tables: readonly Table[]): [Uint8Array, Uint8Array][] {
  const newest = new Map<string, LsmEntry>()
  for (const { entries } of tables) {
    for (const entry of entries) {
      const name = hexOf(entry.key)
      if ((newest.get(name)?.stamp ?? 0) < entry.stamp) newest.set(name, entry)
    }
  }
  const tombstones = tables.flatMap((table) => table.tombstones)
  return [...newest.values()]
    .filter(({ key, stamp, value }) => {
      const isCovered = tombstones.some(
        ({ lower, upper, stamp: covering }) =>
          covering > stamp &&
          compareBytes(key, lower) >= 0 &&
          (upper === undefined || compareBytes(key, upper) < 0),
      )
      return value !== undefined && !isCovered
    })
    .sort((a, b) => compareBytes(a.key, b.key))
    .map(({ key, value }) => [key, value ?? new Uint8Array()])
}
