import type { CommitPin } from '../log/change-reader.js'

/** Series of backups whose commits are held at a time. The oldest one is forgotten. */
const HOLDS_MAX = 4

/**
 * Keeps the commits since the newest backup of each series in the log, so that the next one may contain commits instead of blocks. The bound is
 * that of readers of changes: beyond it, the commits are gone, and nothing fails.
 */
export class CommitHolds {
  readonly #pins: Map<string, CommitPin> = new Map()
  readonly #running: Set<string> = new Set()

  /** Returns the pin of the commits after a backup; `undefined` when there is none. The log may nevertheless have been truncated. */
  find(backupId: Uint8Array): CommitPin | undefined {
    return this.#pins.get(nameOf(backupId))
  }

  /**
   * Replaces the hold of a backup by that of the next one.
   *
   * @param pin - after the newest commit of the backup. It is closed with the hold.
   */
  replace(parentId: Uint8Array, backupId: Uint8Array, pin: CommitPin): void {
    this.#end(nameOf(parentId))
    this.#pins.set(nameOf(backupId), pin)
    for (const name of this.#pins.keys()) {
      if (this.#pins.size <= HOLDS_MAX) break
      this.#end(name)
    }
  }

  /** Notes that a backup is written to a place. Returns false when there is one already. */
  begin(place: string): boolean {
    if (this.#running.has(place)) return false
    this.#running.add(place)
    return true
  }

  /** Notes that the backup has ended. */
  end(place: string): void {
    this.#running.delete(place)
  }

  /** Releases everything: the next backup of each series contains blocks. Idempotent. */
  close(): void {
    for (const name of [...this.#pins.keys()]) this.#end(name)
  }

  #end(name: string): void {
    this.#pins.get(name)?.close()
    this.#pins.delete(name)
  }
}

function nameOf(id: Uint8Array): string {
  return id.join()
}
