import { decodeVarint, varintBytes } from '@ldb/base'
import type { ByteSource } from '../fields/byte-source.js'
import type { DumpLines } from '../fields/dump-line.js'
import { dumpTable, numberOf, readTable, shown, tableBytes } from '../fields/format-table.js'
import { BASE_TABLES } from '../tables/base.js'
import { CORE_TABLES } from '../tables/core.js'

/** Types of records, in a database. */
export const LOG_RECORD_NAMES: Readonly<Record<number, string>> = {
  0: 'load',
  1: 'commit',
  2: 'checkpoint',
  3: 'catalog',
  4: 'time mark',
  6: 'commit with large values',
  7: 'keyspace change',
}

const OPERATIONS = ['?', 'put', 'delete', 'deleteRange', 'deleteFrom', 'expire']
/** Operations with a second part: the value of a put, the upper bound of a range delete. */
const HAS_VALUE = new Set([1, 3])

/** Yields the fields of a payload. */
export function* dumpLogPayload(source: ByteSource, at: number, byteCount: number, type: number): DumpLines {
  if (type === 0 || type === 1 || type === 6) yield* dumpBatch(source, at, at + byteCount)
  else if (type === 2) yield* dumpCheckpoint(source, at)
  else if (type === 3) {
    yield { title: 'catalog record' }
    yield* dumpTable(source, CORE_TABLES['Catalog record'], at)
  } else if (type === 7) yield* dumpKeyspaceChange(source, at)
  else if (type === 4) {
    const bytes = source.read(at, 8)
    yield { title: 'time mark' }
    yield { offset: at, bytes, field: 'time', value: new Date(numberOf(bytes)).toISOString() }
  } else
    yield { offset: at, bytes: source.read(at, byteCount), field: 'payload', value: `${byteCount} bytes` }
}

function* dumpKeyspaceChange(source: ByteSource, at: number): DumpLines {
  const table = CORE_TABLES['Keyspace change']
  yield { title: 'keyspace change' }
  yield* dumpTable(source, table, at)
  const lengths = readTable(source, table, at)
  let nameAt = at + tableBytes(table)
  for (const [field, length] of [
    ['name', 'nameBytes'],
    ['keyEncoding', 'keyEncodingBytes'],
    ['valueEncoding', 'valueEncodingBytes'],
  ] as const) {
    const bytes = source.read(nameAt, lengths?.[length] ?? 0)
    yield { offset: nameAt, bytes, field, value: shown(bytes) }
    nameAt += bytes.length
  }
}

function* dumpCheckpoint(source: ByteSource, at: number): DumpLines {
  const table = CORE_TABLES['Checkpoint record']
  yield { title: 'checkpoint record' }
  yield* dumpTable(source, table, at)
  const count = readTable(source, table, at)?.['keyspaceCount'] ?? 0
  let entry = at + tableBytes(table)
  for (let index = 0; index < count && entry < source.byteCount; index++) {
    yield { title: `checkpoint entry ${index + 1} of ${count}` }
    yield* dumpTable(source, CORE_TABLES['Checkpoint entry'], entry)
    entry += tableBytes(CORE_TABLES['Checkpoint entry'])
  }
}

/** Yields the sections of a batch, and their operations. */
function* dumpBatch(source: ByteSource, start: number, end: number): DumpLines {
  const table = BASE_TABLES['Section header']
  let at = start
  while (at < end) {
    const section = readTable(source, table, at)
    yield { title: 'section of a batch' }
    yield* dumpTable(source, table, at)
    at += tableBytes(table)
    if (section === undefined) return
    const { operationCount = 0, operationBytes = 0 } = section
    const bytes = source.read(at, Math.min(operationBytes, end - at))
    yield* dumpOperations(bytes, at, operationCount)
    if (bytes.length < operationBytes) {
      yield { note: `DAMAGED: the operations are longer than their record` }
      return
    }
    at += operationBytes
  }
}

function* dumpOperations(bytes: Uint8Array, base: number, count: number): DumpLines {
  let at = 0
  for (let index = 0; index < count; index++) {
    const kind = bytes[at] ?? 0
    const name = OPERATIONS[kind] ?? '?'
    yield { title: `operation ${index + 1} of ${count}: ${name}` }
    yield { offset: base + at, bytes: bytes.subarray(at, at + 1), field: 'kind', value: `${kind}  ${name}` }
    at += 1
    const parts = HAS_VALUE.has(kind) ? ['key', 'value'] : ['key']
    for (const field of parts) {
      const length = decodeVarint(bytes, at, bytes.length)
      if (length < 0 || at + varintBytes(length) + length > bytes.length) {
        yield { note: `DAMAGED: no ${field} begins at ${base + at}` }
        return
      }
      const partAt = at + varintBytes(length)
      yield {
        offset: base + at,
        bytes: bytes.subarray(at, partAt),
        field: `${field}Bytes`,
        value: String(length),
      }
      const part = bytes.subarray(partAt, partAt + length)
      yield { offset: base + partAt, bytes: part, field, value: shown(part) }
      at = partAt + length
    }
  }
}
