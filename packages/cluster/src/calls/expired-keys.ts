import { copyBytes } from '@ldb/base'
import type { DriverKeyspace } from '../driver/driver-keyspace.js'
import type { Environment } from '../host/environment.js'

/** Keys that wait for their removal at most; more are met again by later reads. */
const WAITING_MAX = 1_000
const DELAY_MS = 1_000
/** Keys of one commit. */
export const REMOVED_AT_ONCE = 100

/** Deletes keys of a keyspace that are still expired. */
export type RemoveExpired = (keyspace: DriverKeyspace, keys: readonly Uint8Array[]) => Promise<unknown>

/** Collects the expired keys that reads meet, and removes them in the background, a second later. */
export class ExpiredKeys {
  readonly #environment: Environment
  readonly #remove: RemoveExpired
  #waiting: { readonly keyspace: DriverKeyspace; readonly key: Uint8Array }[] = []
  #cancel: (() => void) | undefined = undefined
  #isStopped = false

  constructor(environment: Environment, remove: RemoveExpired) {
    this.#environment = environment
    this.#remove = remove
  }

  note(keyspace: DriverKeyspace, key: Uint8Array): void {
    if (this.#isStopped || this.#waiting.length >= WAITING_MAX) return
    // The key may be a part of a page, which would stay in memory with it.
    this.#waiting.push({ keyspace, key: copyBytes(key) })
    this.#cancel ??= this.#environment.schedule(DELAY_MS, () => {
      void this.#run()
    })
  }

  stop(): void {
    this.#isStopped = true
    this.#waiting = []
    this.#cancel?.()
  }

  async #run(): Promise<void> {
    const byKeyspace = new Map<string, { readonly keyspace: DriverKeyspace; readonly keys: Uint8Array[] }>()
    for (const { keyspace, key } of this.#waiting) {
      const group = byKeyspace.get(keyspace.id) ?? { keyspace, keys: [] }
      byKeyspace.set(keyspace.id, group)
      group.keys.push(key)
    }
    this.#waiting = []
    for (const { keyspace, keys } of byKeyspace.values()) {
      for (let start = 0; start < keys.length && !this.#isStopped; start += REMOVED_AT_ONCE) {
        // What fails is met again by a later read.
        await this.#remove(keyspace, keys.slice(start, start + REMOVED_AT_ONCE)).catch(() => undefined)
      }
    }
    this.#cancel = undefined
  }
}
