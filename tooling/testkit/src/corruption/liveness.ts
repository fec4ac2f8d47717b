import type { Golden } from './golden.js'
import { logRecords } from './log-layout.js'
import { treeLayout } from './tree-layout.js'

/**
 * Which bytes of a golden database `verify` must miss when they change. All others are dead, for one of these reasons:
 *
 * - tree: pages that are free; what follows the content in the last page of a run; the older meta block, which stands
 *   in only when the newer one is gone; the spare block, which holds it once more; the zeros behind the meta blocks; the file beyond its page count.
 * - log: the seal, without which a log counts as left open, which loses nothing; the bytes between it and the
 *   records, nobody's; the zeros behind the last record and between records; of a log that was left open, the records
 *   above the synced position, which are a torn tail when they are damaged; of a log that was being cut, all but the
 *   newest header, since what it holds is in the trees and an open replaces it.
 * - LOCK, which is worth nothing once nobody holds it.
 */
export class Liveness {
  readonly #live: ReadonlyMap<string, Uint8Array>

  constructor(golden: Golden) {
    const live = new Map<string, Uint8Array>()
    const segments = [...golden.image.files.keys()].filter((path) => path.endsWith('.wal')).sort()
    for (const [path, bytes] of golden.image.files) {
      const mask = new Uint8Array(bytes.length)
      if (path.endsWith('/CATALOG')) mask.fill(1)
      else if (path.endsWith('/tree.ldb')) markTree(bytes, mask)
      else if (path === segments.at(-1)) markSegment(bytes, mask, golden)
      live.set(path, mask)
    }
    this.#live = live
  }

  /** Reports whether a byte is one that must not change unnoticed. */
  isLive(path: string, offset: number): boolean {
    return this.#live.get(path)?.[offset] === 1
  }

  /** Number of bytes that are live. */
  get liveBytes(): number {
    let count = 0
    for (const mask of this.#live.values()) for (const byte of mask) count += byte
    return count
  }
}

function markTree(bytes: Uint8Array, mask: Uint8Array): void {
  for (const { start, end } of treeLayout(bytes).parts) mask.fill(1, start, end)
}

function markSegment(bytes: Uint8Array, mask: Uint8Array, golden: Golden): void {
  mask.fill(1, 0, 4096)
  const records = logRecords(bytes)
  if (golden.ending === 'cutting') return
  const synced = records.reduce((most, { syncedEnd }) => Math.max(most, syncedEnd), 0)
  for (const { start, end } of records) {
    if (golden.ending === 'closed' || end <= synced) mask.fill(1, start, end)
  }
}
