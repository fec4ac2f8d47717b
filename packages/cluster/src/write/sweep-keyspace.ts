import type { AbortSignalLike } from '@ldb/base'
import { REMOVED_AT_ONCE } from '../calls/expired-keys.js'
import type { Session } from '../calls/session.js'
import type { DriverKeyspace } from '../driver/driver-keyspace.js'
import { VALUE_HEADER_BYTES } from '../format.js'
import { EntryStream } from '../read/entry-stream.js'
import { SnapshotScan } from '../read/snapshot-scan.js'
import { removeExpired } from './change-keys.js'

/** Removes the expired entries of a keyspace, and returns their number. */
export async function sweepKeyspace(
  session: Session,
  keyspace: DriverKeyspace,
  signal: AbortSignalLike | undefined,
): Promise<number> {
  let expired: Uint8Array[] = []
  let removed = 0
  const removeUntil = async (left: number): Promise<void> => {
    while (expired.length > left) {
      removed += await removeExpired(session, keyspace, expired.slice(0, REMOVED_AT_ONCE), signal)
      expired = expired.slice(REMOVED_AT_ONCE)
    }
  }
  const request = {
    lower: undefined,
    upper: undefined,
    reverse: false,
    wanted: Infinity,
    valueBytes: VALUE_HEADER_BYTES,
  }
  const stream = new EntryStream(new SnapshotScan(session, keyspace, request, signal), {
    offset: 0,
    limit: Infinity,
    now: () => session.environment.now(),
    onExpired: (key) => expired.push(key),
  })
  for (let batch = await stream.next(); batch !== undefined; batch = await stream.next())
    await removeUntil(REMOVED_AT_ONCE)
  await removeUntil(0)
  return removed
}
