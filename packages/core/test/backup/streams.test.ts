// Strategy: backups are written to streams of all sorts, cut, flipped, resumed and restored, beside commits, aborts and closes.
// Invariants: a restored stream is the state at its commit. A stream that is cut or changed anywhere restores nothing. One that goes on elsewhere has
// the bytes of one that was never cut. The bytes that wait are bounded. Nothing of an encrypted database is in clear.
import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { AsyncDatabase, Database, isLdbError } from '@ldb/core'
import { contentsAt, contentsOf, fill } from './backup-setup.js'
import { leftOf, partsOf, sectionsOf, streamOf, TestWritable } from './stream-setup.js'

const KEY = { key: new Uint8Array(32).fill(5) }

function open(vfs: MemoryVfs, engine: 'btree' | 'lsm' = 'btree', entryCount = 400): Database {
  const db = Database.open('db', { vfs, engine, workers: 0, memtableBytes: 65_536 })
  fill(db, 0, entryCount)
  const large = db.keyspace('large', { values: 'binary' })
  large.put(
    'a',
    new Uint8Array(60_000).map((_, index) => index),
  )
  db.checkpoint()
  db.put('in', 'the log')
  return db
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
    return undefined
  } catch (error) {
    return isLdbError(error) ? error.code : error
  }
}

describe.each(['btree', 'lsm'] as const)('of engine %s', (engine) => {
  test('a stream is the state at its commit, and commits go on', async () => {
    const vfs = new MemoryVfs()
    const db = open(vfs, engine, 1500)
    const expected = contentsOf(db)
    const { seq } = db
    const target = new TestWritable()
    let count = 0
    const onProgress = (): void => {
      db.put(`later ${count}`, 'x'.repeat(1000))
      if (count++ % 2 === 0) db.checkpoint()
    }
    const report = await db.promises.backupTo(target, { onProgress })
    expect(report).toMatchObject({ seq, number: 1, isIncremental: false, content: 'blocks' })
    expect(count).toBeGreaterThan(3)
    expect(report.streamBytes).toBe(target.byteCount)
    expect(target).toMatchObject({ isEnded: true, isDestroyed: false })
    expect(['error', 'close', 'drain', 'finish'].map((event) => target.listenerCount(event))).toEqual([
      0, 0, 0, 0,
    ])
    // One section at a time waits, and no more.
    expect(target.waitingMax).toBeLessThan(270_000)
    const restored = await Database.restore(partsOf(target.bytes, 777), 'restored', { vfs })
    expect(restored).toMatchObject({ seq, number: 1 })
    expect(contentsAt(vfs, 'restored')).toEqual(expected)
    expect(Database.verify('restored', { vfs }).findings).toEqual([])
    expect(leftOf(vfs)).toEqual([])
    db.close()
  })

  test('increments are streams that continue one', async () => {
    const vfs = new MemoryVfs()
    const db = open(vfs, engine, 1000)
    const streams: Uint8Array[] = []
    const states: unknown[] = []
    const seqs: number[] = []
    let incremental: boolean | Uint8Array = true
    for (let round = 0; round < 4; round++) {
      // The third one begins after a restart, without the commits: it contains blocks.
      if (round === 2) {
        db.close()
        const again = Database.open('db', { vfs, engine, workers: 0, memtableBytes: 65_536 })
        again.put('round', '2')
        const { bytes, content } = await streamOf(again, incremental)
        expect(content).toBe('blocks')
        streams.push(bytes)
        states.push(contentsOf(again))
        seqs.push(again.seq)
        again.close()
        break
      }
      db.put('round', `${round}`)
      const { bytes, manifest, content } = await streamOf(db, incremental)
      expect(content).toBe(round === 0 ? 'blocks' : 'commits')
      incremental = manifest
      streams.push(bytes)
      states.push(contentsOf(db))
      seqs.push(db.seq)
    }
    expect(streams).toHaveLength(3)
    expect((streams[1] as Uint8Array).length).toBeLessThan(0.1 * (streams[0] as Uint8Array).length)
    for (const [index, until] of seqs.entries()) {
      await AsyncDatabase.restore([...streams].reverse(), 'restored', { vfs, until })
      expect(contentsAt(vfs, 'restored')).toEqual(states[index])
      Database.destroy('restored', { vfs })
    }
    await AsyncDatabase.restore(streams.slice(0, 2), 'restored', { vfs })
    expect(contentsAt(vfs, 'restored')).toEqual(states[1])
    const [, second, third] = streams as [Uint8Array, Uint8Array, Uint8Array]
    for (const wrong of [[second, third], [streams[0], third], []] as Uint8Array[][])
      expect(await failureOf(AsyncDatabase.restore(wrong, 'x', { vfs }))).toMatch(/CORRUPTION|ARGUMENT/)
    expect(await failureOf(Database.restore([second, second], 'x', { vfs }))).toBe('LDB_INVALID_ARGUMENT')
    expect(leftOf(vfs)).toEqual([])
  })

  test('the stream of an encrypted database contains nothing of it in clear', async () => {
    const vfs = new MemoryVfs()
    const db = Database.open('db', { vfs, engine, workers: 0, encryption: KEY })
    const canary = 'canary of a stream 0123456789'
    for (let index = 0; index < 200; index++) db.put(`${canary} ${index}`, `${canary} ${index}`)
    db.put('large', canary.repeat(3000))
    db.checkpoint()
    db.put(canary, `${canary} in the log`)
    const full = await streamOf(db, true)
    db.put(canary, `${canary} later`)
    const next = await streamOf(db, full.manifest)
    expect(next.content).toBe('commits')
    for (const bytes of [full.bytes, next.bytes, full.manifest])
      expect(Buffer.from(bytes).includes(canary)).toBe(false)
    const streams = [full.bytes, next.bytes]
    expect(await failureOf(Database.restore(streams, 'restored', { vfs }))).toBe('LDB_KEY')
    await Database.restore(streams, 'restored', { vfs, encryption: KEY })
    const restored = Database.open('restored', { vfs, encryption: KEY })
    expect(restored.entries().toArray()).toEqual(db.entries().toArray())
    restored.close()
    db.close()
  })
})

test('a database in memory, and streams of the web', async () => {
  const vfs = new MemoryVfs()
  const db = Database.memory()
  fill(db, 0, 500)
  db.keyspace('large', { values: 'binary' }).put('a', new Uint8Array(100_000))
  const parts: Uint8Array[] = []
  const target = new WritableStream<Uint8Array>({
    write: async (chunk) => {
      await new Promise((resolve) => setImmediate(resolve))
      parts.push(chunk)
    },
  })
  const { streamBytes } = await db.backupTo(target)
  expect(parts.reduce((sum, { length }) => sum + length, 0)).toBe(streamBytes)
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const sent = db.backupTo(writable)
  // Without the iterator that not every platform has.
  await Database.restore({ getReader: () => readable.getReader() }, 'restored', { vfs })
  await sent
  expect(contentsAt(vfs, 'restored')).toEqual(contentsOf(db))
  await AsyncDatabase.restore(parts.values(), 'again', { vfs })
  expect(contentsAt(vfs, 'again')).toEqual(contentsOf(db))
  const failing = new WritableStream<Uint8Array>({
    write: () => {
      throw new Error('full')
    },
  })
  await expect(db.backupTo(failing)).rejects.toThrow('full')
  db.close()
})

test('a stream that is cut or changed restores nothing', async () => {
  const vfs = new MemoryVfs()
  const db = open(vfs)
  const { bytes } = await streamOf(db)
  const other = await streamOf(db)
  const sections = sectionsOf(bytes)
  expect(sections.length).toBeGreaterThan(5)
  const damaged = [new Uint8Array(0), bytes.slice(0, 60)]
  for (const at of sections.slice(0, -1)) damaged.push(bytes.slice(0, at), bytes.slice(0, at + 45))
  damaged.push(bytes.slice(0, -1), Buffer.concat([bytes, bytes.subarray(0, 1)]))
  // The end of another stream, of the same state.
  const [cut] = sections.slice(2) as [number]
  damaged.push(Buffer.concat([bytes.subarray(0, cut), other.bytes.subarray(cut)]))
  damaged.push(Buffer.concat([bytes.subarray(0, cut - 7), other.bytes.subarray(cut - 7)]))
  // A section is missing, or there twice.
  const [first, second] = sections.slice(1) as [number, number]
  damaged.push(Buffer.concat([bytes.subarray(0, first), bytes.subarray(second)]))
  damaged.push(Buffer.concat([bytes.subarray(0, second), bytes.subarray(first)]))
  for (const length of [1, 7, 8, 23, 24]) damaged.push(bytes.slice(0, length))
  for (const [index, each] of damaged.entries()) {
    const code = await failureOf(Database.restore(partsOf(each, 5000), 'restored', { vfs }))
    expect(code, `${index}`).toBe('LDB_CORRUPTION')
    expect(vfs.list('')).toEqual(['db'])
  }
  expect(await failureOf(Database.restore(Uint8Array.of(0x8c, 0x4d), 'restored', { vfs }))).toBe('LDB_FORMAT')
  const newer = bytes.slice()
  newer[12] = 99
  expect(await failureOf(Database.restore(newer, 'restored', { vfs }))).toMatch(/LDB_FORMAT|LDB_CORRUPTION/)
  db.close()
})

test.each([undefined, KEY])('a stream that fails goes on with the same bytes (%#)', async (encryption) => {
  const vfs = new MemoryVfs()
  const db = Database.open('db', { vfs, ...(encryption && { encryption }) })
  fill(db, 0, 9000)
  db.checkpoint()
  db.put('in', 'the log')
  const expected = db.entries().toArray()
  const parts: Uint8Array[] = []
  let target = new TestWritable(50)
  let storedBytes = 0
  const failures: number[] = []
  const report = await db.backupTo(target, {
    resume: ({ offset, error }) => {
      expect(String(error)).toContain('broken')
      db.put('later', `${offset}`)
      db.checkpoint()
      // The store keeps a part of what was given.
      const kept = Math.max(0, target.byteCount - 11 * failures.length)
      expect(offset).toBeGreaterThanOrEqual(kept)
      parts.push(target.bytes.subarray(0, kept))
      storedBytes += kept
      failures.push(offset)
      target = new TestWritable(failures.length > 6 ? Infinity : 50_001)
      return Promise.resolve({ target, offset: storedBytes })
    },
  })
  const bytes = Buffer.concat([...parts, target.bytes])
  expect(failures.length).toBe(7)
  expect(bytes.length).toBe(report.streamBytes)
  await Database.restore(bytes, 'restored', { vfs, ...(encryption && { encryption }) })
  const restored = Database.open('restored', { vfs, ...(encryption && { encryption }) })
  expect(restored.entries().toArray()).toEqual(expected)
  restored.close()
  const resume = (): never => {
    throw new Error('no more attempts')
  }
  await expect(db.backupTo(new TestWritable(100), { resume })).rejects.toThrow('no more attempts')
  await expect(db.backupTo(new TestWritable(100))).rejects.toThrow('broken at 100')
  const ahead = (): { target: TestWritable; offset: number } => ({ target: new TestWritable(), offset: 1e9 })
  expect(await failureOf(db.backupTo(new TestWritable(100), { resume: ahead }))).toBe('LDB_INVALID_ARGUMENT')
  db.close()
})

test('a download that fails goes on where it has stopped, and not with another stream', async () => {
  const vfs = new MemoryVfs()
  const db = open(vfs)
  const { bytes } = await streamOf(db)
  const other = await streamOf(db)
  const offsets: number[] = []
  await Database.restore(partsOf(bytes, 1000, 10), 'restored', {
    vfs,
    resume: ({ index, offset, error }) => {
      expect(index).toBe(0)
      expect(error === undefined).toBe(offsets.length % 2 === 0)
      offsets.push(offset)
      // Every other one fails instead of ending.
      const failure = offsets.length % 2 === 1 ? new Error('lost') : undefined
      return partsOf(bytes.subarray(offset), 1000, failure && 20_000, failure)
    },
  })
  expect(offsets).toEqual([10, 20_010])
  expect(contentsAt(vfs, 'restored')).toEqual(contentsOf(db))
  for (const at of [125, 20_010]) {
    const resume = ({ offset }: { offset: number }): Uint8Array => other.bytes.subarray(offset)
    const code = await failureOf(Database.restore(partsOf(bytes, 999, at), 'x', { vfs, resume }))
    expect(code).toBe('LDB_CORRUPTION')
  }
  await expect(Database.restore(partsOf(bytes, 999, 500, new Error('lost')), 'x', { vfs })).rejects.toThrow(
    'lost',
  )
  expect(leftOf(vfs)).toEqual([])
  expect(vfs.status('x')).toBeUndefined()
  db.close()
})

test('aborts and closes end a backup whose stream is full, and destroy it', async () => {
  const vfs = new MemoryVfs()
  for (const end of ['abort', 'sync close', 'close'] as const) {
    const db = await AsyncDatabase.open('db', { vfs })
    if (end === 'abort') fill(db.sync, 0, 500)
    const target = new TestWritable()
    target.isStuck = true
    const controller = new AbortController()
    const result = failureOf(db.backupTo(target, { signal: controller.signal, incremental: true }))
    while (target.waitingMax === 0) await new Promise((resolve) => setImmediate(resolve))
    if (end === 'abort') controller.abort()
    else if (end === 'close') await db.close()
    else db.sync.close()
    expect(await result, end).toBe(end === 'abort' ? 'LDB_ABORTED' : 'LDB_CLOSED')
    expect(target.isDestroyed).toBe(true)
    await db.close()
    expect(await failureOf(db.backupTo(new TestWritable()))).toBe('LDB_CLOSED')
  }
  const again = Database.open('db', { vfs })
  expect(again.count()).toBe(500)
  again.close()
  const stuck = new Promise<never>(() => undefined)
  const controller = new AbortController()
  const source = { [Symbol.asyncIterator]: () => ({ next: () => stuck }) }
  const restoring = failureOf(Database.restore(source, 'x', { vfs, signal: controller.signal }))
  controller.abort()
  expect(await restoring).toBe('LDB_ABORTED')
  expect(vfs.list('')).toEqual(['db'])
})

test('wrong arguments are refused', async () => {
  const vfs = new MemoryVfs()
  const db = open(vfs)
  for (const target of [undefined, 'file', {}, { write: 1 }, new Uint8Array(5)])
    expect(await failureOf(db.backupTo(target as never))).toBe('LDB_INVALID_ARGUMENT')
  for (const options of [{ incremental: 1 }, { resume: 1 }, { onProgress: 1 }, { verify: true }])
    expect(await failureOf(db.backupTo(new TestWritable(), options as never))).toBe('LDB_INVALID_ARGUMENT')
  expect(await failureOf(db.backupTo(new TestWritable(), { incremental: new Uint8Array(200) }))).toBe(
    'LDB_FORMAT',
  )
  const { manifest } = await streamOf(db, true)
  const other = Database.memory()
  expect(await failureOf(other.backupTo(new TestWritable(), { incremental: manifest }))).toBe(
    'LDB_INVALID_ARGUMENT',
  )
  for (const source of [['a'], [1], { getReader: 1 }])
    expect(await failureOf(AsyncDatabase.restore(source as never, 'x', { vfs }))).toBe('LDB_INVALID_ARGUMENT')
  expect(() => Database.restore('x', 'y', { resume: () => [] } as never)).toThrow('resume')
  expect(await failureOf(Database.restore(manifest, 'db', { vfs }))).toBe('LDB_EXISTS')
  other.close()
  db.close()
})
