import { corruption, decodeUtf8, LdbError } from '@ldb/base'
import { EngineNumber, RESERVED_ENGINES } from '../format.js'
import type { EngineName } from './catalog.js'

/** Returns the name of an engine. @throws {@link LdbError} as `storedNameOf`. */
export function engineNameOf(number: number, file: string, offset: number): EngineName {
  return storedNameOf('engine', EngineNumber, RESERVED_ENGINES, number, file, offset)
}

/**
 * Returns the name of an engine or a compression.
 *
 * @throws {@link LdbError} LDB_UNSUPPORTED for a number of another build; LDB_FORMAT for an unknown number.
 */
export function storedNameOf<Name extends string>(
  property: string,
  numbers: Readonly<Record<Name, number>>,
  reserved: Readonly<Record<number, string>>,
  number: number,
  file: string,
  offset: number,
): Name {
  for (const name of Object.keys(numbers) as Name[]) {
    if (numbers[name] === number) return name
  }
  const known = Object.hasOwn(reserved, number) ? reserved[number] : undefined
  throw new LdbError(
    known === undefined ? 'LDB_FORMAT' : 'LDB_UNSUPPORTED',
    `a keyspace has ${property} ${known ?? number}, which this build does not support (${file})`,
    { details: { file, offset, actual: number } },
  )
}

/** Decodes a name of the catalog. @throws {@link LdbError} LDB_CORRUPTION when it is empty or not UTF-8. */
export function decodeName(bytes: Uint8Array, file: string, offset: number): string {
  if (bytes.length === 0) throw corruption(file, offset, 'a name in the catalog is empty')
  try {
    return decodeUtf8(bytes, 0, bytes.length)
  } catch (cause) {
    throw corruption(file, offset, 'a name in the catalog is not UTF-8', { cause })
  }
}
