import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import * as format from './format.js'

/** Returns the tables of FORMAT.md by heading: field name → [offset, size]. */
function tablesOf(markdown: string): Map<string, Map<string, [number, number]>> {
  const tables = new Map<string, Map<string, [number, number]>>()
  let heading = ''
  for (const line of markdown.split('\n')) {
    if (line.startsWith('## ')) heading = line.slice(3)
    const cells = line.split('|').map((cell) => cell.trim())
    if (cells.length < 7 || !/^\d+$/.test(cells[1]!)) continue
    const table = tables.get(heading) ?? new Map<string, [number, number]>()
    table.set(cells[4]!, [Number(cells[1]), Number(cells[2])])
    tables.set(heading, table)
  }
  return tables
}

const constants = format as unknown as Record<string, number>
const tables = tablesOf(readFileSync(new URL('../FORMAT.md', import.meta.url), 'utf8'))

for (const [heading, prefix, totalBytes] of [
  ['File header', 'HEADER', format.HEADER_BYTES],
  ['Index entry', 'INDEX', format.INDEX_ENTRY_BYTES],
  ['Record', 'RECORD', format.RECORD_HEADER_BYTES],
  ['Reference', 'REFERENCE', format.REFERENCE_BYTES],
] as const) {
  test(`${heading}: the table in FORMAT.md matches format.ts`, () => {
    const table = tables.get(heading)!
    let end = 0
    for (const [field, [offset, size]] of table) {
      const suffix = field.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
      expect(constants[`${prefix}_${suffix}`] ?? offset, field).toBe(offset)
      expect(offset, field).toBe(end)
      end = offset + size
    }
    expect(end).toBe(totalBytes)
    expect(table.size).toBeGreaterThan(heading === 'Index entry' ? 1 : 7)
  })
}

test('record sizes match FORMAT.md', () => {
  expect(format.CHUNK_BYTES).toBe(1_048_576)
  const sizes = [0, 1, 1_048_576, 1_048_577, 2_097_153].map((bytes) => format.recordBytesOf(3, bytes))
  expect(sizes).toEqual([48, 48, 1_048_624, 1_048_640, 2_097_224])
})
