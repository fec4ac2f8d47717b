import { assert } from '@ldb/base'
import type { Syncable } from '@ldb/base'

/**
 * The log of a database as its stores see it. Stores are opened before the log is, because the log is replayed into them.
 *
 * @remarks (C6) Stores do not sync the log during replay: no checkpoint contains a part of a replay.
 */
export class LogLink implements Syncable {
  #log: Syncable | undefined = undefined

  /** Connects the log after its replay. */
  connect(log: Syncable): void {
    assert(this.#log === undefined, 'the log is connected once')
    this.#log = log
  }

  sync(): void {
    this.#connected().sync()
  }

  syncAsync(): Promise<void> {
    return this.#connected().syncAsync()
  }

  #connected(): Syncable {
    assert(this.#log !== undefined, 'a store syncs the log after replay only')
    return this.#log
  }
}
