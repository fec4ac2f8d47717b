// Strategy: very large values, and very many large ones in one commit, into a database on disk with a small cache.
// Invariant: after the writes, the process retains no memory of their size.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { AsyncDatabase, Database } from '@ldb/core'

const MIB = 1_048_576

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ldb-kept-'))
})
afterEach(() => {
  rmSync(root, { recursive: true })
})

/** Returns the bytes of array buffers that survive a garbage collection. */
async function retainedBytes(): Promise<number> {
  // A target of a WeakRef stays alive until the end of the current job.
  await new Promise((resolve) => setImmediate(resolve))
  collect()
  collect()
  return process.memoryUsage().arrayBuffers
}

test('the buffer of a large value is freed after its write', async () => {
  using db = Database.open(join(root, 'data'), { cacheBytes: MIB, durability: 'periodic' })
  const values = db.keyspace('values', { values: 'binary' })
  values.put('first', new Uint8Array(1))
  const before = await retainedBytes()
  values.put('large', new Uint8Array(40 * MIB))
  expect((await retainedBytes()) - before).toBeLessThan(8 * MIB)
})

test('the buffers of many values are freed after their write', async () => {
  await using db = await AsyncDatabase.open(join(root, 'data'), { cacheBytes: MIB, durability: 'periodic' })
  const values = await db.keyspace('values', { values: 'binary' })
  await values.put('first', new Uint8Array(1))
  const before = await retainedBytes()
  const value = new Uint8Array(300_000)
  for (let round = 0; round < 2; round++) {
    const commits = []
    for (let number = 0; number < 200; number++) commits.push(values.put(`key${number}`, value))
    await Promise.all(commits)
  }
  expect((await retainedBytes()) - before).toBeLessThan(24 * MIB)
})
