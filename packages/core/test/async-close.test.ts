// Strategy: closes of either API while reads, scans and commits are pending.
// Invariants: a close by the asynchronous API waits for pending operations; a close by the synchronous API ends them
// with LDB_CLOSED.
import { isLdbError } from '@ldb/base'
import { describe, expect, it } from 'vitest'
import { filled, holdSyncs, open, rejection } from './async-setup.js'
import { FaultyVfs } from './faulty-vfs.js'

describe('closing', () => {
  it('waits for pending operations, and refuses later ones', async () => {
    const vfs = new FaultyVfs()
    const db = await filled(vfs, 3000)
    const release = holdSyncs(vfs)
    const put = db.put('key', 'value')
    const get = db.get('key001234')
    const count = db.count({ gt: 'key0' })
    const scan = db.entries()
    await scan.next()
    const closed = db.close()
    await expect(db.get('a')).rejects.toEqual(rejection('LDB_CLOSED'))
    await expect(db.put('a', '1')).rejects.toEqual(rejection('LDB_CLOSED'))
    await expect(db.stats()).rejects.toEqual(rejection('LDB_CLOSED'))
    expect(() => db.entries()).toThrow('closed')
    expect(db.sync.isOpen).toBe(true)
    release()
    await put
    expect(await get).toBe('value 1234')
    expect(await count).toBe(3000)
    await closed
    await db.close()
    expect(db.sync.isOpen).toBe(false)
    await expect(scan.return()).resolves.toEqual({ done: true, value: undefined })
    const again = open(vfs)
    expect(await again.get('key')).toBe('value')
    expect((await again.verify()).findings).toEqual([])
    await again.close()
  })

  it('by the synchronous API ends pending operations with LDB_CLOSED', async () => {
    const vfs = new FaultyVfs()
    const db = await filled(vfs, 3000)
    const get = db.get('key001234')
    const put = db.put('key', 'value')
    db.sync.close()
    await put
    const result = await get.catch((error: unknown) => error)
    expect(isLdbError(result, 'LDB_CLOSED')).toBe(true)
    await expect(db.get('key')).rejects.toEqual(rejection('LDB_CLOSED'))
    await db.close()
  })
})
