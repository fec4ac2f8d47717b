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
  const bytes = new Uint8Array(byteCountOf(text))
  Buffer.from(bytes.buffer).write(text.slice(HEX_PREFIX.length), 'hex')
  return bytes
}

/** Returns the values of `bytea`s, all of them parts of one array: an allocation for each costs more than its digits. */
export function bytesOfAll(values: readonly (string | null | undefined)[]): Uint8Array[] {
  let size = 0
  for (const value of values) size += byteCountOf(textOf(value))
  const page = Buffer.allocUnsafeSlow(size)
  let end = 0
  return values.map((value) => {
    const text = textOf(value)
    const start = end
    end += page.write(text.slice(HEX_PREFIX.length), start, 'hex')
    return new Uint8Array(page.buffer, start, end - start)
  })
}

/** Returns the entries of rows of a key and a value. Their bytes are parts of one array. */
export function entriesOf(rows: readonly Row[]): { readonly key: Uint8Array; readonly value: Uint8Array }[] {
  let size = 0
  for (const row of rows) size += byteCountOf(textOf(row[0])) + byteCountOf(textOf(row[1]))
  const page = Buffer.allocUnsafeSlow(size)
  const { buffer } = page
  let end = 0
  return rows.map((row) => {
    const start = end
    end += page.write(textOf(row[0]).slice(HEX_PREFIX.length), end, 'hex')
    const key = new Uint8Array(buffer, start, end - start)
    const middle = end
    end += page.write(textOf(row[1]).slice(HEX_PREFIX.length), end, 'hex')
    return { key, value: new Uint8Array(buffer, middle, end - middle) }
  })
}

/** Returns the text forms of `bytea`s, as {@link Row} has them. */
export function hexOfAll(values: readonly Uint8Array[]): string[] {
  const digits = Buffer.concat(values).toString('hex')
  let end = 0
  return values.map(({ length }) => {
    const start = end
    end += length * 2
    return HEX_PREFIX + digits.slice(start, end)
  })
}

function byteCountOf(text: string): number {
  return (text.length - HEX_PREFIX.length) / 2
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
