import { copyBytes, keyEncoding, valueEncoding } from '@ldb/base'
import type { KeyEncoding, ValueEncoding } from '@ldb/base'
import type { CopyEncodings } from '@ldb/cluster'

interface Descriptor {
  readonly name: string
  readonly keys: string
  readonly values: string
}

/** Returns the encodings of keyspaces that are not built in: their bytes are copied as they are, under the same names. */
export function copiedEncodings(descriptors: readonly Descriptor[]): Readonly<Record<string, CopyEncodings>> {
  return Object.fromEntries(
    descriptors.map(({ name, keys, values }) => [
      name,
      {
        ...(!isBuiltIn(keyEncoding, keys) && { keys: asBytes(keys) as KeyEncoding<never> }),
        ...(!isBuiltIn(valueEncoding, values) && { values: asBytes(values) as ValueEncoding<never> }),
      },
    ]),
  )
}

/** @param encodingOf - throws for a name that is not built in. */
function isBuiltIn(encodingOf: (name: never) => unknown, name: string): boolean {
  try {
    encodingOf(name as never)
    return true
  } catch {
    return false
  }
}

function asBytes(name: string): KeyEncoding<Uint8Array> & ValueEncoding<Uint8Array> {
  return { name, encode: (bytes) => bytes, decode: (bytes) => copyBytes(bytes) }
}
