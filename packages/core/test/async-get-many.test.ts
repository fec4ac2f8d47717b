// Strategy: multi-gets of the asynchronous API beside commits of both APIs, with caches smaller and larger than the
// data.
// Invariants: all values are of the state at the call, and the keys are copied at the call.
import { describe, expect, it } from 'vitest'
import { filled, open } from './async-setup.js'
import { FaultyVfs } from './faulty-vfs.js'

describe('getMany', () => {
  const KEYS = Array.from({ length: 700 }, (_, index) => `key${String(index * 4).padStart(6, '0')}`)

  it.each([65_536, 8 << 20])(
    'returns all values as of the call, with %i bytes of cache',
    async (cacheBytes) => {
      const vfs = new FaultyVfs()
      await (await filled(vfs, 3000)).close()
      const db = open(vfs, cacheBytes)
      const before = db.sync.getMany(KEYS)
      const read = db.getMany(KEYS)
      const beside = [db.batch(), db.batch()].map(async (batch, index) => {
        for (const key of KEYS) batch.put(key, `new${index}`)
        await batch.commit()
      })
      for (const key of KEYS.slice(-10)) db.sync.put(key, 'newer')
      expect(await read).toEqual(before)
      await Promise.all(beside)
      expect(db.sync.stats().reads.openCount).toBe(0)
      await db.close()
    },
  )

  it('keeps the keys of the call when the caller overwrites their bytes', async () => {
    const db = await filled(new FaultyVfs(), 3000)
    const bytes = await db.keyspace('bytes', { keys: 'binary' })
    await bytes.put(Uint8Array.of(1), 'one')
    const key = Uint8Array.of(1)
    const read = bytes.getMany([key])
    key[0] = 2
    expect(await read).toEqual(['one'])
    await db.close()
  })
})
