import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { Database } from '../src/index.js'
const big = (n: number) => `${n}`.padEnd(20000, 'x')
test('collect sync', () => {
  const vfs = new MemoryVfs({ seed: 1 })
  const db = Database.open('data', { vfs })
  for (let round = 0; round < 10; round++) for (let i = 0; i < 100; i++) db.put(`k${i}`, big(i + round * 1000))
  const before = db.stats().blobs!
  expect(before.fileBytes).toBeGreaterThan(20_000_000)
  console.log(before)
  db.compact()
  console.log(db.stats().blobs, vfs.list('data/blobs'))
  for (let i = 0; i < 100; i++) expect(db.get(`k${i}`)).toBe(big(i + 9000))
  expect(db.verify().ok).toBe(true)
  db.close()
  const again = Database.open('data', { vfs })
  for (let i = 0; i < 100; i++) expect(again.get(`k${i}`)).toBe(big(i + 9000))
  const snap = again.snapshot()
  again.clear()
  again.compact()
  console.log(again.stats().blobs, vfs.list('data/blobs'))
  expect(snap.get('k1')).toBe(big(9001))
  snap.release()
  again.compact()
  console.log(again.stats().blobs, vfs.list('data/blobs'))
  again.close()
})
import { mkdtempSync, rmSync, readdirSync } from 'node:fs'
test.each(['async', 'sync'])('collect %s', async (mode) => {
  const dir = mkdtempSync('/tmp/ldb-blob-')
  const db = Database.open(dir, { durability: 'none' })
  let peak = 0
  for (let round = 0; round < 40; round++) for (let i = 0; i < 100; i++) {
    if (mode === 'async') await db.promises.put(`k${i}`, big(i + round * 1000))
    else db.put(`k${i}`, big(i + round * 1000))
    peak = Math.max(peak, db.stats().blobs!.fileBytes)
  }
  console.log(mode, 'peak', peak, db.stats().blobs)
  if (mode === 'async') for (let i = 0; i < 50 && db.stats().blobs!.fileBytes > 3_000_000; i++) await new Promise((r) => setTimeout(r, 100))
  console.log(mode, db.stats().blobs, readdirSync(dir + '/blobs'))
  for (let i = 0; i < 100; i++) expect(db.get(`k${i}`)).toBe(big(i + 39000))
  expect(db.verify().ok).toBe(true)
  db.close()
  const again = Database.open(dir)
  expect(again.verify().ok).toBe(true)
  again.close()
  rmSync(dir, { recursive: true })
})
