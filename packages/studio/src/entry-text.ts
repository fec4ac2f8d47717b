import { Buffer } from 'node:buffer'
import { decodeUtf8, encodeUtf8, tupleKeys } from '@ldb/base'
import type { TupleElement } from '@ldb/base'
import { RequestError } from './session.js'

const BOUND_CHARACTERS = 80

/** Returns the text in which a key of an encoding is shown: JSON for tuples, hexadecimal for bytes. */
export function keyText(key: Uint8Array, encoding: string): string {
  if (encoding === 'utf8') return decodeUtf8(key)
  if (encoding === 'tuple') return JSON.stringify(tupleKeys.decode(key), jsonElement)
  return Buffer.from(key).toString('hex')
}

/** Returns the bytes of a key that was typed in that form. */
export function keyBytes(text: string, encoding: string): Uint8Array {
  if (encoding === 'utf8') return encodeUtf8(text)
  if (encoding === 'tuple') return tupleKeys.encode(parseTuple(text))
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(text)) throw new RequestError(400, 'the key must be hexadecimal')
  return Uint8Array.from(Buffer.from(text, 'hex'))
}

/** Returns the text of a bound of a range, which may be the key of no entry; `undefined` when the range is open. */
export function boundText(bound: Uint8Array | undefined, encoding: string): string | undefined {
  if (bound === undefined) return undefined
  try {
    return shortened(encoding === 'utf8' ? new TextDecoder().decode(bound) : keyText(bound, encoding))
  } catch {
    // The beginning of a tuple.
    return shortened(Buffer.from(bound).toString('hex'))
  }
}

function shortened(text: string): string {
  return text.length <= BOUND_CHARACTERS ? text : `${text.slice(0, BOUND_CHARACTERS)}…`
}

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
}

export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'base64'))
}

function parseTuple(text: string): readonly TupleElement[] {
  try {
    const value: unknown = JSON.parse(text)
    if (Array.isArray(value)) return value as TupleElement[]
  } catch {
    // Reported below, like any text that is no array.
  }
  throw new RequestError(400, 'the key must be a JSON array')
}

function jsonElement(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value
}
