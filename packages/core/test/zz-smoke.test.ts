import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { Database } from '../src/index.js'
test('smoke', async () => {
  const vfs = new MemoryVfs({ seed: 1 })
  const big = (n: number) => 'x'.repeat(20000) + n
  const db = Database.open('data', { vfs })
  db.put('a', big(1)); db.put('b', 'small')
  await db.promises.put('c', big(3))
  db.batch().put('d', big(4)).put('e', big(5)).delete('a').commit()
  const tx = db.begin(); tx.put('f', big(6)); expect(tx.get('f')).toBe(big(6)); expect(tx.get('d')).toBe(big(4)); tx.commit()
  db.put('t', big(7), { ttlMs: 100000 })
  expect(db.get('t')).toBe(big(7))
  expect(vfs.list('data/blobs')).toEqual(['1.blob'])
  const all = db.entries().toArray()
  expect(all.map(([k, v]) => [k, v.length])).toEqual([['b', 5], ['c', 20001], ['d', 20001], ['e', 20001], ['f', 20001], ['t', 20001]])
  expect(await db.promises.get('d')).toBe(big(4))
  expect(await db.promises.getMany(['d', 'e'])).toEqual([big(4), big(5)])
  expect((await db.promises.entries().toArray()).length).toBe(6)
  expect(db.verify().ok).toBe(true)
  db.close()
  const again = Database.open('data', { vfs })
  expect(again.entries().toArray()).toEqual(all)
  again.close()
})
