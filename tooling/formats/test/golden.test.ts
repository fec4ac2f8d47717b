// Reads the golden files of all packages. The suites of the packages compare the same expected.json with the engine.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readBlobFile, readReferenced } from '../src/blob/blob-file.js'
import { hexOf } from '../src/bytes/byte-view.js'
import { readDatabase } from '../src/database/database.js'
import { readLock } from '../src/database/lock.js'
import { describeDatabase, describeStore, describeTree } from '../src/describe.js'
import { readLog } from '../src/log/log.js'
import { readStore } from '../src/lsm/store.js'
import { readTree } from '../src/tree/tree.js'
import { pathOf, readBytes, readFiles, TIMES } from './golden-files.js'

const WAL = 'packages/wal/test/fixtures'
const BTREE = 'packages/btree/test/fixtures'
const BLOB = 'packages/blob/test/fixtures'
const LSM = 'packages/lsm/test/fixtures'
const CORE = 'packages/core/test/fixtures'
const VFS = 'packages/vfs/test/fixtures'

function textOf(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

describe('golden logs', () => {
  test.each([
    ['closed', true, 0],
    ['left-open', false, 0],
    ['skippable', true, 3],
  ] as const)('%s', (name, isClosed, skippedCount) => {
    const log = readLog(readFiles(`${WAL}/v3/${name}`))
    const records = log.records.map(({ lsn, type, seq, payload }) => ({
      lsn,
      type,
      seq,
      payload: hexOf(payload),
    }))
    const owned = records.filter(({ type }) => type <= 3)
    expect(owned).toEqual(JSON.parse(readFileSync(pathOf(`${WAL}/v3-${name}-records.json`), 'utf8')))
    expect(records.length - owned.length).toBe(skippedCount)
    expect(log.isClosed).toBe(isClosed)
  })

  test('a log that is cut anywhere ends earlier, or has lost a synced record', () => {
    const files = readFiles(`${WAL}/v3/left-open`)
    const name = '0000000004.wal'
    const newest = files.get(name) ?? new Uint8Array()
    const whole = readLog(files)
    const syncedBytes = 8192 + whole.syncedLsn - (whole.segments.at(-1)?.baseLsn ?? 0)
    for (let length = 8192; length < newest.length; length += 1) {
      const cut = new Map(files).set(name, newest.subarray(0, length))
      if (length < syncedBytes) {
        expect(() => readLog(cut)).toThrow(expect.objectContaining({ code: 'LDB_CORRUPTION' }))
        continue
      }
      expect(readLog(cut).records).toHaveLength(whole.records.length - 1)
      expect(readLog(cut).endLsn).toBe(whole.syncedLsn)
    }
  })
})

test('the golden blob file', () => {
  const file = readBlobFile(readBytes(`${BLOB}/v1/1.blob`), 1)
  const { references, valueBytes } = JSON.parse(readFileSync(pathOf(`${BLOB}/v1/expected.json`), 'utf8')) as {
    references: string[]
    valueBytes: number[]
  }
  const files = new Map([[1, file]])
  const lengths = references.map((hex) => readReferenced(files, Buffer.from(hex, 'hex')).length)
  expect(lengths).toEqual(valueBytes)
  expect(file.records.map((record) => record.valueBytes)).toEqual(valueBytes)
  expect(file.records.map((record) => record.key.length)).toEqual([0, 1, 2, 3])
})

test('the golden B+tree', async () => {
  const description = textOf(describeTree(readTree(readBytes(`${BTREE}/v4/tree.ldb`))))
  await expect(description).toMatchFileSnapshot(pathOf(`${BTREE}/v4/expected.json`))
})

test.each([
  ['store', 'expected.json', [2]],
  ['loaded', 'expected-loaded.json', [2]],
  ['adaptive', 'expected-adaptive.json', [1]],
] as const)('the golden LSM tree %s', async (folder, expected, codecs) => {
  const store = readStore(readFiles(`${LSM}/v2/${folder}`))
  const used = store.tables.flatMap(({ content }) => [...content.codecs])
  expect([...new Set(used)].filter((codec) => codec !== 0)).toEqual(codecs)
  await expect(textOf(describeStore(store))).toMatchFileSnapshot(pathOf(`${LSM}/v2/${expected}`))
})

test.each([['v6', ['closed', 'left-open', 'compressed', 'dictionary', 'keyspaces']]] as const)(
  'the golden databases %s',
  async (version, names) => {
    const databases = names.map((name) => {
      const database = readDatabase(readFiles(`${CORE}/${version}/${name}`))
      return [name, describeDatabase(database, TIMES)] as const
    })
    const description = textOf(Object.fromEntries(databases))
    await expect(description).toMatchFileSnapshot(pathOf(`${CORE}/${version}/expected.json`))
  },
)

test('the golden LOCK of each version', () => {
  const written = { pid: '12265', host: 'ada', token: '0b6d69196da9b24b45bac1fee8f69b34' }
  const unknown = { directory: '-', filesystem: '-', kernel: '-', mode: '-' }
  for (const path of [`${CORE}/v6/left-open/LOCK`, `${VFS}/v1/LOCK`])
    expect(Object.fromEntries(readLock(readBytes(path)))).toMatchObject({ ...written, ...unknown })
  const known = { directory: '65024:2148321', filesystem: 'ef53', kernel: 'flock', mode: 'exclusive' }
  expect(Object.fromEntries(readLock(readBytes(`${VFS}/v2/LOCK`)))).toMatchObject({ ...written, ...known })
})

test('files of older formats are LDB_FORMAT', () => {
  const refused = expect.objectContaining({ code: 'LDB_FORMAT' })
  expect(() => readLog(readFiles(`${WAL}/v1/closed`))).toThrow(refused)
  expect(() => readLog(readFiles(`${WAL}/v1/left-open`))).toThrow(refused)
  expect(() => readStore(readFiles(`${LSM}/v1/store`))).toThrow(refused)
  for (const version of ['v1', 'v2']) {
    expect(() => readTree(readBytes(`${BTREE}/${version}/tree.ldb`))).toThrow(refused)
    expect(() => readDatabase(readFiles(`${CORE}/${version}/closed`))).toThrow(refused)
  }
})
