import { Buffer } from 'node:buffer'
import { decodeUtf8, encodeUtf8, tupleKeys } from '@ldb/base'
import type { TupleElement } from '@ldb/base'
import { CommandExit, ExitCode } from '../terminal/exit-code.js'

/** How keys and values are written in arguments and output. */
export const FORMATS = ['text', 'hex', 'base64', 'json'] as const
export type DataFormat = (typeof FORMATS)[number]

/** Returns the format that shows the data of a stored encoding without loss. */
export function formatOf(encoding: string): DataFormat {
  if (encoding === 'utf8') return 'text'
  return encoding === 'tuple' || encoding === 'json' ? 'json' : 'hex'
}

/** Returns the stored bytes of a text in a format. JSON is a tuple for keys of that encoding, and a JSON document for values. */
export function parseData(text: string, format: DataFormat, encoding: string): Uint8Array {
  switch (format) {
    case 'text':
      return encodeUtf8(text)
    case 'hex':
      if (!/^(?:[0-9a-fA-F]{2})*$/.test(text))
        throw new CommandExit(ExitCode.usage, `not hexadecimal: ${text}`)
      return Uint8Array.from(Buffer.from(text, 'hex'))
    case 'base64':
      if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new CommandExit(ExitCode.usage, `not base64: ${text}`)
      return Uint8Array.from(Buffer.from(text, 'base64'))
    case 'json':
      return encoding === 'tuple'
        ? tupleKeys.encode(parseTuple(text))
        : encodeUtf8(JSON.stringify(parseJson(text)))
  }
}

/** Returns stored bytes as a text in a format. */
export function formatData(bytes: Uint8Array, format: DataFormat, encoding: string): string {
  switch (format) {
    case 'text':
      return decodeUtf8(bytes)
    case 'hex':
      return Buffer.from(bytes).toString('hex')
    case 'base64':
      return Buffer.from(bytes).toString('base64')
    case 'json':
      return encoding === 'tuple' ? JSON.stringify(tupleKeys.decode(bytes), jsonElement) : decodeUtf8(bytes)
  }
}

function parseTuple(text: string): readonly TupleElement[] {
  const value = parseJson(text)
  if (Array.isArray(value)) return value as TupleElement[]
  throw new CommandExit(ExitCode.usage, `a tuple is a JSON array: ${text}`)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new CommandExit(ExitCode.usage, `not JSON: ${text}`)
  }
}

/** Elements that JSON has no form for are shown, and cannot be read back. */
function jsonElement(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value
}
