import { copyBytes } from '@ldb/base'
import type { KeyEncoding, ValueEncoding } from '@ldb/base'
import type { CopyEncodings } from '@ldb/cluster'

interface Descriptor {
  readonly name: string
  readonly keys: string
  readonly values: string
}

const KEYS = ['utf8', 'binary', 'tuple']
const VALUES = ['utf8', 'binary', 'json']

/** Returns the encodings of keyspaces that are not built in: their bytes are copied as they are, under the same names. */
export function copiedEncodings(descriptors: readonly Descriptor[]): Readonly<Record<string, CopyEncodings>> {
  const custom = descriptors.filter(({ keys, values }) => !KEYS.includes(keys) || !VALUES.includes(values))
  return Object.fromEntries(
    custom.map(({ name, keys, values }) => [
      name,
      {
        ...(!KEYS.includes(keys) && { keys: asBytes(keys) as KeyEncoding<never> }),
        ...(!VALUES.includes(values) && { values: asBytes(values) as ValueEncoding<never> }),
      },
    ]),
  )
}

function asBytes(name: string): KeyEncoding<Uint8Array> & ValueEncoding<Uint8Array> {
  return { name, encode: (bytes) => bytes, decode: (bytes) => copyBytes(bytes) }
}
