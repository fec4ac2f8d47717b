// Strategy: an object is ended by a function that a pending call on it awaits, or while such a function runs for long.
// Invariants: A10. The end takes effect after the call, neither waits for the other for ever, and no call returns a part of its results
// as all of them. Functions are called one after the other, and only for the results that are read.
import { describe, expect, it } from 'vitest'
import { keyOf, KEYS, REACHED, settled, slowly } from './async-calls.js'
import { filled, rejection } from './async-setup.js'
import { FaultyVfs } from './faulty-vfs.js'

describe('an end that is called by a function that a call before it awaits', () => {
  it('does not wait for that function, and takes effect after the call', async () => {
    const db = await filled(new FaultyVfs(), 20)
    const keys = KEYS.slice(0, 20)
    const scan = db.keys()
    const visited: string[] = []
    await scan.forEach(async (key) => {
      visited.push(key)
      await scan.return()
    })
    expect(visited).toEqual(keys)
    expect(await scan.next()).toEqual(REACHED)

    const snapshot = db.snapshot()
    const mapped = snapshot.keys().map((key) => snapshot.release().then(() => key))
    expect(await mapped.toArray()).toEqual(keys)
    await expect(snapshot.get('a')).rejects.toEqual(rejection('LDB_CLOSED'))

    const nested = db.keys()
    const pairs = nested.map(async (key) => [key, (await nested.next()).value])
    expect(await pairs.next()).toEqual({ done: false, value: [keyOf(0), keyOf(1)] })
    await pairs.return()
    expect(db.sync.stats().reads.openCount).toBe(0)

    const tx = db.begin()
    await tx.put('a', '1')
    const committing = tx.keys().forEach(() => tx.commit())
    await expect(committing).rejects.toEqual(rejection('LDB_CLOSED'))
    expect(await db.get('a')).toBe('1')

    const closing = db.keys().forEach(() => db.close())
    await expect(closing).rejects.toEqual(rejection('LDB_CLOSED'))
    expect(db.isOpen).toBe(false)
  })

  it('waits for functions that take long, except for a close', async () => {
    const db = await filled(new FaultyVfs(), 10)
    const keys = KEYS.slice(0, 10)
    const scan = db.keys()
    const ended = [scan.map(slowly).toArray(), scan.return()]
    expect(await settled(ended)).toEqual([keys, REACHED])
    const snapshot = db.snapshot()
    expect(await settled([snapshot.keys().map(slowly).toArray(), snapshot.release()])).toEqual([
      keys,
      undefined,
    ])
    expect(db.sync.stats().reads.openCount).toBe(0)
    const slow = db.keys().map(slowly).toArray()
    await db.close()
    await expect(slow).rejects.toEqual(rejection('LDB_CLOSED'))
  })
})

describe('a helper of a scan', () => {
  it('calls functions only for the results that are read, one after the other', async () => {
    const db = await filled(new FaultyVfs(), 20)
    let running = 0
    const calls: string[] = []
    const slow = async (key: string): Promise<string> => {
      calls.push(key)
      expect(++running).toBe(1)
      await slowly(key)
      running--
      return key
    }
    const mapped = db.keys().map(slow)
    expect(await Promise.all([mapped.next(), mapped.next(), mapped.return(), mapped.next()])).toEqual([
      { done: false, value: keyOf(0) },
      { done: false, value: keyOf(1) },
      REACHED,
      REACHED,
    ])
    expect(calls.splice(0)).toEqual([keyOf(0), keyOf(1)])
    expect(await db.keys().map(slow).take(3).toArray()).toHaveLength(3)
    expect(calls.splice(0)).toHaveLength(3)
    expect(
      await db
        .keys()
        .map(slow)
        .find((key) => key === keyOf(1)),
    ).toBe(keyOf(1))
    expect(calls.splice(0)).toHaveLength(2)
    expect(db.sync.stats().reads.openCount).toBe(0)
    await db.close()
  })
})
