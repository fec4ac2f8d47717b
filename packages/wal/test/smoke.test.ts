import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { Wal } from '../src/index.js'
test('smoke', async () => {
  const vfs = new MemoryVfs()
  let wal = Wal.open(vfs, 'log')
  for (let i = 0; i < 10; i++) wal.append(new Uint8Array(i * 10).fill(i), { seq: i + 1, type: i })
  wal.sync()
  wal.append(new Uint8Array(5))
  await wal.syncAsync()
  const r = wal.read(0)
  let n = 0
  while (r.next()) {
    n++
  }
  expect(n).toBe(11)
  wal.close({ clean: false })
  wal = Wal.open(vfs, 'log')
  expect(wal.openedClean).toBe(false)
  wal.close()
  wal = Wal.open(vfs, 'log')
  expect(wal.openedClean).toBe(true)
  const f: unknown[] = []
  wal.verify({ finding: (x) => f.push(x), progress: () => {} })
  expect(f).toEqual([])
  console.log(wal.stats(), vfs.list('log'))
})
