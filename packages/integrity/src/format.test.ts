import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { CodecId } from './codec.js'
import * as format from './format.js'

const text = readFileSync(new URL('../FORMAT.md', import.meta.url), 'utf8')

/** Rows of the table below a heading, without its head and its rule. */
function tableBelow(heading: string): string[][] {
  const section = text.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('|') && !line.startsWith('|--'))
  return rows.slice(1).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

const SIZE_OF: Record<string, number> = { u8: 1, u16: 2, u32: 4, u64: 8, bytes: 8 }

/** `minimumReader` of the file header is `FILE_MINIMUM_READER`. */
function constantName(prefix: string, field: string): string {
  return `${prefix}_${field.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
}

test.each([
  ['File header', 'FILE', format.FILE_HEADER_BYTES, 5],
  ['Envelope header', 'ENVELOPE', format.ENVELOPE_HEADER_BYTES, 8],
])('the table of the %s is that of the constants', (heading, prefix, totalBytes, fieldCount) => {
  const rows = tableBelow(heading)
  expect(rows).toHaveLength(fieldCount)
  let end = 0
  for (const [offset, size, type, field] of rows) {
    expect(Number(offset), field).toBe(end)
    expect(Number(size), field).toBe(SIZE_OF[type!])
    expect((format as unknown as Record<string, number>)[constantName(prefix, field!)], field).toBe(end)
    end += Number(size)
  }
  expect(end).toBe(totalBytes)
})

test('the table of the codecs is that of the constants', () => {
  const builtIn = tableBelow('Codecs').filter(([id]) => /^\d+$/.test(id!))
  const named = Object.entries(CodecId).map(([name, id]) => [String(id), name.toLowerCase()])
  expect(builtIn.map(([id, name]) => [id, name])).toEqual(named)
})
