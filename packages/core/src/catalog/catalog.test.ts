import { isLdbError } from '@ldb/base'
import type { LdbErrorCode } from '@ldb/base'
import { encodeFileHeader, SEED_ZERO, xxHash64, ZSTD_CODEC } from '@ldb/integrity'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Catalog } from './catalog.js'
import { decodeCatalog } from './decode.js'
import { encodeCatalog } from './encode.js'
import { decodeCatalogRecord, encodeCatalogRecord } from '../log/catalog-record.js'
import { decodeCheckpointRecord, encodeCheckpointRecord } from '../log/checkpoint-record.js'
import {
  CATALOG_FORMAT,
  CATALOG_KIND,
  CATALOG_OFFSET_DATA_KEY_ID,
  CATALOG_OFFSET_SUITE,
  CATALOG_OFFSET_BODY_CHECKSUM,
  CATALOG_OFFSET_FILE_BYTES,
  CATALOG_OFFSET_KEYSPACE_COUNT,
  CATALOG_OFFSET_NEXT_KEYSPACE_ID,
  CATALOG_OFFSET_RESERVED,
  CATALOG_ROOT_END,
  KEYSPACE_CHANGE_BYTES,
  KEYSPACE_CHANGE_OFFSET_KIND,
  KEYSPACE_CHANGE_OFFSET_NAME_BYTES,
  KEYSPACE_CHANGE_OFFSET_RESERVED,
  KEYSPACE_OFFSET_COMPRESSION,
  KEYSPACE_OFFSET_ENGINE,
  KEYSPACE_OFFSET_NAME_BYTES,
  KEYSPACE_OFFSET_FLAGS,
  KEYSPACE_OFFSET_RESERVED,
  KEYSPACE_OFFSET_SECTION_BYTES,
  KEYSPACE_OFFSET_TTL_MS,
  KEYSPACE_RECORD_BYTES,
} from '../format.js'

const EXAMPLE: Catalog = {
  databaseId: Uint8Array.from({ length: 16 }, (_, index) => index),
  pageBytes: 4096,
  generation: 3,
  seq: 2 ** 40 + 5,
  nextKeyspaceId: 9,
  branchId: new Uint8Array(16),
  logSegmentId: Uint8Array.from({ length: 16 }, (_, index) => 100 + index),
  logLsn: 2 ** 33 + 8,
  keyspaces: [
    {
      descriptor: {
        id: 1,
        name: 'default',
        engine: 'btree',
        compression: 'none',
        keys: 'utf8',
        values: 'utf8',
        createdSeq: 0,
      },
      section: new Uint8Array(24).fill(7),
    },
    {
      descriptor: {
        id: 7,
        name: 'Städte',
        engine: 'btree',
        compression: 'none',
        keys: 'tuple',
        values: 'json',
        createdSeq: 12,
        dictionary: true,
        expires: true,
        ttlMs: 2 ** 40,
      },
      section: Uint8Array.from({ length: 100 }, (_, index) => 255 - index),
    },
  ],
  change: { kind: 'dropKeyspace', id: 8, name: 'gone', engine: 'lsm', keys: 'utf8', values: 'json' },
}
/** Bytes of the change of the example. */
const CHANGE_BYTES = KEYSPACE_CHANGE_BYTES + 'goneutf8json'.length

const names = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' })
/** Engines and the compressions that they may have. */
const KINDS = [
  ...(['none', 'deflate', 'lz4', 'adaptive', 128, 255] as const).flatMap(
    (compression) =>
      [
        { engine: 'btree', compression },
        { engine: 'lsm', compression },
      ] as const,
  ),
] as const
const catalogs = fc
  .record({
    databaseId: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    generation: fc.maxSafeNat(),
    seq: fc.maxSafeNat(),
    branchId: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    logSegmentId: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    logLsn: fc.maxSafeNat(),
    changed: fc.constantFrom('nothing', 'created', 'dropped'),
    keyspaces: fc.uniqueArray(
      fc.record({
        name: names,
        keys: names,
        values: names,
        createdSeq: fc.maxSafeNat(),
        ttlMs: fc.constantFrom(undefined, 0, 1, 2 ** 52 - 1),
        section: fc.uint8Array({ maxLength: 300 }),
        kind: fc.constantFrom(...KINDS),
      }),
      {
        selector: ({ name }) => name,
        maxLength: 20,
      },
    ),
  })
  .chain((catalog) => fc.constantFrom(512, 8192, 32_768).map((pageBytes) => ({ ...catalog, pageBytes })))
  .map(({ keyspaces, pageBytes, changed, ...rest }): Catalog => ({
    ...rest,
    pageBytes,
    nextKeyspaceId: keyspaces.length * 3 + 2,
    keyspaces: keyspaces.map(({ section, ttlMs, kind, ...keyspace }, index) => ({
      descriptor: {
        ...keyspace,
        ...(ttlMs === undefined ? {} : { expires: true }),
        ...(ttlMs === undefined || ttlMs === 0 ? {} : { ttlMs }),
        id: index * 3 + 1,
        ...kind,
      },
      section,
    })),
    change: changeOf(changed, keyspaces),
  }))

/** Returns a change of the last keyspace, or of one behind it that the catalog does not have. */
function changeOf(
  changed: string,
  keyspaces: readonly { name: string; keys: string; values: string; kind: (typeof KINDS)[number] }[],
): Catalog['change'] {
  const last = keyspaces.at(-1)
  if (changed === 'nothing' || last === undefined || keyspaces.length < 2) return undefined
  const { name, keys, values, kind } = last
  const id = keyspaces.length * 3 - 2
  const described = { name, keys, values, engine: kind.engine }
  return changed === 'created'
    ? { kind: 'createKeyspace', id, ...described }
    : { kind: 'dropKeyspace', id: id + 1, ...described }
}

const RECORD = CATALOG_ROOT_END
const changeAt = (bytes: Uint8Array): number => bytes.length - CHANGE_BYTES
const WRONG: readonly [string, (bytes: Uint8Array) => void][] = [
  ['a reserved field that is set', (bytes): void => void (bytes[CATALOG_OFFSET_RESERVED] = 1)],
  ['a keyspace count that is too large', (bytes): void => void (bytes[CATALOG_OFFSET_KEYSPACE_COUNT] = 3)],
  ['a keyspace count that is too small', (bytes): void => void (bytes[CATALOG_OFFSET_KEYSPACE_COUNT] = 1)],
  [
    'a keyspace number that would be reused',
    (bytes): void => void (bytes[CATALOG_OFFSET_NEXT_KEYSPACE_ID] = 7),
  ],
  ['the keyspace number 0', (bytes): void => void (bytes[RECORD] = 0)],
  ['keyspace numbers out of order', (bytes): void => void (bytes[RECORD] = 8)],
  [
    'a reserved field of a record that is set',
    (bytes): void => void (bytes[RECORD + KEYSPACE_OFFSET_RESERVED] = 1),
  ],
  [
    'a section longer than the file',
    (bytes): void => void (bytes[RECORD + KEYSPACE_OFFSET_SECTION_BYTES + 1] = 9),
  ],
  ['an unknown flag of a record', (bytes): void => void (bytes[RECORD + KEYSPACE_OFFSET_FLAGS] = 8)],
  [
    'a time to live without the expiry flag',
    (bytes): void => void (bytes[RECORD + KEYSPACE_OFFSET_TTL_MS] = 1),
  ],
  ['an empty name', (bytes): void => void (bytes[RECORD + KEYSPACE_OFFSET_NAME_BYTES] = 0)],
  ['a name longer than the file', (bytes): void => void (bytes[RECORD + KEYSPACE_OFFSET_NAME_BYTES + 1] = 9)],
  [
    'an unknown kind of change',
    (bytes): void => void (bytes[changeAt(bytes) + KEYSPACE_CHANGE_OFFSET_KIND] = 3),
  ],
  [
    'the creation of a keyspace that is not there',
    (bytes): void => void (bytes[changeAt(bytes) + KEYSPACE_CHANGE_OFFSET_KIND] = 1),
  ],
  ['the removal of a keyspace that is there', (bytes): void => void (bytes[changeAt(bytes)] = 7)],
  ['the removal of a keyspace that never existed', (bytes): void => void (bytes[changeAt(bytes)] = 9)],
  [
    'a reserved field of a change that is set',
    (bytes): void => void (bytes[changeAt(bytes) + KEYSPACE_CHANGE_OFFSET_RESERVED] = 1),
  ],
  [
    'a name of a change that ends before the file',
    (bytes): void => void (bytes[changeAt(bytes) + KEYSPACE_CHANGE_OFFSET_NAME_BYTES] = 3),
  ],
  ['a name that is not UTF-8', (bytes): void => void (bytes[RECORD + KEYSPACE_RECORD_BYTES] = 0xff)],
]

function repairChecksum(bytes: Uint8Array): void {
  const hash = new Int32Array(2)
  xxHash64(bytes, CATALOG_OFFSET_FILE_BYTES, bytes.length, SEED_ZERO, hash)
  bytes.set(new Uint8Array(hash.buffer), CATALOG_OFFSET_BODY_CHECKSUM)
}

function expectCode(decode: () => unknown, code: LdbErrorCode): void {
  let caught: unknown
  try {
    decode()
  } catch (error) {
    caught = error
  }
  expect(isLdbError(caught, code), String(caught)).toBe(true)
}

function expectCorrupt(decode: () => unknown, what: string): void {
  try {
    decode()
  } catch (error) {
    expect(isLdbError(error), what).toBe(true)
    expect(['LDB_CORRUPTION', 'LDB_FORMAT'], what).toContain((error as { code: string }).code)
    return
  }
  throw new Error(`${what} was not detected`)
}

describe('the catalog', () => {
  it('decodes to what was encoded', () => {
    expect(decodeCatalog(encodeCatalog(EXAMPLE), 'CATALOG')).toEqual(EXAMPLE)
    fc.assert(
      fc.property(catalogs, (catalog) => {
        expect(decodeCatalog(encodeCatalog(catalog), 'CATALOG')).toEqual(catalog)
      }),
    )
  })

  it.each([0, 256, 65_536, 4097])('refuses the invalid page size %i', (pageBytes) => {
    const bytes = encodeCatalog({ ...EXAMPLE, pageBytes })
    expectCode(() => decodeCatalog(bytes, 'CATALOG'), 'LDB_CORRUPTION')
  })

  it.each([
    ['unknown engine', KEYSPACE_OFFSET_ENGINE, 99, 'LDB_FORMAT', /engine 99/],
    ...(ZSTD_CODEC === undefined
      ? ([
          ['compression of another platform', KEYSPACE_OFFSET_COMPRESSION, 3, 'LDB_UNSUPPORTED', /zstd/],
        ] as const)
      : []),
    ['unknown compression', KEYSPACE_OFFSET_COMPRESSION, 99, 'LDB_FORMAT', /compression 99/],
  ] as const)('refuses an %s as unsupported, not as corrupt', (_, offset, number, code, message) => {
    const bytes = encodeCatalog(EXAMPLE)
    bytes[RECORD + offset] = number
    repairChecksum(bytes)
    expectCode(() => decodeCatalog(bytes, 'CATALOG'), code)
    expect(() => decodeCatalog(bytes, 'CATALOG')).toThrow(message)
  })

  it('refuses an encrypted catalog as unsupported, not as corrupt', () => {
    for (const offset of [CATALOG_OFFSET_SUITE, CATALOG_OFFSET_DATA_KEY_ID]) {
      const bytes = encodeCatalog(EXAMPLE)
      bytes[offset] = 1
      repairChecksum(bytes)
      expectCode(() => decodeCatalog(bytes, 'CATALOG'), 'LDB_UNSUPPORTED')
    }
  })

  it('refuses older and newer formats before it checks the rest', () => {
    for (const format of [1, 2, CATALOG_FORMAT + 1]) {
      const bytes = encodeCatalog(EXAMPLE)
      bytes.set(encodeFileHeader({ kind: CATALOG_KIND, format, minimumReader: format, flags: 0 }))
      expectCode(() => decodeCatalog(bytes, 'CATALOG'), 'LDB_FORMAT')
    }
  })

  it.each(WRONG)('refuses %s, with a valid checksum', (_, change) => {
    const bytes = encodeCatalog(EXAMPLE)
    change(bytes)
    repairChecksum(bytes)
    expectCorrupt(() => decodeCatalog(bytes, 'CATALOG'), 'it')
  })

  it('detects every truncation and every flipped bit', () => {
    const bytes = encodeCatalog(EXAMPLE)
    for (let length = 0; length < bytes.length; length++) {
      expectCorrupt(() => decodeCatalog(bytes.slice(0, length), 'CATALOG'), `a truncation at ${length}`)
    }
    expectCorrupt(() => decodeCatalog(Uint8Array.of(...bytes, 0), 'CATALOG'), 'an additional byte')
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = bytes.slice()
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expectCorrupt(() => decodeCatalog(flipped, 'CATALOG'), `flipped bit ${bit}`)
    }
  })
})

describe('the checkpoint record', () => {
  const idOf = (first: number): Uint8Array => Uint8Array.from({ length: 16 }, (_, index) => first + index)
  const record = {
    seq: 2 ** 45,
    catalog: { generation: 7, logSegmentId: idOf(3) },
    stores: new Map([
      [1, { durableSeq: 2 ** 44, segmentId: idOf(50) }],
      [4, { durableSeq: 0, segmentId: idOf(90) }],
    ]),
  }

  it('decodes to what was encoded', () => {
    expect(decodeCheckpointRecord(encodeCheckpointRecord(record), 'wal')).toEqual(record)
  })

  it('detects every truncation; the log detects flipped bits', () => {
    const bytes = encodeCheckpointRecord(record)
    for (let length = 0; length < bytes.length; length++) {
      expectCorrupt(() => decodeCheckpointRecord(bytes.slice(0, length), 'wal'), `a cut at ${length}`)
    }
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = bytes.slice()
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      try {
        decodeCheckpointRecord(flipped, 'wal')
      } catch (error) {
        expect(isLdbError(error, 'LDB_CORRUPTION')).toBe(true)
      }
    }
  })
})

describe('the catalog record', () => {
  it('decodes to what was encoded, and has a fixed length', () => {
    const version = { generation: 2 ** 45, logSegmentId: new Uint8Array(16).fill(9) }
    expect(decodeCatalogRecord(encodeCatalogRecord(version), 'wal')).toEqual(version)
    for (const length of [0, 8, 23, 25]) {
      expectCorrupt(() => decodeCatalogRecord(new Uint8Array(length), 'wal'), `${length} bytes`)
    }
  })
})
