import { isLdbError, throwIfAborted } from '@ldb/base'
import type { KeyValueDatabase, KeyValueKeyspace, KeyValueReads } from '../key-value-database.js'
import { ClusterReads } from '../read/cluster-reads.js'
import type { ResolvedCopyOptions } from './copy-options.js'

/** Entries of one batch. A batch that is too large is halved. */
const BATCH_ENTRIES = 500

/** How far the copy of a keyspace has come, in the keyspace of positions of the target. */
export interface CopyPosition {
  /** Last copied key, by its encoding, in hexadecimal. */
  readonly after: string
  readonly count: number
}

/** An entry, and when it expires: Infinity for never. */
export type CopiedEntry = readonly [key: unknown, value: unknown, expiresAt: number]

/** Returns the entries of a keyspace after a key. @param mayExpire - false when no entry of the keyspace expires. */
export function entriesAfter(
  source: KeyValueReads<unknown, unknown>,
  key: unknown,
  mayExpire: boolean,
): AsyncIterable<CopiedEntry> {
  const range = key === undefined ? {} : { gt: key }
  // A scan of a cluster has the expiries: a read of each would be a round trip.
  if (source instanceof ClusterReads) return source.expiringEntries(range)
  const entries = source.entries(range)
  if (!mayExpire) return entries.map(([found, value]): CopiedEntry => [found, value, Infinity])
  return entries.map(async ([found, value]): Promise<CopiedEntry> => [
    found,
    value,
    (await source.expiresAt(found)) ?? Infinity,
  ])
}

/** What is copied where. */
export interface KeyspaceCopy {
  readonly name: string
  readonly source: KeyValueReads<unknown, unknown>
  /** False when no entry of the source expires. */
  readonly mayExpire: boolean
  readonly target: KeyValueKeyspace<unknown, unknown>
  readonly positions: KeyValueKeyspace<string, CopyPosition>
  readonly decodeKey: (hex: string) => unknown
  readonly encodeKey: (key: unknown) => string
}

/** Copies the entries of a keyspace after its position. Each batch records the position with its entries. Returns the number of entries of all runs. */
export async function copyKeyspace(
  to: KeyValueDatabase,
  copy: KeyspaceCopy,
  options: ResolvedCopyOptions & { now(): number },
): Promise<number> {
  const position = await copy.positions.get(copy.name)
  let count = position?.count ?? 0
  let waiting: CopiedEntry[] = []
  const write = async (entries: readonly CopiedEntry[]): Promise<void> => {
    const last = entries.at(-1)
    if (last === undefined) return
    throwIfAborted(options.signal, 'copy')
    try {
      const batch = to.batch().in(copy.target)
      for (const [key, value, expiresAt] of entries) {
        if (expiresAt === Infinity) batch.put(key, value, { ttlMs: Infinity })
        else batch.put(key, value, { ttlMs: Math.max(1, Math.ceil(expiresAt - options.now())) })
      }
      const next = { after: copy.encodeKey(last[0]), count: count + entries.length }
      await batch.in(copy.positions).put(copy.name, next).commit()
    } catch (error) {
      if (!isLdbError(error, 'LDB_TOO_LARGE') || entries.length === 1) throw error
      const half = entries.length >>> 1
      await write(entries.slice(0, half))
      await write(entries.slice(half))
      return
    }
    count += entries.length
    options.onProgress({ phase: 'copy', keyspace: copy.name, count })
  }
  const after = position === undefined ? undefined : copy.decodeKey(position.after)
  for await (const entry of entriesAfter(copy.source, after, copy.mayExpire)) {
    waiting.push(entry)
    if (waiting.length < BATCH_ENTRIES) continue
    await write(waiting)
    waiting = []
  }
  await write(waiting)
  return count
}
