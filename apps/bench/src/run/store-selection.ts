import { installPeer } from '../peers/installation.js'
import { STORES } from '../model/store-list.js'
import type { StoreEntry } from '../model/store-list.js'

/** The stores of a run, and those that are not available. */
export interface StoreSelection {
  readonly stores: readonly StoreEntry[]
  readonly leftOut: readonly { readonly store: string; readonly reason: string }[]
}

/** Selects stores by name and installs missing packages. Logs and returns the stores that are not available. */
export function selectStores(
  names: readonly string[] | undefined,
  log: (line: string) => void,
): StoreSelection {
  const stores: StoreEntry[] = []
  const leftOut: { store: string; reason: string }[] = []
  for (const entry of STORES) {
    if (names?.includes(entry.id) === false) continue
    const reason = unavailableReason(entry, log)
    if (reason === undefined) stores.push(entry)
    else {
      log(`${entry.id} is skipped: ${reason}`)
      leftOut.push({ store: entry.id, reason })
    }
  }
  return { stores, leftOut }
}

function unavailableReason(
  { packageName, since }: StoreEntry,
  log: (line: string) => void,
): string | undefined {
  if (since !== undefined && !nodeHas(since))
    return `needs Node ${since.join('.')}, this is ${process.versions.node}`
  return packageName === undefined ? undefined : installPeer(packageName, log)
}

function nodeHas([major, minor]: readonly [number, number]): boolean {
  const [ownMajor = 0, ownMinor = 0] = process.versions.node.split('.').map(Number)
  return ownMajor > major || (ownMajor === major && ownMinor >= minor)
}
