// Annotated hexdumps: the tables are those of the format documents, values are those of the database, damage and encryption are said.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Database } from '@ldb/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BASE_TABLES } from '../src/tables/base.js'
import { BLOB_TABLES } from '../src/tables/blob.js'
import { BTREE_TABLES } from '../src/tables/btree.js'
import { CORE_TABLES } from '../src/tables/core.js'
import { INTEGRITY_TABLES } from '../src/tables/integrity.js'
import { LSM_TABLES } from '../src/tables/lsm.js'
import { WAL_TABLES } from '../src/tables/wal.js'
import { ldb, ldbAll } from './command.js'

let folder: string
let db: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ldb-inspect-'))
  db = join(folder, 'db')
  fill(Database.open(db))
})

afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** Fills both engines, the log, and a blob file. */
function fill(database: Database): void {
  const tables = database.keyspace('tables', { engine: 'lsm', values: 'json' })
  for (let i = 0; i < 500; i++) {
    database.put(`key ${String(i).padStart(4, '0')}`, `value ${i}`, { durability: 'none' })
    tables.put(`t${i}`, { i }, { durability: 'none' })
  }
  database.put('long', 'x'.repeat(5000))
  database.put('large', 'y'.repeat(40_000))
  database.checkpoint()
  database.put('in the log', 'z')
  tables.deleteRange({ prefix: 't1' })
  database.close()
}

function fileOf(root: string, pattern: RegExp): string {
  const found = readdirSync(root, { recursive: true, encoding: 'utf8' }).find((name) => pattern.test(name))
  if (found === undefined) throw new Error(`no file matches ${String(pattern)}`)
  return found
}

/** Returns the tables of a document as this package repeats them. */
function tablesOf(name: string): Record<string, string[]> {
  const text = readFileSync(new URL(`../../${name}/FORMAT.md`, import.meta.url), 'utf8')
  const tables: Record<string, string[]> = {}
  let title = ''
  let rows: string[] | undefined
  for (const line of text.split('\n')) {
    title = /^#+ (.*)$/.exec(line)?.[1] ?? title
    const cells = line.split('|').slice(1, 5)
    const row = cells.map((cell) => cell.trim().replaceAll(/[`,]/g, ''))
    if (row.join() === 'OFFSET,SIZE,TYPE,FIELD') tables[title] = rows = []
    else if (cells.length < 4) rows = undefined
    else if (/^\d+$/.test(row[0] ?? '')) rows?.push(row.join(' '))
  }
  return tables
}

test('the tables are those of the documents', () => {
  const all = {
    base: BASE_TABLES,
    blob: BLOB_TABLES,
    btree: BTREE_TABLES,
    core: CORE_TABLES,
    integrity: INTEGRITY_TABLES,
    lsm: LSM_TABLES,
    wal: WAL_TABLES,
  }
  for (const [name, tables] of Object.entries(all)) {
    const repeated = Object.entries(tables).map(([title, rows]) => [
      title,
      String(rows)
        .trim()
        .split('\n')
        .map((row) => row.trim()),
    ])
    expect(Object.fromEntries(repeated)).toEqual(tablesOf(name))
  }
})

test('a directory is listed, and its files are shown field by field', async () => {
  const list = ldb(['inspect', db])
  expect(list.code).toBe(0)
  for (const [name, kind] of [
    ['CATALOG', 'catalog'],
    ['keyspaces/1/tree.ldb', 'B+tree'],
    ['keyspaces/2/MANIFEST', 'LSM manifest'],
    ['blobs/1.blob', 'blob file'],
  ])
    expect(list.out).toMatch(new RegExp(`^${name} +\\d.* ${String(kind).replace('+', '\\+')} `, 'm'))
  const table = fileOf(db, /\.sst$/)
  const files = ['CATALOG', 'tree.ldb', 'MANIFEST', table, 'blobs/1.blob', fileOf(db, /\.wal$/)]
  const dumps = await ldbAll(files.map((file) => ['inspect', db, '--file', file]))
  for (const { code, out } of dumps) {
    expect(code).toBe(0)
    expect(out).not.toContain('DAMAGED')
    expect(out).toMatch(/^00000000 {2}8c 4c 44/m)
  }
  const [catalog, tree, manifest, units, blob, segment] = dumps.map(({ out }) => out)
  expect(catalog).toMatch(/keyspaceCount +2\n/)
  expect(catalog).toMatch(/ name +"tables"/)
  expect(tree).toMatch(/ entryCount +502\n/)
  expect(tree).toMatch(/page \d+ +leaf, level 0, \d+ slots, epoch \d/)
  expect(tree).toMatch(/page \d+ +overflow extent of \d+ bytes/)
  expect(manifest).toMatch(/ state\n/)
  expect(units).toMatch(/ data +\d+ bytes by lz4\n/)
  expect(units).toMatch(/ footer\n$/)
  expect(blob).toMatch(/ record +value of \d+ bytes\n$/)
  expect(segment).toMatch(/ commit +seq 1004, lsn \d+\n/)
})

test('a page, a block, a record of the log and a value are shown with what they contain', async () => {
  const unitsOf = async (file: string): Promise<{ offset: number; unit: string; detail: string }[]> =>
    ((await ldbAll([['inspect', db, '--file', file, '--json']]))[0]?.out ?? '')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { offset: number; unit: string; detail: string })
      .filter(({ unit }) => unit !== undefined)
  const leaf = (await unitsOf('tree.ldb')).find(({ detail }) => detail.startsWith('leaf'))
  const table = fileOf(db, /\.sst$/)
  const units = await unitsOf(table)
  const manifest = await unitsOf('MANIFEST')
  const commands = [
    ['inspect', db, '--page', String(leaf?.unit.slice('page '.length))],
    ['inspect', db, '--log', '1004'],
    ['inspect', db, '--file', '1.blob', '--offset', '64'],
    ['inspect', db, '--file', 'MANIFEST', '--offset', String(manifest[0]?.offset)],
    ...units.map(({ offset }) => ['inspect', db, '--file', table, '--offset', String(offset)]),
  ]
  const results = await ldbAll(commands)
  expect(results.map(({ code }) => code)).toEqual(commands.map(() => 0))
  expect(results.filter(({ out }) => out.includes('DAMAGED'))).toEqual([])
  const [page, record, blob, state, ...blocks] = results.map(({ out }) => out)
  expect(page).toMatch(/ checksum +[0-9a-f]{16} {2}matches/)
  expect(page).toMatch(/ key +"key 0\d{3}"\n/)
  expect(page).toMatch(/ value +"value \d+"\n/)
  expect(record).toMatch(/ kind +1 {2}put\n/)
  expect(record).toMatch(/ key +"in the log"\n/)
  expect(blob).toMatch(/ value +"y+"…\n/)
  expect(state).toMatch(/ addedCount +\d+\n/)
  expect(blocks.join('')).toMatch(/ rest of the key +"t\d+"\n/)
  for (const part of ['Bloom', 'handle: index', 'probes', 'entries  '].slice(1))
    expect(blocks.join('')).toContain(part)
})

test('damage is said, and the rest is shown', async () => {
  const copy = join(folder, 'damaged')
  fill(Database.open(copy))
  const damage = (file: string, at: number): string => {
    const path = join(copy, file)
    const bytes = readFileSync(path)
    bytes.fill(0xaa, at, at + 4)
    writeFileSync(path, bytes)
    return file
  }
  const table = fileOf(copy, /\.sst$/)
  const segment = fileOf(copy, /\.wal$/)
  const files = [
    damage('CATALOG', 100),
    damage('keyspaces/1/tree.ldb', 3),
    damage('keyspaces/2/MANIFEST', 80),
    damage(table, 70),
    damage('blobs/1.blob', 80),
    damage(segment, 8192),
  ]
  const [list, ...dumps] = await ldbAll([
    ['inspect', copy],
    ...files.map((file) => ['inspect', copy, '--file', file]),
  ])
  expect(list).toMatchObject({ code: 0, out: expect.stringMatching(/tree\.ldb .*DAMAGED header/) })
  for (const { code, out } of dumps) expect([code, /DAMAGED|torn/.test(out)]).toEqual([0, true])
  // The other meta blocks and the pages are found without the first one.
  expect(dumps[1]?.out).toMatch(/page \d+ +leaf/)
})

test('backups, archives and foreign files are shown; errors have their exit codes', async () => {
  const backup = join(folder, 'backup')
  const database = Database.open(db)
  database.backup(backup)
  database.close()
  const stranger = join(folder, 'stranger')
  writeFileSync(stranger, 'text\n')
  const results = await ldbAll([
    ['inspect', backup],
    ['inspect', backup, '--file', 'BACKUP'],
    ['inspect', stranger],
    ['inspect', join(folder, 'nothing')],
    ['inspect', db, '--file', 'nothing'],
    ['inspect', db, '--offset', '1'],
    ['inspect', db, '--file', 'CATALOG', '--page', '1'],
    ['inspect', db, '--page', 'x'],
    ['inspect', db, '--log', '999999'],
    ['inspect', db, '--page', '100000'],
    ['inspect', db, '--file', fileOf(db, /\.sst$/), '--offset', '65'],
  ])
  expect(results.map(({ code }) => code)).toEqual([0, 0, 0, 3, 3, 2, 2, 2, 3, 0, 0])
  expect(results[1]?.out).toMatch(/ bodyChecksum +[0-9a-f]{16} {2}matches/)
  expect(results[1]?.out).toMatch(/ role +1 {2}catalog/)
  expect(results[2]?.out).toContain('is no file of a known kind')
})
