// Strategy: very large values, and very many large ones at once, into a database on a real disk with a small cache. Invariants: when they
// are written, the process does not keep memory of their size.
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

/** Bytes of buffers that nobody can do without. */
async function keptBytes(): Promise<number> {
  // What a weak reference was made for lives until the end of the turn.
  await new Promise((resolve) => setImmediate(resolve))
  collect()
  collect()
  return process.memoryUsage().arrayBuffers
}

test('the buffer of a large value goes when it is written', async () => {
  using db = Database.open(join(root, 'data'), { cacheBytes: MIB, durability: 'periodic' })
  const values = db.keyspace('values', { values: 'binary' })
  values.put('first', new Uint8Array(1))
  const before = await keptBytes()
  values.put('large', new Uint8Array(40 * MIB))
  expect((await keptBytes()) - before).toBeLessThan(8 * MIB)
})

test('the buffers of many values at once go when they are written', async () => {
  await using db = await AsyncDatabase.open(join(root, 'data'), { cacheBytes: MIB, durability: 'periodic' })
  const values = await db.keyspace('values', { values: 'binary' })
  await values.put('first', new Uint8Array(1))
  const before = await keptBytes()
  const value = new Uint8Array(300_000)
  for (let round = 0; round < 2; round++) {
    const commits = []
    for (let number = 0; number < 200; number++) commits.push(values.put(`key${number}`, value))
    await Promise.all(commits)
  }
  expect((await keptBytes()) - before).toBeLessThan(24 * MIB)
})
