import type {
  AsyncDatabase,
  AsyncKeyspace,
  AsyncKeyspaceReads,
  Keyspace,
  KeyspaceReads,
  Snapshot,
} from '@ldb/core'
import { bufferOver } from './buffer-node.js'
import { lossyKeys, lossyValues } from './lossy-utf8.js'

/** A key or a value in one of these formats. */
export type FormatData = string | Uint8Array

/** The reading methods of iterators. */
export interface IteratedReads {
  /** Those with the built-in encodings, which refuse what is not UTF-8. */
  readonly strict: KeyspaceReads<FormatData, FormatData>
  /** Those that replace what is not UTF-8. */
  readonly lossy: KeyspaceReads<FormatData, FormatData>
}

/** The reading methods of the keyspace, or of a snapshot of it, under one pair of formats. */
export interface EncodedReads {
  readonly reads: AsyncKeyspaceReads<FormatData, FormatData>
  readonly readsSync: KeyspaceReads<FormatData, FormatData>
}

/** The keyspace under one pair of formats. */
export interface EncodedView extends EncodedReads {
  readonly writes: AsyncKeyspace<FormatData, FormatData>
  readonly lossy: Keyspace<FormatData, FormatData>
}

/** Returns the index of a pair of formats: `'buffer'` and `'view'` are the same bytes. */
export function viewIndex(keyFormat: string | undefined, valueFormat: string | undefined): number {
  return (keyFormat === 'utf8' ? 0 : 1) + (valueFormat === 'utf8' ? 0 : 2)
}

/** Opens the keyspace under each pair of formats, at `viewIndex`. */
export function openViews(database: AsyncDatabase, name: string): readonly EncodedView[] {
  const stored = database.sync.keyspace(name, { keys: 'binary', values: 'binary' })
  const open = (options: object): Keyspace<FormatData, FormatData> =>
    stored.view(options) as unknown as Keyspace<FormatData, FormatData>
  return [false, true].flatMap((hasBinaryValues) =>
    [false, true].map((hasBinaryKeys) => {
      const writes = database.of(
        open({ keys: hasBinaryKeys ? 'binary' : 'utf8', values: hasBinaryValues ? 'binary' : 'utf8' }),
      )
      const lossy = open({
        keys: hasBinaryKeys ? 'binary' : lossyKeys,
        values: hasBinaryValues ? 'binary' : lossyValues,
      })
      return { reads: writes, readsSync: writes.sync, writes, lossy }
    }),
  )
}

/** Returns the reading methods of iterators on a snapshot. */
export function iteratedThrough(snapshot: Snapshot, { writes, lossy }: EncodedView): IteratedReads {
  return { strict: snapshot.in(writes.sync), lossy: snapshot.in(lossy) }
}

/** Returns a stored key or value as the data of a format. */
export function toFormat(data: FormatData, format: string | undefined): FormatData {
  return format === 'buffer' ? bufferOver(data as Uint8Array) : data
}
