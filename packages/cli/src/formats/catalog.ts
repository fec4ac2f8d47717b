import { UnitKind } from '@ldb/integrity'
import { memorySource } from '../fields/byte-source.js'
import type { ByteSource } from '../fields/byte-source.js'
import { hashOf, SEED_ZERO, verdict } from '../fields/checksum.js'
import { dumpUnit, TRAILER_BYTES } from '../fields/encrypted-unit.js'
import { dumpHeader, idAt, readHeader } from '../fields/file-header.js'
import type { DumpLines } from '../fields/dump-line.js'
import { bigintOf, dumpTable, readTable, shown, tableBytes } from '../fields/format-table.js'
import { CORE_TABLES } from '../tables/core.js'

const CHECKSUM_OFFSET = 24
const BODY_OFFSET = 32
const DATABASE_ID_OFFSET = 40
/** End of the plain prefix of an encrypted catalog. */
const PREFIX_BYTES = 88
const ENGINES = ['?', 'B+tree', 'LSM tree']
const COMPRESSIONS = ['none', 'deflate', 'lz4', 'zstd', 'adaptive']

/** Yields the fields of a catalog: the root, and each keyspace. */
export function* dumpCatalog(source: ByteSource): DumpLines {
  const { isEncrypted } = readHeader(source)
  const root = readTable(source, CORE_TABLES['Catalog root'], 0)
  yield* dumpHeader(source)
  yield { title: 'catalog root' }
  const fileBytes = root?.['fileBytes'] ?? source.byteCount
  const body = source.read(BODY_OFFSET, Math.max(0, Math.min(fileBytes, source.byteCount) - BODY_OFFSET))
  yield* dumpTable(
    source,
    CORE_TABLES['Catalog root'],
    0,
    {
      bodyChecksum: verdict(bigintOf(source.read(CHECKSUM_OFFSET, 8)), hashOf(body, SEED_ZERO)),
      fileBytes: (bytes) => (bytes === source.byteCount ? '' : `DAMAGED: the file has ${source.byteCount}`),
    },
    isEncrypted ? PREFIX_BYTES : Infinity,
  )
  if (isEncrypted) {
    yield { title: 'encrypted catalog' }
    yield* dumpSealedCatalog(source, root?.['generation'] ?? 0)
    return
  }
  yield* dumpKeyspaces(source, root?.['keyspaceCount'] ?? 0)
}

/** The unit contains a whole plain catalog. */
function* dumpSealedCatalog(source: ByteSource, generation: number): DumpLines {
  const byteCount = source.byteCount - PREFIX_BYTES
  const fileId = idAt(source, DATABASE_ID_OFFSET)
  const binding = {
    purpose: 'catalog',
    fileId,
    kind: UnitKind.Catalog,
    position: 0,
    epoch: generation,
  } as const
  yield* dumpUnit(source, { at: PREFIX_BYTES, byteCount, ...binding }, function* (plain) {
    yield { note: `Offsets are those in the decrypted catalog from here on: add ${PREFIX_BYTES}.` }
    yield* dumpCatalog(memorySource(source.name, plain.read(PREFIX_BYTES, byteCount - TRAILER_BYTES)))
  })
}

function* dumpKeyspaces(source: ByteSource, count: number): DumpLines {
  let at = tableBytes(CORE_TABLES['Catalog root'])
  for (let index = 0; index < count; index++) {
    const table = CORE_TABLES['Keyspace record']
    const record = readTable(source, table, at)
    yield { title: `keyspace record ${index + 1} of ${count}` }
    yield* dumpTable(source, table, at, {
      engine: (engine) => ENGINES[engine] ?? '?',
      compression: (id) => COMPRESSIONS[id] ?? 'of the application',
    })
    if (record === undefined) return
    at += tableBytes(table)
    for (const [field, size] of [
      ['name', record['nameBytes']],
      ['keyEncoding', record['keyEncodingBytes']],
      ['valueEncoding', record['valueEncodingBytes']],
    ] as const) {
      const bytes = source.read(at, size ?? 0)
      yield { offset: at, bytes, field, value: shown(bytes) }
      at += bytes.length
    }
    const sectionBytes = record['sectionBytes'] ?? 0
    yield { title: `section of the ${ENGINES[record['engine'] ?? 0] ?? '?'}` }
    if (record['engine'] === 1) yield* dumpTable(source, CORE_TABLES['Section of the B+tree'], at)
    else {
      const bytes = source.read(at, sectionBytes)
      yield { offset: at, bytes, field: 'storeId', value: '' }
    }
    at += sectionBytes
  }
}
