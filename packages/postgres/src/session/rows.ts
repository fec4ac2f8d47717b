/**
 * Values of one row, in text form; `null` for null.
 *
 * @remarks `pg` decodes every value as UTF-8, which loses bytes of the binary form. Bytes arrive in hexadecimal digits.
 */
export type Row = readonly (string | null)[]

const HEX_PREFIX = '\\x'

/** Returns an `int8` of a row. */
export function int8Of(value: string | null | undefined): number {
  return Number(textOf(value))
}

/** Returns a `boolean` of a row. */
export function booleanOf(value: string | null | undefined): boolean {
  return textOf(value) === 't'
}

/** Returns a value of a row that the query never makes null. */
export function textOf(value: string | null | undefined): string {
  if (value === null || value === undefined) throw new TypeError('the row lacks a value')
  return value
}

/** Returns a `bytea` of a row as plain bytes, which belong to the caller. */
export function bytesOf(value: string | null | undefined): Uint8Array {
  const text = textOf(value)
  const bytes = new Uint8Array((text.length - HEX_PREFIX.length) / 2)
  Buffer.from(bytes.buffer).write(text.slice(HEX_PREFIX.length), 'hex')
  return bytes
}

/** Returns the text form of a `bytea`, as {@link Row} has it. */
export function hexOf(bytes: Uint8Array): string {
  return HEX_PREFIX + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}

/** Returns the elements of a `bytea[]`, none of which is null. */
export function byteArraysOf(value: string | null | undefined): Uint8Array[] {
  // {"\\x00","\\x01"}
  return elementsOf(value).map((element) => bytesOf(element.slice(2, -1)))
}

/** Returns the elements of an `int8[]`. */
export function int8sOf(value: string | null | undefined): number[] {
  return elementsOf(value).map(Number)
}

function elementsOf(value: string | null | undefined): string[] {
  const text = textOf(value)
  return text === '{}' ? [] : text.slice(1, -1).split(',')
}
