import { randomBytes } from 'node:crypto'
import { isDriverError } from '@ldb/cluster'
import type {
  ClusterDriver,
  CommitResult,
  CommitRequest,
  DriverErrorKind,
  DriverKeyspace,
  DriverTransaction,
  Marker,
  Version,
} from '@ldb/cluster'

/** Time that a call has. */
export const CALL = { timeoutMs: 10_000 }

export const bytes = (value: string): Uint8Array => new TextEncoder().encode(value)
export const textOf = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : new TextDecoder().decode(value)
export const newMarker = (): Marker => randomBytes(16).toString('hex') as Marker

/** Begins a transaction that may write. */
export function beginWriting(
  driver: ClusterDriver,
  isolation: 'serializable' | 'snapshot' = 'serializable',
): DriverTransaction {
  return driver.begin({ mode: 'readWrite', isolation, isSingleRead: false })
}

/** Begins a snapshot. */
export function beginReading(driver: ClusterDriver, isSingleRead = false): DriverTransaction {
  return driver.begin({ mode: 'readOnly', isolation: 'serializable', isSingleRead })
}

/** Returns a commit that puts and deletes (`undefined`) keys. */
export function commitOf(
  keyspace: DriverKeyspace,
  writes: Readonly<Record<string, string | undefined>>,
  more: Partial<CommitRequest> = {},
): CommitRequest {
  const keys = Object.keys(writes).sort()
  return {
    marker: newMarker(),
    writes: keys.map((key) => {
      const value = writes[key]
      return { keyspace, key: bytes(key), value: value === undefined ? undefined : bytes(value) }
    }),
    deletedRanges: [],
    readKeys: [],
    readRanges: [],
    ...more,
  }
}

/** Writes without reading. */
export function write(
  driver: ClusterDriver,
  keyspace: DriverKeyspace,
  writes: Readonly<Record<string, string | undefined>>,
  more: Partial<CommitRequest> = {},
): Promise<CommitResult> {
  return beginWriting(driver).commit(commitOf(keyspace, writes, more), CALL)
}

/** Returns the version of the newest state. */
export async function versionNow(driver: ClusterDriver): Promise<Version> {
  const snapshot = beginReading(driver)
  await snapshot.pin(CALL)
  if (snapshot.version === undefined) throw new Error('the snapshot has no version')
  return snapshot.version
}

/** Returns the newest value of a key. */
export async function read(
  driver: ClusterDriver,
  keyspace: DriverKeyspace,
  key: string,
): Promise<string | undefined> {
  const [value] = await beginReading(driver, true).getMany([{ keyspace, key: bytes(key) }], CALL)
  return textOf(value)
}

/** Returns the kind of the error that a call rejects with; `undefined` when it resolves. */
export async function kindOf(call: Promise<unknown>): Promise<DriverErrorKind | undefined> {
  try {
    await call
    return undefined
  } catch (error) {
    if (!isDriverError(error)) throw error
    return error.kind
  }
}
