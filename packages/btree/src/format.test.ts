import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import * as format from './format.js'

const text = readFileSync(new URL('../FORMAT.md', import.meta.url), 'utf8')
const constants = format as unknown as Readonly<Record<string, number>>

/** Returns the rows of the OFFSET/SIZE/TYPE/FIELD tables of FORMAT.md, by the heading of their section. */
function tables(): Map<string, string[][]> {
  const found = new Map<string, string[][]>()
  for (const section of text.split(/^## /m).slice(1)) {
    const rows = section
      .split('\n')
      .filter((line) => /^\| \d/.test(line))
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

/** `Run reference`, `contentBytes` → `EXTENT_REFERENCE_CONTENT_BYTES_OFFSET`. */
function constantName(heading: string, field: string): string {
  const words = `${heading}_${field.replace(/[A-Z]/g, (letter) => `_${letter}`)}`
  return `${words.replace(/[^A-Za-z0-9]+/g, '_').toUpperCase()}_OFFSET`
}

const SIZE_OF: Readonly<Record<string, number>> = { u8: 1, u16: 2, u32: 4, u64: 8 }
/** Constants that hold the total size of a table; the others end in a field of variable size. */
const TOTAL_OF: Readonly<Record<string, string>> = {
  'Meta block': 'META_BLOCK_BYTES',
  'Page header': 'PAGE_HEADER_BYTES',
  Slot: 'SLOT_BYTES',
  'Extent reference': 'EXTENT_REFERENCE_BYTES',
  'Overflow extent': 'OVERFLOW_EXTENT_BYTES',
}

test('FORMAT.md has the expected tables', () => {
  expect([...tables().keys()].sort()).toEqual([
    'Branch record',
    'Dictionaries',
    'Encoded value',
    'Extent reference',
    'Free-space page',
    'Meta block',
    'Overflow extent',
    'Page header',
    'Slot',
  ])
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

test('FORMAT.md contains every offset constant', () => {
  const named = new Set(
    [...tables()].flatMap(([heading, rows]) => rows.map((row) => constantName(heading, row[3]!))),
  )
  const missing = Object.keys(constants).filter((name) => name.endsWith('_OFFSET') && !named.has(name))
  expect(missing).toEqual([])
})

test('the prose of FORMAT.md agrees with the constants', () => {
  expect(text).toContain(`kind \`${format.FILE_KIND}\``)
  expect(text).toContain(`version of the format, ${format.FORMAT_VERSION}.`)
  expect(text).toContain(`a reader must support, ${format.MINIMUM_READER}.`)
  expect([
    format.FILE_FLAG_ENCRYPTED,
    format.FILE_FLAG_ENCODED_VALUES,
    format.FILE_FLAG_DICTIONARIES,
  ]).toEqual([1, 2, 4])
  expect(text).toContain(`\`${format.DICTIONARIES_MAGIC}\``)
  expect(text).toContain(`number of dictionaries, 1 to ${format.DICTIONARIES_COUNT_MAX} `)
  expect(text).toContain(
    `bytes of the decoded value, at most ${format.ENCODED_VALUE_DECODED_BYTES_MAX.toLocaleString('en')} `,
  )
  expect(text).toContain('1 leaf, 2 branch, 3 overflow extent, 4 free space, 5 mirror of a free-space page')
  expect(format.PageKind).toEqual({ Leaf: 1, Branch: 2, Extent: 3, FreeSpace: 4, FreeSpaceMirror: 5 })
  expect([format.META_REGION_BYTES, format.META_STRIDE, format.PAGE_BYTES_DEFAULT]).toEqual([
    12_288, 4096, 8192,
  ])
  expect(text).toContain('begins at byte 32,768')
  expect([format.META_COPY_POSITION, format.META_COPY_BLOCK, format.DAMAGED_BLOCK_BYTES]).toEqual([
    32_768, 8, 4096,
  ])
  expect(
    [512, 1024, 8192, 32_768].map((pageBytes) => [
      format.metaCopyPage(pageBytes),
      format.metaCopyEnd(pageBytes),
    ]),
  ).toEqual([
    [64, 72],
    [32, 36],
    [4, 5],
    [1, 2],
  ])
  expect([512, 1024, 8192, 32_768].map((pageBytes) => format.firstPageNumber(pageBytes))).toEqual([
    24, 12, 2, 1,
  ])
  expect([0, 480, 481, 992, 993].map((bytes) => format.extentPageCount(bytes, 512))).toEqual([1, 1, 2, 2, 3])
})
