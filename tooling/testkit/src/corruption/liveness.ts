import type { Golden } from './golden.js'
import { logRecords } from './log-layout.js'
import { treeLayout } from './tree-layout.js'

/**
 * The live bytes of a golden database: those whose every change `verify` must report. All other bytes are dead, for one of
 * these reasons:
 *
 * - Tree: free pages; the end of the last page of an overflow extent; the older meta block, used only when the newer one is
 *   lost; the spare block, a copy of a meta block; the zeros after the meta blocks; bytes beyond the page count. In a database that was not
 *   closed: the newest meta block and its copy, either of which a crash may have torn, and each of which replaces the other.
 * - Log: the seal, without which the log counts as not closed, which loses nothing; the unused bytes between it and the
 *   records; the zeros after the last record and between records. In a log that was not closed: the records above the synced
 *   position, which are a torn tail when damaged. In a log under truncation: all but the newest header, because the trees
 *   contain its commits and opening replaces it.
 * - CATALOG, whose copy is used when it is damaged, and from which the next write restores it; CATALOG.copy.
 * - LOCK, which has no meaning unless a process holds it.
 */
export class Liveness {
  readonly #live: ReadonlyMap<string, Uint8Array>

  constructor(golden: Golden) {
    const live = new Map<string, Uint8Array>()
    const segments = [...golden.image.files.keys()].filter((path) => path.endsWith('.wal')).sort()
    for (const [path, bytes] of golden.image.files) {
      const mask = new Uint8Array(bytes.length)
      if (path.endsWith('/tree.ldb')) markTree(bytes, mask, golden)
      else if (path === segments.at(-1)) markSegment(bytes, mask, golden)
      live.set(path, mask)
    }
    this.#live = live
  }

  /** Reports whether `verify` must report a change of this byte. */
  isLive(path: string, offset: number): boolean {
    return this.#live.get(path)?.[offset] === 1
  }

  /** Number of live bytes. */
  get liveBytes(): number {
    let count = 0
    for (const mask of this.#live.values()) for (const byte of mask) count += byte
    return count
  }
}

function markTree(bytes: Uint8Array, mask: Uint8Array, { ending }: Golden): void {
  for (const { kind, start, end } of treeLayout(bytes).parts) {
    if (ending === 'closed' || !kind.startsWith('meta')) mask.fill(1, start, end)
  }
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
