import { readFileSync } from 'node:fs'
import { firstPageNumber, META_BLOCK_BYTES, META_COPY_BLOCK, META_STRIDE, PageKind } from '../src/format.js'

const BLOCKS: readonly (readonly [number, string])[] = [
  [0, 'A'],
  [1, 'B'],
  [2, 'spare'],
  [META_COPY_BLOCK, 'copy'],
]

/** A field of a table in FORMAT.md. */
interface Field {
  readonly offset: number
  readonly size: number
  readonly name: string
}

const FORMAT = readFileSync(new URL('../FORMAT.md', import.meta.url), 'utf8')
const KIND_NAMES = new Map(Object.entries(PageKind).map(([name, kind]) => [kind as number, name]))

/** Parses the table below a heading of FORMAT.md. */
function fieldsOf(heading: string): Field[] {
  const [section = ''] = FORMAT.split(`## ${heading}\n`)[1]?.split('\n## ') ?? []
  return section
    .split('\n')
    .filter((line) => /^\| \d/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, offset, size, , name = '']) => ({ offset: Number(offset), size: Number(size), name }))
}

/** Formats bytes as lines of hex and text. Skips lines of zeros. */
function rows(bytes: Uint8Array, start: number, end: number): string[] {
  const lines: string[] = []
  for (let at = start; at < end; at += 16) {
    const row = bytes.subarray(at, Math.min(end, at + 16))
    if (row.every((byte) => byte === 0)) continue
    const hex = Array.from(row, (byte) => byte.toString(16).padStart(2, '0')).join(' ')
    const text = Array.from(row, (byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join(
      '',
    )
    lines.push(`${at.toString(16).padStart(6, '0')}  ${hex.padEnd(48)} ${text}`)
  }
  return lines
}

function formatFields(bytes: Uint8Array, base: number, fields: readonly Field[]): string[] {
  return fields
    .filter(({ size }) => size > 0)
    .flatMap(({ offset, size, name }) => [`  ${name}`, ...rows(bytes, base + offset, base + offset + size)])
}

/**
 * Formats the beginning of a tree's file: the meta blocks, then pages with the fields of their headers. Skips lines of zeros.
 *
 * @param pageCount - pages to format, from the first one after the meta blocks on.
 */
export function formatFile(bytes: Uint8Array, pageBytes: number, pageCount: number): string {
  const lines: string[] = []
  for (const [block, name] of BLOCKS) {
    lines.push(`meta block ${name}`, ...formatFields(bytes, block * META_STRIDE, fieldsOf('Meta block')))
    if (block < META_COPY_BLOCK)
      lines.push(...rows(bytes, block * META_STRIDE + META_BLOCK_BYTES, (block + 1) * META_STRIDE))
  }
  const firstPage = firstPageNumber(pageBytes)
  for (let page = firstPage; page < firstPage + pageCount; page += 1) {
    const start = page * pageBytes
    const kind = KIND_NAMES.get(bytes[start + 12] ?? 0) ?? 'continuation'
    const heading = kind === 'Extent' ? 'Overflow extent' : 'Page header'
    const fields = kind === 'continuation' ? [] : fieldsOf(heading)
    lines.push(`page ${page}: ${kind}`, ...formatFields(bytes, start, fields))
    lines.push('  content', ...rows(bytes, start + (kind === 'continuation' ? 0 : 32), start + pageBytes))
  }
  return `${lines.join('\n')}\n`
}
