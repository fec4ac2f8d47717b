import { installPeer } from '../peers/installation.js'
import { STORES } from '../model/store-list.js'
import type { StoreEntry } from '../model/store-list.js'

/** The stores of a run, and those that cannot take part. */
export interface StoreSelection {
  readonly stores: readonly StoreEntry[]
  readonly leftOut: readonly { readonly store: string; readonly reason: string }[]
}

/** Finds the stores that were asked for, and installs those that are not there. What cannot be had is said aloud. */
export function selectStores(
  asked: readonly string[] | undefined,
  say: (line: string) => void,
): StoreSelection {
  const stores: StoreEntry[] = []
  const leftOut: { store: string; reason: string }[] = []
  for (const entry of STORES) {
    if (asked?.includes(entry.id) === false) continue
    const reason = unavailableReason(entry, say)
    if (reason === undefined) stores.push(entry)
    else {
      say(`${entry.id} is left out: ${reason}`)
      leftOut.push({ store: entry.id, reason })
    }
  }
  return { stores, leftOut }
}

function unavailableReason(
  { packageName, since }: StoreEntry,
  say: (line: string) => void,
): string | undefined {
  if (since !== undefined && !nodeHas(since))
    return `needs Node ${since.join('.')}, this is ${process.versions.node}`
  return packageName === undefined ? undefined : installPeer(packageName, say)
}

function nodeHas([major, minor]: readonly [number, number]): boolean {
  const [ownMajor = 0, ownMinor = 0] = process.versions.node.split('.').map(Number)
  return ownMajor > major || (ownMajor === major && ownMinor >= minor)
}
