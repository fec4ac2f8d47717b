import { Buffer } from 'node:buffer'
import type { ByteSource } from './byte-source.js'
import { hexOf64 } from './checksum.js'
import type { DumpLines } from './dump-line.js'

/** A field of fixed offset, as a row of FORMAT.md names it. */
export interface FormatField {
  readonly offset: number
  readonly size: number
  readonly type: string
  readonly name: string
}

/** What is said about a field in place of its plain value, or behind it. */
export type Remarks = Readonly<Record<string, ((value: number) => string) | string>>

/** Bytes that are shown as text when all of them are printable. */
const TEXT_BYTES_MAX = 48

/** Parses the rows of a table: `24 16 bytes segmentId`. A size that is no number counts as 0. */
export function fieldsOf(table: string): FormatField[] {
  return table
    .trim()
    .split('\n')
    .map((row) => {
      const [offset, size, type = '', name = ''] = row.trim().split(' ')
      const count = Number(size)
      return { offset: Number(offset), size: Number.isNaN(count) ? 0 : count, type, name }
    })
}

/** Returns the length of the fixed part of a table, from offset 0 on. */
export function tableBytes(table: string): number {
  return Math.max(...fieldsOf(table).map(({ offset, size }) => offset + size))
}

/**
 * Yields the fields of a structure.
 *
 * @param at - file offset to which the offsets of the table are relative.
 * @param remarks - by the names of fields.
 * @param end - a field from this offset of the table on is left out.
 */
export function* dumpTable(
  source: ByteSource,
  table: string,
  at: number,
  remarks: Remarks = {},
  end: number = Infinity,
): DumpLines {
  for (const { offset, size, type, name } of fieldsOf(table)) {
    if (size === 0 || offset >= end) continue
    const bytes = source.read(at + offset, size)
    if (bytes.length < size) {
      yield { note: `DAMAGED: ${source.name} ends within ${name}, at ${source.byteCount}` }
      return
    }
    const number = type === 'bytes' ? Number.NaN : numberOf(bytes)
    const remark = Object.hasOwn(remarks, name) ? remarks[name] : undefined
    const said = typeof remark === 'function' ? remark(number) : remark
    const plain = valueOf(bytes, type, name)
    yield { offset: at + offset, bytes, field: name, value: said === undefined ? plain : `${plain}  ${said}` }
  }
}

/** Reads the fields of a structure as numbers, by their names; `undefined` when the source ends within it. */
export function readTable(
  source: ByteSource,
  table: string,
  at: number,
): Readonly<Record<string, number>> | undefined {
  const fields = fieldsOf(table)
  const values: Record<string, number> = {}
  for (const { offset, size, type, name } of fields) {
    const bytes = source.read(at + offset, size)
    if (bytes.length < size) return undefined
    if (type !== 'bytes') values[name] = numberOf(bytes)
  }
  return values
}

/** Returns a little-endian number of up to 8 bytes; above 2^53 it is rounded. */
export function numberOf(bytes: Uint8Array): number {
  return Number(bigintOf(bytes))
}

/** Returns a little-endian number of up to 8 bytes. */
export function bigintOf(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => value * 256n + BigInt(byte), 0n)
}

/** Returns bytes as a quoted text where all of them are printable, and otherwise in hexadecimal digits. */
export function shown(bytes: Uint8Array): string {
  if (bytes.length === 0) return '(empty)'
  const start = bytes.subarray(0, TEXT_BYTES_MAX)
  const more = bytes.length > start.length ? '…' : ''
  const text = Buffer.from(start).toString('utf8')
  // oxlint-disable-next-line no-control-regex -- control characters are what makes bytes no text
  if (!/[\u0000-\u001F\u007F-\u009F\uFFFD]/.test(text)) return `${JSON.stringify(text)}${more}`
  return `${Buffer.from(start).toString('hex')}${more}`
}

function valueOf(bytes: Uint8Array, type: string, name: string): string {
  if (/checksum/i.test(name)) return hexOf64(bigintOf(bytes))
  if (type !== 'bytes') return String(bigintOf(bytes))
  return bytes.every((byte) => byte === 0) ? 'zeros' : Buffer.from(bytes.subarray(0, 16)).toString('hex')
}
