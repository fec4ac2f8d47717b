// FORMAT.md is normative; the constants must match its tables.
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import {
  SECTION_HEADER_BYTES,
  SECTION_KEYSPACE_ID_OFFSET,
  SECTION_OPERATION_BYTES_OFFSET,
  SECTION_OPERATION_COUNT_OFFSET,
} from '../src/batch/format.js'
import {
  ItemCode,
  STRUCTURED_DEPTH_MAX,
  STRUCTURED_VERSION,
  VIEW_KINDS,
} from '../src/structured/structured-format.js'
import { OperationKind, TupleCode, TUPLE_DEPTH_MAX, tupleKeys } from '../src/index.js'

const text = readFileSync(new URL('../FORMAT.md', import.meta.url), 'utf8')

// Returns the rows of the first table below a heading, without its header.
function tableBelow(heading: string): string[][] {
  const lines = text.slice(text.indexOf(`\n## ${heading}\n`) + 1).split('\n')
  const first = lines.findIndex((line) => line.startsWith('|'))
  const rows: string[][] = []
  for (let i = first + 2; lines[i]?.startsWith('|') === true; i++) {
    rows.push(
      (lines[i] ?? '')
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
  }
  expect(rows.length).toBeGreaterThan(0)
  return rows
}

it('documents the fields of the section header', () => {
  const rows = tableBelow('Section header')
  expect(rows.map(([offset, , , field]) => [field, Number(offset)])).toEqual([
    ['keyspaceId', SECTION_KEYSPACE_ID_OFFSET],
    ['operationCount', SECTION_OPERATION_COUNT_OFFSET],
    ['operationBytes', SECTION_OPERATION_BYTES_OFFSET],
  ])
  let end = 0
  for (const [offset, size, type] of rows) {
    expect(Number(offset)).toBe(end)
    expect(type).toBe(`u${Number(size) * 8}`)
    end += Number(size)
  }
  expect(end).toBe(SECTION_HEADER_BYTES)
})

it('documents the operation kinds', () => {
  const kinds = Object.fromEntries(tableBelow('Operations').map(([kind, name]) => [name, Number(kind)]))
  expect(kinds).toEqual(OperationKind)
})

it('documents the tuple codes in order', () => {
  const rows = tableBelow('Codes').map(([code, name]) => [name, Number(code)] as const)
  expect(Object.fromEntries(rows)).toEqual(TupleCode)
  const codes = rows.map(([, code]) => code)
  expect(codes).toEqual([...codes].sort((a, b) => a - b))
  expect(text).toContain(`Arrays nest up to ${TUPLE_DEPTH_MAX} deep`)
})

it('documents an example tuple', () => {
  const start = text.indexOf('```\n', text.indexOf("`['US', 5, [1n]]`")) + 4
  const lines = text.slice(start, text.indexOf('```', start)).trim().split('\n')
  const shown = lines.map((line) => line.split('   ')[0]?.replaceAll(' ', '')).join('')
  expect(Buffer.from(tupleKeys.encode(['US', 5, [1n]])).toString('hex')).toBe(shown)
})

it('documents the codes of structured values', () => {
  const codes = tableBelow('Item codes').map(([code, name]) => [name, Number(code)])
  expect(Object.fromEntries(codes)).toEqual(ItemCode)
  const kinds = tableBelow('View kinds').map(([kind, name, elementBytes]) =>
    [kind, name, elementBytes].map(String),
  )
  expect(kinds.map(([kind, name, elementBytes]) => [Number(kind), name, Number(elementBytes)])).toEqual(
    VIEW_KINDS.map(({ kind, name, elementBytes }) => [kind, name, elementBytes]),
  )
  expect(text).toContain(`Items nest up to ${STRUCTURED_DEPTH_MAX} deep`)
  expect(text).toContain(`the version, one byte, 0${STRUCTURED_VERSION},`)
})
