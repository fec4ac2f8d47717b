import { Buffer } from 'node:buffer'
import type { ByteSource } from '../fields/byte-source.js'
import { memorySource } from '../fields/byte-source.js'
import { codecName, dumpCompressed } from '../fields/compressed-bytes.js'
import { hashOf, SEED_ZERO, seedOfFile, verdict } from '../fields/checksum.js'
import type { DumpLines } from '../fields/dump-line.js'
import { dumpHeader, readHeader } from '../fields/file-header.js'
import { bigintOf, dumpTable, readTable, shown, tableBytes } from '../fields/format-table.js'
import { dumpBlock, dumpTombstones } from './lsm-block.js'
import { LSM_TABLES } from '../tables/lsm.js'

const UNITS_OFFSET = 64
const HEADER_CHECKED_BYTES = 56
const UNIT_TRAILER_BYTES = 24
const CHECKED_TRAILER_BYTES = 16
const CONTENTS = ['?', 'data', 'index', 'filter', 'tombstones', 'properties', 'footer']
/** Bytes that are read at once in the search for the trailer of a unit, and its greatest length. */
const WINDOW_BYTES = 1 << 20
const UNIT_BYTES_MAX = 1 << 30

/** A unit of a table: a payload and its trailer. */
interface Unit {
  readonly start: number
  readonly trailerAt: number
  readonly codec: number
  readonly content: number
  readonly rawBytes: number
}

/** Yields the fields of the header of a table, and its units. */
export function* dumpTableFile(source: ByteSource): DumpLines {
  yield* dumpLsmHeader(source)
  if (readHeader(source).isEncrypted) return
  yield { title: 'units' }
  let at = UNITS_OFFSET
  while (at < source.byteCount) {
    const unit = unitAt(source, at)
    if (unit === undefined) {
      yield { note: `DAMAGED: no intact unit begins at ${at}` }
      return
    }
    const { content, codec, rawBytes } = unit
    at = unit.trailerAt + UNIT_TRAILER_BYTES
    yield {
      offset: unit.start,
      byteCount: at - unit.start,
      unit: CONTENTS[content] ?? '?',
      detail: codec === 0 ? '' : `${rawBytes} bytes by ${codecName(codec)}`,
    }
  }
}

/** Yields the fields of the unit that begins at an offset. */
export function* dumpUnit(source: ByteSource, start: number): DumpLines {
  if (start < UNITS_OFFSET) {
    yield* dumpLsmHeader(source)
    return
  }
  const unit = readHeader(source).isEncrypted ? undefined : unitAt(source, start)
  if (unit === undefined) {
    yield { note: `no unit in plain text begins at ${start}` }
    return
  }
  const { trailerAt, content } = unit
  yield { title: `${CONTENTS[content] ?? '?'}: unit at ${start}` }
  yield* dumpPayload(source, unit)
  yield { title: 'trailer' }
  const checked = source.read(start, trailerAt - start + CHECKED_TRAILER_BYTES)
  yield* dumpTable(source, LSM_TABLES['Trailer'], trailerAt, {
    codec: codecName,
    content: (kind) => CONTENTS[kind] ?? '?',
    checksum: verdict(
      bigintOf(source.read(trailerAt + CHECKED_TRAILER_BYTES, 8)),
      hashOf(checked, seedOf(source)),
    ),
  })
}

/** Yields the header of a table or of a manifest. */
export function* dumpLsmHeader(source: ByteSource): DumpLines {
  yield* dumpHeader(source)
  yield { title: 'header' }
  yield* dumpTable(source, LSM_TABLES['Header'], 0, {
    checksum: verdict(
      bigintOf(source.read(HEADER_CHECKED_BYTES, 8)),
      hashOf(source.read(0, HEADER_CHECKED_BYTES), SEED_ZERO),
    ),
  })
}

/** Returns the seed of the checksums of a file. */
export function seedOf(source: ByteSource): ReturnType<typeof seedOfFile> {
  const id = new Uint8Array(16)
  id.set(source.read(24, id.length))
  return seedOfFile(id)
}

function* dumpPayload(source: ByteSource, unit: Unit): DumpLines {
  const { start, trailerAt, codec, content, rawBytes } = unit
  const stored = source.read(start, trailerAt - start)
  if (codec === 0) {
    yield* dumpContent(source, start, stored.length, content)
    return
  }
  const raw = yield* dumpCompressed(start, stored, codec, rawBytes)
  if (raw === undefined) return
  yield* dumpContent(memorySource('the payload', raw), 0, raw.length, content)
}

function* dumpContent(source: ByteSource, at: number, byteCount: number, content: number): DumpLines {
  if (content === 1 || content === 2) yield* dumpBlock(source, at, byteCount, content === 2)
  else if (content === 3) {
    yield* dumpTable(source, LSM_TABLES['Filter'], at)
    const bitsAt = at + tableBytes(LSM_TABLES['Filter'])
    const bits = source.read(bitsAt, at + byteCount - bitsAt)
    yield { offset: bitsAt, bytes: bits, field: 'bits', value: `${bits.length} bytes` }
  } else if (content === 4) yield* dumpTombstones(source, at, byteCount)
  else if (content === 5) yield* dumpTable(source, LSM_TABLES['Properties'], at)
  else if (content === 6) yield* dumpFooter(source, at)
  else {
    const bytes = source.read(at, byteCount)
    yield { offset: at, bytes, field: 'payload', value: shown(bytes) }
  }
}

/** A footer consists of handles. */
function* dumpFooter(source: ByteSource, at: number): DumpLines {
  const handleBytes = tableBytes(LSM_TABLES['Handle'])
  for (const [index, name] of ['index', 'filter', 'tombstones', 'properties'].entries()) {
    yield { title: `handle: ${name}` }
    yield* dumpTable(source, LSM_TABLES['Handle'], at + index * handleBytes)
  }
}

/** Finds the unit that begins at an offset: it ends behind the first trailer that names the offset and whose checksum matches. */
function unitAt(source: ByteSource, start: number): Unit | undefined {
  const mark = Buffer.alloc(8)
  mark.writeBigUInt64LE(BigInt(start))
  const end = Math.min(source.byteCount, start + UNIT_BYTES_MAX)
  for (let from = start; from < end; from += WINDOW_BYTES) {
    const window = Buffer.from(source.read(from, WINDOW_BYTES + UNIT_TRAILER_BYTES))
    for (let found = window.indexOf(mark); found >= 0; found = window.indexOf(mark, found + 1)) {
      const trailerAt = from + found - 8
      if (trailerAt < start || trailerAt + UNIT_TRAILER_BYTES > source.byteCount) continue
      const {
        codec = 0,
        content = 0,
        rawBytes = 0,
      } = readTable(source, LSM_TABLES['Trailer'], trailerAt) ?? {}
      const checked = source.read(start, trailerAt - start + CHECKED_TRAILER_BYTES)
      const stored = bigintOf(source.read(trailerAt + CHECKED_TRAILER_BYTES, 8))
      if (stored !== hashOf(checked, seedOf(source))) continue
      return { start, trailerAt, codec, content, rawBytes }
    }
  }
  return undefined
}
