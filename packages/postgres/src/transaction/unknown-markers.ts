import { DriverError } from '@ldb/cluster'
import type { Marker } from '@ldb/cluster'
import { monotonicMs } from '../session/monotonic-ms.js'

/** When commits were sent whose outcome is unknown: their markers can be decided only while the server keeps them. */
export class UnknownMarkers {
  readonly #sentMs: Map<Marker, number> = new Map()
  readonly #retentionMs: number

  constructor(retentionMs: number) {
    this.#retentionMs = retentionMs
  }

  add(marker: Marker): void {
    this.#sentMs.set(marker, monotonicMs())
  }

  delete(marker: Marker): void {
    this.#sentMs.delete(marker)
  }

  /** @throws DriverError `'fatal'` when the row of an applied commit may be deleted by now. */
  assertFresh(marker: Marker): void {
    const sentMs = this.#sentMs.get(marker)
    if (sentMs === undefined || monotonicMs() - sentMs < this.#retentionMs / 2) return
    const message = 'the outcome of the commit can no longer be decided: its marker may have been deleted'
    throw new DriverError('fatal', message)
  }
}
