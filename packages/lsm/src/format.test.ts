import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import * as format from './format.js'

const text = readFileSync(new URL('../FORMAT.md', import.meta.url), 'utf8')
const constants = format as unknown as Readonly<Record<string, number>>

/** Returns the rows of the tables of FORMAT.md that begin with an offset, by the heading of their section. */
function tables(): Map<string, string[][]> {
  const found = new Map<string, string[][]>()
  for (const section of text.split(/^## /m).slice(1)) {
    const rows = section
      .split('\n')
      .filter((line) => /^\| \d+ +\| \d+ +\| [a-z]/.test(line))
      .map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      )
    if (rows.length > 0) found.set(section.split('\n')[0]!, rows)
  }
  return found
}

/** `Header`, `fileId` → `HEADER_FILE_ID_OFFSET`. */
function constantName(heading: string, field: string): string {
  const words = `${heading}_${field.replaceAll('`', '').replace(/[A-Z]/g, (letter) => `_${letter}`)}`
  return `${words.toUpperCase()}_OFFSET`
}

const SIZE_OF: Readonly<Record<string, number>> = { u8: 1, u32: 4, u64: 8 }
/** Constants that hold the total size of a table. */
const TOTAL_OF: Readonly<Record<string, string>> = {
  Header: 'HEADER_BYTES',
  Trailer: 'TRAILER_BYTES',
  Handle: 'HANDLE_BYTES',
  Filter: 'FILTER_HEADER_BYTES',
  Properties: 'PROPERTIES_PAYLOAD_BYTES',
  Footer: 'FOOTER_PAYLOAD_BYTES',
  Record: 'RECORD_HEADER_BYTES',
  State: 'STATE_HEADER_BYTES',
  Table: 'TABLE_RECORD_BYTES',
}

test('FORMAT.md has a table for each structure', () => {
  expect([...tables().keys()].sort()).toEqual([...Object.keys(TOTAL_OF), 'Block'].sort())
})

test.each([...tables()])('the table %s agrees with the constants', (heading, rows) => {
  let end = Number(rows[0]![0])
  for (const [offset, size, type, field] of rows) {
    const constant = constants[constantName(heading, field!)]
    expect({ field, offset: Number(offset), constant }).toEqual({ field, offset: end, constant: end })
    if (type !== 'bytes') expect({ field, size: Number(size) }).toEqual({ field, size: SIZE_OF[type!] })
    end += Number(size)
  }
  const total = TOTAL_OF[heading]
  if (total !== undefined) expect(constants[total]).toBe(end)
})

test('FORMAT.md contains every offset', () => {
  const named = new Set(
    [...tables()].flatMap(([heading, rows]) => rows.map((row) => constantName(heading, row[3]!))),
  )
  const missing = Object.keys(constants).filter((name) => name.endsWith('_OFFSET') && !named.has(name))
  expect(missing).toEqual([])
})

test('the prose of FORMAT.md agrees with the constants', () => {
  expect(text).toContain(
    `kind \`${format.TABLE_KIND}\` for a table and \`${format.MANIFEST_KIND}\` for a manifest`,
  )
  expect(text).toContain(`version of the format, ${format.FORMAT_VERSION},`)
  expect(text).toContain('1 data, 2 index, 3 filter, 4 tombstones, 5 properties, 6 footer')
  expect(format.UnitContent).toEqual({
    Data: 1,
    Index: 2,
    Filter: 3,
    Tombstones: 4,
    Properties: 5,
    Footer: 6,
  })
  expect(text).toContain('kind (u8): 1 put, 2 delete')
  expect(format.EntryKind).toEqual({ Put: 1, Delete: 2 })
  expect(text).toContain('1 state, the first record; 2 edit, all others')
  expect(format.RecordType).toEqual({ State: 1, Edit: 2 })
  expect([format.SLOT_BYTES, format.FILTER_LINE_BYTES, format.LEVEL_COUNT]).toEqual([8, 64, 7])
  expect([format.NO_UPPER_BOUND, format.RECORD_ALIGNMENT]).toEqual([2 ** 32 - 1, 8])
})
