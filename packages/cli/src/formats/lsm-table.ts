import type { ByteSource } from '../fields/byte-source.js'
import { memorySource } from '../fields/byte-source.js'
import { codecName, dumpCompressed } from '../fields/compressed-bytes.js'
import { hashOf, SEED_ZERO, seedOfFile, verdict } from '../fields/checksum.js'
import type { DumpLines } from '../fields/dump-line.js'
import { dumpUnit as dumpEncrypted, VERSION_REMARK } from '../fields/encrypted-unit.js'
import { dumpHeader, readHeader } from '../fields/file-header.js'
import { bigintOf, dumpTable, shown, tableBytes } from '../fields/format-table.js'
import { dumpBlock, dumpTombstones } from './lsm-block.js'
import { CHECKED_TRAILER_BYTES, tableUnitAt, UNITS_OFFSET } from './lsm-units.js'
import type { TableUnit } from './lsm-units.js'
import { LSM_TABLES } from '../tables/lsm.js'

const HEADER_CHECKED_BYTES = 56
const CONTENTS = ['?', 'data', 'index', 'filter', 'tombstones', 'properties', 'footer']
/** Yields the fields of the header of a table, and its units. */
export function* dumpTableFile(source: ByteSource): DumpLines {
  yield* dumpLsmHeader(source)
  if (isLocked(source)) {
    yield { note: 'Without the key, the units of the table cannot be told apart.' }
    return
  }
  yield { title: 'units' }
  let at = UNITS_OFFSET
  while (at < source.byteCount) {
    const unit = tableUnitAt(source, at)
    if (unit === undefined) {
      yield { note: `DAMAGED: no intact unit begins at ${at}` }
      return
    }
    const { content, codec, rawBytes } = unit
    at = unit.end
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
  if (isLocked(source)) {
    yield* dumpHeader(source)
    yield { note: 'Without the key, the units of the table cannot be told apart.' }
    return
  }
  const unit = tableUnitAt(source, start)
  if (unit === undefined) {
    yield { note: `no intact unit begins at ${start}` }
    return
  }
  yield { title: `${CONTENTS[unit.content] ?? '?'}: unit at ${start}` }
  if (unit.encrypted === undefined) yield* dumpPlainUnit(source, unit)
  else yield* dumpEncrypted(source, unit.encrypted, (plain) => dumpPlainUnit(plain, unit))
}

function isLocked(source: ByteSource): boolean {
  return readHeader(source).isEncrypted && source.keys?.() === undefined
}

function* dumpPlainUnit(source: ByteSource, unit: TableUnit): DumpLines {
  const { start, trailerAt, encrypted } = unit
  yield* dumpPayload(source, unit)
  yield { title: 'trailer' }
  const checked = source.read(start, trailerAt - start + CHECKED_TRAILER_BYTES)
  const stored = bigintOf(source.read(trailerAt + CHECKED_TRAILER_BYTES, 8))
  yield* dumpTable(source, LSM_TABLES['Trailer'], trailerAt, {
    codec: codecName,
    content: (kind) => CONTENTS[kind] ?? '?',
    checksum: encrypted === undefined ? verdict(stored, hashOf(checked, seedOf(source))) : VERSION_REMARK,
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

function* dumpPayload(source: ByteSource, unit: TableUnit): DumpLines {
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
