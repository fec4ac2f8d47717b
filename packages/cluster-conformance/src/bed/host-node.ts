import { randomUUID } from 'node:crypto'
import type { Marker } from '@ldb/cluster'

/** Returns a marker that was not used before. */
export function newMarker(): Marker {
  return randomUUID().replaceAll('-', '') as Marker
}

/** Resolves after a time in milliseconds. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}

/** Returns a monotonic time in milliseconds. */
export function elapsed(): number {
  return performance.now()
}
