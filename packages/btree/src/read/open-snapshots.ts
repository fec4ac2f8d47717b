/** A snapshot in the list of open ones. @internal */
export interface OpenSnapshot {
  /** Position in the list. */
  position: number
  readonly isPinned: boolean
  /** Makes the snapshot independent of the present tree. `epoch` is that of the present state, which has ended. */
  pin(epoch: number): void
  release(): void
}

/**
 * The open snapshots of a tree.
 *
 * @remarks A snapshot is live until the tree changes: it reads the present tree, and pins nothing. Most snapshots are released before
 * that: taking and releasing one then costs neither an epoch nor the copies of the pages that change next.
 * @internal
 */
export class OpenSnapshots {
  readonly #live: OpenSnapshot[] = []
  readonly #pinned: OpenSnapshot[] = []

  /** Number of open snapshots. */
  get count(): number {
    return this.#live.length + this.#pinned.length
  }

  /** Reports whether a snapshot must be pinned before the tree changes. */
  get hasLive(): boolean {
    return this.#live.length > 0
  }

  /** Adds a live snapshot. */
  add(snapshot: OpenSnapshot): void {
    append(this.#live, snapshot)
  }

  /** Pins all live snapshots. `epoch` is that of the present state, which has ended. */
  pinLive(epoch: number): void {
    for (const snapshot of this.#live) {
      snapshot.pin(epoch)
      append(this.#pinned, snapshot)
    }
    this.#live.length = 0
  }

  /** Removes a snapshot that is released. */
  remove(snapshot: OpenSnapshot): void {
    const list = snapshot.isPinned ? this.#pinned : this.#live
    const last = list.pop()
    if (last === undefined || last === snapshot) return
    list[snapshot.position] = last
    last.position = snapshot.position
  }

  /** Releases all snapshots. */
  releaseAll(): void {
    for (const snapshot of [...this.#live, ...this.#pinned]) snapshot.release()
  }
}

function append(list: OpenSnapshot[], snapshot: OpenSnapshot): void {
  snapshot.position = list.length
  list.push(snapshot)
}
