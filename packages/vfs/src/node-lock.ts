import * as fs from 'node:fs'
import type { RandomSource } from './environment.js'
import { lockedBy, lockLost } from './lock-table.js'
import { attempt } from './node-error.js'
import type { VfsLock } from './vfs.js'

export function takeNodeLock(directory: string, _random: RandomSource): VfsLock {
  const status = attempt('lock', directory, () => fs.statSync(directory, { bigint: true }))
  const identity = `${status.dev}:${status.ino}`
  const world = globalThis as unknown as Record<symbol, Map<string, VfsLock> | undefined>
  const held = (world[Symbol.for('ldb.locks')] ??= new Map<string, VfsLock>())
  if (held.has(identity)) throw lockedBy(directory, 'this process')
  const lock: VfsLock = {
    assertHeld(): void {
      if (held.get(identity) !== lock) throw lockLost(directory)
    },
    release(): void {
      if (held.get(identity) === lock) held.delete(identity)
    },
  }
  held.set(identity, lock)
  return lock
}
