import type { DeadlineSync } from '../environment/deadline-sync.js'

/** The counterpart of `node/thread-sync.ts`: no other thread syncs files; the timers of the host begin the syncs. */
export function createThreadSync(): DeadlineSync | undefined {
  return undefined
}
