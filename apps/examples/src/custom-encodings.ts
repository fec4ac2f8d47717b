// Encodings of your own: an object with a name, which the catalog stores, and two functions.
import type { ValueEncoding } from '@ldb/core'
import { Packr } from 'msgpackr'
import superjson from 'superjson'

// Records describe their names in each value, so that a value can be read alone, and maps are not objects.
const packr = new Packr({ useRecords: true, moreTypes: true })

/** Values of MessagePack: shorter than JSON, with bytes, dates, maps and sets. */
export function messagePack<V>(): ValueEncoding<V> {
  return {
    name: 'msgpackr',
    encode: (value) => packr.pack(value),
    decode: (bytes): V => packr.unpack(bytes),
  }
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** JSON with the types that it lacks: dates, maps, sets, `bigint`, `undefined`, regular expressions. */
export function superJson<V>(): ValueEncoding<V> {
  return {
    name: 'superjson',
    encode: (value) => encoder.encode(superjson.stringify(value)),
    decode: (bytes): V => superjson.parse<V>(decoder.decode(bytes)),
  }
}
