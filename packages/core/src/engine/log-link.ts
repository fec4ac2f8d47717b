import { assert } from '@ldb/base'
import type { Syncable } from '@ldb/base'

/**
 * The log that stores sync. Stores are opened before the log, because the log is replayed into them; `connect` sets the log later.
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
    assert(this.#log !== undefined, 'a store syncs the log only after replay')
    return this.#log
  }
}
