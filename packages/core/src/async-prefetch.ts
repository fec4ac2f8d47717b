import { BatchReader, OperationKind } from '@ldb/base'
import type { KeyspaceSection, OrderedStore } from '@ldb/base'
import { READ_MISS } from './async-read-gate.js'
import type { ReadGate } from './async-read-gate.js'
import type { KeyspaceTable } from './keyspace-table.js'

const reader = new BatchReader()

/**
 * Asks for the pages that the keys of a commit stand on, so that applying it does not wait for the device.
 *
 * @remarks A key that misses on its way down is fetched level by level, one key beside the other. Ranges are not looked at.
 * @param fetches - takes what is under way; none of them rejects.
 */
export function prefetchCommit(
  sections: readonly KeyspaceSection[],
  keyspaces: KeyspaceTable,
  gate: ReadGate,
  fetches: Promise<void>[],
): void {
  for (const section of sections) {
    const store = keyspaces.byId(section.keyspaceId)?.store
    if (store === undefined) continue
    reader.reset(section)
    while (reader.next()) {
      if (reader.kind === OperationKind.DeleteRange || reader.kind === OperationKind.DeleteFrom) continue
      const { bytes, keyStart, keyEnd } = reader
      const key = keyStart === 0 ? bytes : bytes.subarray(keyStart, keyEnd)
      const keyBytes = keyEnd - keyStart
      if (!isMissing(store, key, keyBytes, gate)) continue
      const first = gate.fetchMissed()
      const rest = key.slice(0, keyBytes)
      fetches.push(first.then(() => gate.read(() => store.has(rest), assertNothing)).then(ignore, ignore))
    }
  }
}

/** Tells whether a lookup would have to wait. One that fails does so again when the commit is applied. */
function isMissing(store: OrderedStore, key: Uint8Array, keyBytes: number, gate: ReadGate): boolean {
  try {
    return gate.attempt(() => store.has(key, keyBytes)) === READ_MISS
  } catch {
    return false
  }
}

function assertNothing(): void {
  // The store may be closed meanwhile: its own refusal is enough.
}

function ignore(): void {
  // What cannot be fetched is read again by the application of the commit, and reported there.
}
