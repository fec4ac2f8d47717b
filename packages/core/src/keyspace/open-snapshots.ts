/** A snapshot that pins keyspaces one by one. */
export interface LazySnapshot<Keyspace> {
  /** Pins the current state of a keyspace, which is still that of the snapshot, unless it has done so. */
  pin(keyspace: Keyspace): void
}

/**
 * The open snapshots of a database.
 *
 * @remarks A snapshot costs the same whatever the number of keyspaces: it pins a keyspace when the keyspace is first read through it, or
 * before the keyspace changes, whichever is first. The state is the same until then.
 */
export class OpenSnapshots<Keyspace> {
  readonly #open: Set<LazySnapshot<Keyspace>> = new Set()
  /** Number of snapshots since the database was opened. */
  #newest = 0

  /** Identifies the newest snapshot; 0 before the first. */
  get newest(): number {
    return this.#newest
  }

  add(snapshot: LazySnapshot<Keyspace>): void {
    this.#newest++
    this.#open.add(snapshot)
  }

  delete(snapshot: LazySnapshot<Keyspace>): void {
    this.#open.delete(snapshot)
  }

  /** Pins a keyspace for every open snapshot. */
  pin(keyspace: Keyspace): void {
    for (const snapshot of this.#open) snapshot.pin(keyspace)
  }
}
