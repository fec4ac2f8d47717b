import { assert } from '@ldb/base'
import type { StoreLog } from '@ldb/base'

/**
 * The log that stores sync. Stores are opened before the log, because the log is replayed into them; `connect` sets the log later.
 *
 * @remarks (C6) Stores do not sync the log during replay: no checkpoint contains a part of a replay.
 */
export class LogLink implements StoreLog {
  #log: StoreLog | undefined = undefined

  /** Connects the log after its replay. */
  connect(log: StoreLog): void {
    assert(this.#log === undefined, 'the log is connected once')
    this.#log = log
  }

  get segmentId(): Uint8Array {
    return this.#connected().segmentId
  }

  sync(): void {
    this.#connected().sync()
  }

  syncAsync(): Promise<void> {
    return this.#connected().syncAsync()
  }

  #connected(): StoreLog {
    assert(this.#log !== undefined, 'a store syncs the log only after replay')
    return this.#log
  }
}
