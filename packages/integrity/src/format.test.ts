import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { CodecId } from './codec.js'
import * as format from './format.js'
import { UnitKind } from './unit-codec.js'

const text = readFileSync(new URL('../FORMAT.md', import.meta.url), 'utf8')

/** Returns the rows of the table below a heading, without the header and separator rows. */
function tableBelow(heading: string): string[][] {
  const section = text.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('|') && !/^\|\s*-/.test(line))
  return rows.slice(1).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

const SIZE_OF: Record<string, number> = { u8: 1, u16: 2, u32: 4, u64: 8, bytes: 8 }

/** Returns the constant of a field: `minimumReader` is `FILE_HEADER_MINIMUM_READER_OFFSET`. */
function constantName(prefix: string, field: string): string {
  return `${prefix}_${field.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}_OFFSET`
}

test('the file header constants match the table in FORMAT.md', () => {
  const rows = tableBelow('File header')
  expect(rows).toHaveLength(5)
  const constants = format as unknown as Record<string, number>
  let end = 0
  for (const [offset, size, type, field] of rows) {
    const constant = constants[constantName('FILE_HEADER', field!)]
    expect({ field, offset: Number(offset), size: Number(size), constant }).toEqual({
      field,
      offset: end,
      size: SIZE_OF[type!],
      constant: end,
    })
    end += Number(size)
  }
  expect(end).toBe(format.FILE_HEADER_BYTES)
})

test('the constants of the trailer of a unit match the table in FORMAT.md', () => {
  const constants = format as unknown as Record<string, number>
  let end = 0
  for (const [offset, size, , field] of tableBelow('Unit trailer')) {
    const constant = constants[constantName('UNIT_TRAILER', field!)]
    expect({ field, offset: Number(offset), constant }).toEqual({ field, offset: end, constant: end })
    end += Number(size)
  }
  expect(end).toBe(format.UNIT_TRAILER_BYTES)
})

test('the codec ids match the table in FORMAT.md', () => {
  const builtIn = tableBelow('Codecs').filter(([id]) => /^\d+$/.test(id!))
  const named = Object.entries(CodecId).map(([name, id]) => [String(id), name.toLowerCase()])
  expect(builtIn.map(([id, name]) => [id, name])).toEqual(named)
})

test('the kinds of units match the table in FORMAT.md', () => {
  const kinds = tableBelow('Kinds of units').map(([kind]) => Number(kind))
  const plain = [UnitKind.SegmentHeader, UnitKind.SegmentSeal]
  expect([...new Set([...kinds, ...plain])].sort((a, b) => a - b)).toEqual(Object.values(UnitKind))
})
