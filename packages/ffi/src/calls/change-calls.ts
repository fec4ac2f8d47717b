import { encodeUtf8, invalidArgument } from '@ldb/base'
import type { Change, CommittedChanges } from '@ldb/core'
import type { LibraryContext, LibraryFunction } from '../library-context.js'
import { OpenChanges, OpenDatabase, Target } from '../library-objects.js'

type BytesChange = Change<Uint8Array, Uint8Array>

/** Bytes before the changes of a commit: its number (64 bits), the number of changes, and their bytes. */
const COMMIT_BYTES = 16
/** Bytes before the key and the value of a change: its kind, and their lengths. */
const CHANGE_BYTES = 12
const KIND = {
  put: 1,
  delete: 2,
  expire: 3,
  deleteRange: 4,
  load: 5,
  createKeyspace: 6,
  dropKeyspace: 7,
} as const
/** Length of an absent bound of a range. */
const NO_BOUND = 0xffff_ffff
const NO_BYTES = new Uint8Array(0)

/** Streams of changes. The host runs the pending jobs of the engine between `readChanges` and `takeChanges`. */
export function changeCalls(context: LibraryContext): Record<string, LibraryFunction> {
  const { objects } = context
  const changesOf = (id: number): OpenChanges => objects.get(id, OpenChanges)
  return {
    /** @param since - number of the commit after which the stream starts; negative: the newest one. */
    openChanges(id, keyspaceId, since) {
      const { database } = objects.get(id, OpenDatabase)
      const { keyspace } = objects.get(keyspaceId, Target)
      if (keyspace === undefined) throw invalidArgument('the handle is not that of a keyspace itself')
      const stream = database.changes({ keyspace, ...(since < 0 ? {} : { since }) })
      return objects.add(new OpenChanges(stream))
    },
    readChanges(id) {
      const changes = changesOf(id)
      if (!changes.isReading && changes.result === undefined) readNext(changes)
      return 0
    },
    /** Stores the next commit, and returns its bytes; 0 when there is none yet. */
    takeChanges(id) {
      const changes = changesOf(id)
      const { error, result } = changes
      changes.error = undefined
      changes.result = undefined
      if (error !== undefined) {
        // oxlint-disable-next-line typescript/only-throw-error -- what the stream was rejected with
        throw error
      }
      return result === undefined ? 0 : storeCommit(context, result)
    },
    closeChanges(id) {
      void changesOf(id).stream.return()
      objects.remove(id)
      return 0
    },
  }
}

function readNext(changes: OpenChanges): void {
  changes.isReading = true
  changes.stream.next().then(
    ({ value }) => {
      changes.isReading = false
      changes.result = value
    },
    (error: unknown) => {
      changes.isReading = false
      changes.error = error
    },
  )
}

function storeCommit(
  { arena }: LibraryContext,
  { seq, changes }: CommittedChanges<Uint8Array, Uint8Array>,
): number {
  const rows = changes.map(rowOf)
  let byteCount = COMMIT_BYTES
  for (const [, first, second] of rows) byteCount += CHANGE_BYTES + lengthOf(first) + lengthOf(second)
  arena.reserve(byteCount)
  const { bytes, view } = arena
  view.setUint32(0, seq % 2 ** 32, true)
  view.setUint32(4, Math.floor(seq / 2 ** 32), true)
  view.setUint32(8, rows.length, true)
  view.setUint32(12, byteCount - COMMIT_BYTES, true)
  let at = COMMIT_BYTES
  for (const [kind, first, second] of rows) {
    view.setUint32(at, kind, true)
    view.setUint32(at + 4, first?.length ?? NO_BOUND, true)
    view.setUint32(at + 8, second?.length ?? NO_BOUND, true)
    at += CHANGE_BYTES
    for (const part of [first, second]) {
      bytes.set(part ?? NO_BYTES, at)
      at += lengthOf(part)
    }
  }
  return byteCount
}

/** Returns the kind of a change, and its key and value, its bounds, or the name of its keyspace. */
function rowOf(
  change: BytesChange,
): [kind: number, first: Uint8Array | undefined, second: Uint8Array | undefined] {
  const kind = KIND[change.kind]
  if (change.kind === 'put') return [kind, change.key, change.value]
  if (change.kind === 'delete' || change.kind === 'expire') return [kind, change.key, NO_BYTES]
  if (change.kind === 'createKeyspace' || change.kind === 'dropKeyspace')
    return [kind, encodeUtf8(change.keyspace), NO_BYTES]
  return [kind, change.lower, change.upper]
}

function lengthOf(part: Uint8Array | undefined): number {
  return part?.length ?? 0
}
