import { SEED_ZERO, seedOfFile, UnitKind } from '@ldb/integrity'
import type { UnitCipher } from '@ldb/integrity'
import { viewOf } from '../../corruption/tree-layout.js'
import { putChecksum, repairFileHeader } from './checksum.js'

// Offsets from the FORMAT.md of the LSM tree.
const HEADER_BYTES = 64
const HEADER_CHECKSUM = 56
const TRAILER_BYTES = 24
const FOOTER_BYTES = 48
const HANDLE_BYTES = 12
const RECORD_HEADER = 16
const STATE_HEADER = 48
const STATE_STAMP = 8
const TABLE_FILE_BYTES = 8
const TABLE_RAW_BYTES = 16
const TABLE_ENTRIES = 24
const TABLE_FILE_ID = 64
const TABLE_LOWER_BYTES = 88
const TABLE_BYTES = 96
const PROPERTIES_RAW_BYTES = 64
const NO_UPPER_BOUND = 0xffffffff

/** A unit of a table, trailer included. */
export interface TableUnit {
  readonly start: number
  readonly end: number
  /** Kind of its payload: 1 for data. */
  readonly content: number
}

/** Recomputes the checksums of a table: of its header, and of all units that its footer and its indexes name. */
export function repairTable(bytes: Uint8Array): void {
  if (bytes.length < HEADER_BYTES) return
  repairHeader(bytes)
  const seed = seedOfFile(bytes.subarray(24, 40))
  for (const { start, end } of tableUnits(bytes)) putChecksum(bytes, end - 8, start, end - 8, seed)
}

/**
 * Returns the units of a table that can be found, the footer first. Leaves out those that its damage hides.
 *
 * @param cipher - of an encrypted table, of which a copy is decrypted.
 */
export function tableUnits(bytes: Uint8Array, cipher?: UnitCipher): TableUnit[] {
  return new TableUnits(bytes, cipher).all()
}

class TableUnits {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #cipher: UnitCipher | undefined
  /** Bytes of both trailers of a unit: that of the table, and that of the cipher. */
  readonly #trailerBytes: number

  constructor(bytes: Uint8Array, cipher: UnitCipher | undefined) {
    this.#bytes = cipher === undefined ? bytes : bytes.slice()
    this.#view = viewOf(this.#bytes)
    this.#cipher = cipher
    this.#trailerBytes = TRAILER_BYTES + (cipher?.trailerBytes ?? 0)
  }

  all(): TableUnit[] {
    const start = this.#bytes.length - FOOTER_BYTES - this.#trailerBytes
    const footer = start < HEADER_BYTES ? undefined : this.#unit(start, this.#bytes.length)
    if (footer === undefined) return []
    const units: TableUnit[] = [footer]
    for (let index = 0; index < 4; index++) {
      const unit = this.named(start + index * HANDLE_BYTES)
      if (unit === undefined) continue
      units.push(unit)
      // The first handle is that of the top of the index, which has two levels.
      if (index > 0) continue
      for (const inner of this.#children(unit)) units.push(inner, ...this.#children(inner))
    }
    return units
  }

  /** Returns the units that the handles of an index block name. */
  #children({ start, end }: TableUnit): TableUnit[] {
    const view = this.#view
    const count = view.getUint32(start, true)
    const prefixBytes = view.getUint32(start + 4, true)
    if (prefixBytes > end - start) return []
    const slots = start + ((16 + prefixBytes + 3) & ~3)
    const units: TableUnit[] = []
    for (let index = 1; index <= count && slots + 8 * index + 8 <= end; index++) {
      // A handle is the last part of a record, and the next record follows it.
      const next =
        index === count ? end - this.#trailerBytes : start + view.getUint32(slots + 8 * index + 4, true)
      const unit = next <= end ? this.named(next - HANDLE_BYTES) : undefined
      if (unit !== undefined) units.push(unit)
    }
    return units
  }

  /** Returns the unit that a handle names, if it lies within the file. */
  named(at: number): TableUnit | undefined {
    if (at < 0 || at + HANDLE_BYTES > this.#bytes.length) return undefined
    const start = Number(this.#view.getBigUint64(at, true))
    return this.#unit(start, start + this.#view.getUint32(at + 8, true))
  }

  #unit(start: number, end: number): TableUnit | undefined {
    const trailer = end - this.#trailerBytes
    if (start < HEADER_BYTES || end > this.#bytes.length || trailer < start) return undefined
    const isFilter =
      this.#cipher?.decrypt(UnitKind.Block, start, 0, this.#bytes, start, end - start) === false
    return { start, end, content: isFilter ? 3 : this.#view.getUint8(trailer + 1) }
  }
}

/** Recomputes the checksums of a manifest: of its header and its records, up to the first that does not lie within the file. */
export function repairManifest(bytes: Uint8Array): void {
  if (bytes.length < HEADER_BYTES) return
  repairHeader(bytes)
  const view = viewOf(bytes)
  const seed = seedOfFile(bytes.subarray(24, 40))
  for (let at = HEADER_BYTES; at + RECORD_HEADER <= bytes.length;) {
    const end = at + RECORD_HEADER + view.getUint32(at, true)
    if (end > bytes.length) return
    view.setBigUint64(at + 8, BigInt(at), true)
    putChecksum(bytes, at + 8, at, end, seed)
    at = Math.ceil(end / 8) * 8
  }
}

/** Returns a manifest that names a table without bounds instead of the one that the only record of another manifest names. */
export function manifestNaming(manifest: Uint8Array, table: Uint8Array): Uint8Array {
  const tableRecord = HEADER_BYTES + RECORD_HEADER + STATE_HEADER
  const end = tableRecord + TABLE_BYTES
  const changed = new Uint8Array(Math.ceil(end / 8) * 8)
  changed.set(manifest.subarray(0, end))
  const view = viewOf(changed)
  view.setUint32(HEADER_BYTES, STATE_HEADER + TABLE_BYTES, true)
  view.setBigUint64(tableRecord + TABLE_FILE_BYTES, BigInt(table.length), true)
  changed.set(table.subarray(24, 40), tableRecord + TABLE_FILE_ID)
  view.setUint32(tableRecord + TABLE_LOWER_BYTES, 0, true)
  view.setUint32(tableRecord + TABLE_LOWER_BYTES + 4, NO_UPPER_BOUND, true)
  const properties = new TableUnits(table, undefined).named(table.length - TRAILER_BYTES - HANDLE_BYTES)
  // Entries, deletes, tombstones, smallest and greatest stamp are in the same order in both.
  if (properties !== undefined) {
    changed.set(table.subarray(properties.start, properties.start + 40), tableRecord + TABLE_ENTRIES)
    // The greatest stamp in use.
    const maxStamp = table.subarray(properties.start + 32, properties.start + 40)
    changed.set(maxStamp, HEADER_BYTES + RECORD_HEADER + STATE_STAMP)
    const counts = viewOf(table)
    const rawAt = properties.start + PROPERTIES_RAW_BYTES
    if (rawAt + 16 <= table.length) {
      const saved = counts.getBigUint64(rawAt, true) - counts.getBigUint64(rawAt + 8, true)
      view.setBigUint64(tableRecord + TABLE_RAW_BYTES, BigInt.asUintN(64, BigInt(table.length) + saved), true)
    }
  }
  repairManifest(changed)
  return changed
}

function repairHeader(bytes: Uint8Array): void {
  repairFileHeader(bytes, 0)
  putChecksum(bytes, HEADER_CHECKSUM, 0, HEADER_CHECKSUM, SEED_ZERO)
}
