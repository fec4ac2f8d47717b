import { LdbError } from '@ldb/base'
import type { DriverKeyspace } from '../driver/driver-keyspace.js'
import { PROPERTIES_FORMAT } from '../format.js'

/** What is stored with a keyspace (FORMAT.md). */
export interface KeyspaceProperties {
  /** Name of the encoding of its keys. */
  readonly keys: string
  /** Name of the encoding of its values. */
  readonly values: string
}

export function encodeProperties({ keys, values }: KeyspaceProperties): string {
  return JSON.stringify({ format: PROPERTIES_FORMAT, keys, values })
}

/** @throws {@link LdbError} LDB_FORMAT when the properties are not of a known format. */
export function decodeProperties({ name, properties }: DriverKeyspace): KeyspaceProperties {
  let parsed: unknown
  try {
    parsed = JSON.parse(properties)
  } catch (cause) {
    throw new LdbError('LDB_FORMAT', `the properties of keyspace ${JSON.stringify(name)} are not JSON`, {
      cause,
    })
  }
  const { format, keys, values } = (parsed ?? {}) as { readonly [_ in string]?: unknown }
  if (format === PROPERTIES_FORMAT && typeof keys === 'string' && typeof values === 'string')
    return { keys, values }
  throw new LdbError('LDB_FORMAT', `keyspace ${JSON.stringify(name)} is of an unknown format`, {
    details: { expected: PROPERTIES_FORMAT, actual: typeof format === 'number' ? format : 'none' },
  })
}
