// Strategy: signals that are aborted before and during operations of the asynchronous API.
// Invariants: the operation rejects with LDB_ABORTED and the reason as cause, and nothing is written.
import { describe, expect, it } from 'vitest'
import { filled, rejection } from './async-setup.js'
import { FaultyVfs } from './faulty-vfs.js'

describe('signals', () => {
  it('pass their reason on as the cause', async () => {
    const db = await filled(new FaultyVfs(), 10)
    const reason = new Error('no longer wanted')
    const signal = AbortSignal.abort(reason)
    for (const call of [db.get('a', { signal }), db.checkpoint({ signal }), db.verify({ signal })]) {
      await expect(call).rejects.toEqual(expect.objectContaining({ code: 'LDB_ABORTED', cause: reason }))
    }
    const controller = new AbortController()
    const change = db
      .changes({ since: db.sync.seq, signal: controller.signal })
      [Symbol.asyncIterator]()
      .next()
    controller.abort(reason)
    await expect(change).rejects.toEqual(expect.objectContaining({ code: 'LDB_ABORTED', cause: reason }))
    await db.close()
  })

  it('cancel operations that are not logged yet', async () => {
    const vfs = new FaultyVfs()
    const db = await filled(vfs, 3000)
    const aborted = { signal: AbortSignal.abort() }
    for (const call of [
      db.get('a', aborted),
      db.getMany(['a'], aborted),
      db.has('a', aborted),
      db.count({ gt: 'a', ...aborted }),
      db.estimate({ gt: 'a', ...aborted }),
      db.put('a', '1', aborted),
      db.update('a', () => '1', aborted),
      db.batch().put('a', '1').commit(aborted),
      db.checkpoint(aborted),
      db.compact(aborted),
      db.verify(aborted),
    ]) {
      await expect(call).rejects.toEqual(rejection('LDB_ABORTED'))
    }
    const controller = new AbortController()
    let count = 0
    const read = async (): Promise<void> => {
      for await (const _ of db.entries({ signal: controller.signal })) if (++count === 10) controller.abort()
    }
    await expect(read()).rejects.toEqual(rejection('LDB_ABORTED'))
    expect(count).toBeLessThan(600)
    expect(await db.get('a')).toBeUndefined()
    await expect(db.get('a', { signal: 7 as never })).rejects.toEqual(rejection('LDB_INVALID_ARGUMENT'))
    await db.close()
  })
})
