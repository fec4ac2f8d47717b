import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import {
  LOCK_BYTES_MAX,
  LOCK_FIELDS,
  LOCK_FIELDS_SINCE_2,
  LOCK_HEADING,
  LOCK_HEADING_1,
  LOCK_TOKEN_DIGITS,
  LOCK_VALUE_CHARACTERS_MAX,
} from './format.js'
import { decodeLockRecord, encodeLockRecord } from './lock/record.js'

const text = readFileSync(new URL('../FORMAT.md', import.meta.url), 'utf8')

it('matches the constants in FORMAT.md', () => {
  const rows = [...text.matchAll(/^\| (\d+) +\| [^|]* \| (\w+) +\| [^|]* \|$/gm)].map(([, line, field]) => [
    Number(line),
    field,
  ])
  expect(rows).toEqual(LOCK_FIELDS.map((field, index) => [index + 2, field]))
  expect(text).toContain(`The first line is \`${LOCK_HEADING}\``)
  expect(text).toContain(`${LOCK_TOKEN_DIGITS} hexadecimal digits`)
  expect(text).toContain(`1 to ${LOCK_VALUE_CHARACTERS_MAX} characters`)
  expect(text).toContain(`longer than ${LOCK_BYTES_MAX} bytes`)
})

it('decodes and encodes the example in FORMAT.md', () => {
  const example = /```\n(LDB-LOCK[^`]*)```/.exec(text)?.[1] ?? ''
  const record = decodeLockRecord(example)
  expect(record).toMatchObject({ pid: 12265, host: 'ada' })
  if (record !== undefined) expect(encodeLockRecord(record)).toBe(example)
})

it('decodes the example of version 1 in FORMAT.md', () => {
  const example = /```\n(LDB-LOCK 1[^`]*)```/.exec(text)?.[1] ?? ''
  expect(decodeLockRecord(example)).toMatchObject({ pid: 12265, host: 'ada', kernel: '-' })
  expect(text).toContain(`has the first line \`${LOCK_HEADING_1}\``)
  const lines = LOCK_FIELDS_SINCE_2.map((field) => LOCK_FIELDS.indexOf(field) + 2)
  expect(text).toContain(`the fields of lines ${lines[0]} to ${lines.at(-1)}`)
})
