// Strategy: an encrypted database of each engine on a device of limited capacity, with little to much of it free, rotates its key and renews its
// data keys; then the device gets more space.
// Invariants: a renewal never makes a database refuse writes, and changes no entry; it says that space is missing, or leaves nothing; with
// enough space it leaves nothing.
import { isLdbError } from '@ldb/base'
import { Database } from '@ldb/core'
import type { DatabaseOptions, RenewalStats } from '@ldb/core'
import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { CapacityVfs } from '../src/vfs/capacity-vfs.js'

const [FIRST, SECOND] = [1, 2].map((byte) => ({ key: new Uint8Array(32).fill(byte) })) as [
  { key: Uint8Array },
  { key: Uint8Array },
]
const COUNT = 200
const tuning = { pageBytes: 4096, reservingBytes: 16_384 }

function leftOf({ left }: RenewalStats): number {
  return Object.values(left).reduce((sum, { unitCount }) => sum + unitCount, 0)
}

describe.each(['btree', 'lsm'] as const)('engine %s', (engine) => {
  test.each([true, false])('on a device that reports its free space: %s', (reportsFree) => {
    for (const freeShare of [0, 0.05, 0.5]) {
      const memory = new MemoryVfs()
      memory.makeDirectory('device')
      const device = new CapacityVfs(memory, 'device', { capacityBytes: 1 << 30, reportsFree })
      const options = { engine, memtableBytes: 65_536, cacheBytes: 1 << 20, workers: 0 } as const
      const all = { vfs: device, ...options, encryption: FIRST, [Symbol.for('ldb.tuning')]: tuning }
      const db = Database.open('device/data', all as DatabaseOptions)
      for (let index = 0; index < COUNT; index++) db.put(`key ${index}`, `value ${index} `.repeat(60))
      db.checkpoint()
      const usedBytes = (1 << 30) - device.free()
      device.capacityBytes = usedBytes + Math.ceil(freeShare * usedBytes)
      try {
        db.rotateKey(SECOND, { renew: false })
        const stats = db.renewKeys()
        expect(leftOf(stats) > 0, stats.obstacle).toBe(stats.obstacle !== undefined)
      } catch (error) {
        // The rotation itself, and tables that are longer than what is free.
        if (!isLdbError(error, 'LDB_NO_SPACE')) throw error
      }
      db.delete('key 0')
      for (let index = 1; index < COUNT; index++)
        expect(db.get(`key ${index}`)).toBe(`value ${index} `.repeat(60))
      device.capacityBytes = 10 * usedBytes
      db.rotateKey(SECOND, { renew: false })
      const after = db.renewKeys()
      expect([after.obstacle, leftOf(after)]).toEqual([undefined, 0])
      expect(db.count()).toBe(COUNT - 1)
      expect(db.verify().findings).toEqual([])
      db.close()
    }
  })
})
