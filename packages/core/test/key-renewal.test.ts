// Strategy: an encrypted database of each engine holds values of every place, keys that need extents, deleted ranges and several keyspaces. Its
// key is rotated and its data keys are renewed: at once, in the background beside commits, over restarts and kills, with an archive and backups.
// Invariants: no entry changes; the key file ends with one data key, with which alone everything reads and verifies; a file from before
// does not.
import { isLdbError } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { AsyncDatabase, Database } from '../src/index.js'
import type { DatabaseOptions, EngineName, Encryption, RenewalStats } from '../src/index.js'
import { copyAfterKill } from './directory-tree.js'

const KEYS: Encryption[] = [3, 5, 7].map((factor) => ({
  key: Uint8Array.from({ length: 32 }, (_, index) => (index * factor) % 251),
}))
const [FIRST, SECOND, THIRD] = KEYS as [Encryption, Encryption, Encryption]

function optionsOf(vfs: MemoryVfs, engine: EngineName, encryption: Encryption): DatabaseOptions {
  const sizes = { pageBytes: 4096, memtableBytes: 65_536, blobBytes: 16_000, cacheBytes: 1 << 20 } as const
  return { vfs, engine, ...sizes, workers: 0, encryption }
}

/** Writes values into every place. */
function fill(db: Database): void {
  for (let index = 0; index < 300; index++) db.put(`small ${index}`, `value ${index} `.repeat(8))
  for (let index = 0; index < 20; index++) db.put(`extent ${index}`, `${index} `.repeat(2000 + index))
  for (let index = 0; index < 12; index++) db.put(`${'k'.repeat(2000)} ${index}`, `long key ${index}`)
  for (let index = 0; index < 6; index++) db.put(`blob ${index}`, `${index} `.repeat(20_000))
  db.put('chunks', 'c'.repeat(1_500_000))
  db.deleteRange({ gte: 'small 20', lt: 'small 25' })
  db.keyspace('other').put('a', 'b')
  const records = db.keyspace('records', { engine: 'btree', dictionary: true })
  for (let index = 0; index < 300; index++)
    records.put(
      `record ${index}`,
      JSON.stringify({ index, name: `name ${index % 17}`, text: 'some text '.repeat(25) }),
    )
  db.checkpoint()
  for (let index = 0; index < 50; index++) db.put(`late ${index}`, `late value ${index}`)
  db.delete('blob 2')
}

function contentOf(db: Database): Map<string, string> {
  const records = db.keyspace<string, string>('records', { engine: 'btree', dictionary: true })
  return new Map([...db.entries(), ...db.keyspace<string, string>('other').entries(), ...records.entries()])
}

function expectNothingLeft({ left, obstacle }: RenewalStats): void {
  expect(obstacle).toBeUndefined()
  for (const amount of Object.values(left)) expect(amount).toEqual({ unitCount: 0, byteCount: 0 })
}

/** Opens with a key, and expects everything to be whole under one data key. */
function expectWhole(
  vfs: MemoryVfs,
  engine: EngineName,
  key: Encryption,
  content: Map<string, string>,
): void {
  const db = Database.open('data', optionsOf(vfs, engine, key))
  expect(db.stats().encryption?.dataKeyCount).toBe(1)
  expect(contentOf(db)).toEqual(content)
  const { findings, dataKeys } = db.verify()
  expect([findings, dataKeys.length]).toEqual([[], 1])
  db.close()
}

describe.each(['btree', 'lsm'] as const)('renewal with engine %s', (engine) => {
  test('rewrites everything, and removes the old data key', () => {
    const vfs = new MemoryVfs()
    const db = Database.open('data', optionsOf(vfs, engine, FIRST))
    fill(db)
    const content = contentOf(db)
    expect(db.stats().encryption).toMatchObject({ dataKeyId: 1, dataKeyCount: 1 })
    db.rotateKey(SECOND)
    expect(db.stats().encryption).toMatchObject({ dataKeyId: 2, dataKeyCount: 2 })
    db.put('under', 'the new key')
    content.set('under', 'the new key')
    const counted = db.verify().dataKeys
    expect(counted.map(({ dataKeyId }) => dataKeyId)).toEqual([1, 2])
    expect(counted[0]?.count).toBeGreaterThan(10)
    const events: unknown[] = []
    db.on('renewal', (event) => events.push(event))
    const stats = db.renewKeys()
    expectNothingLeft(stats)
    for (const kind of ['stores', 'blobs', 'log', 'catalog'] as const) {
      expect(stats.done[kind].unitCount, kind).toBeGreaterThan(0)
    }
    expect(events).toMatchObject([{ removedKeyIds: [1] }])
    expect(db.stats().encryption).toMatchObject({ dataKeyId: 2, dataKeyCount: 1 })
    expect(contentOf(db)).toEqual(content)
    db.close()
    expectWhole(vfs, engine, SECOND, content)
  })

  test('runs in the background beside commits and readers, and goes on after a kill and another rotation', async () => {
    let vfs = new MemoryVfs()
    let db = await AsyncDatabase.open('data', optionsOf(vfs, engine, FIRST))
    fill(db.sync)
    await db.rotateKey(SECOND)
    const snapshot = db.snapshot()
    const seen = await snapshot.entries().toArray()
    const running = db.renewKeys()
    expect(db.sync.stats().encryption).toMatchObject({ dataKeyCount: 2, renewal: { isRunning: true } })
    for (let index = 0; index < 40; index++) await db.put(`beside ${index}`, `${index}`.repeat(50))
    await db.rotateKey(THIRD)
    await running
    // What the first pass could not see is renewed by the next one; old tables are there as long as the snapshot reads them.
    expect(await snapshot.entries().toArray()).toEqual(seen)
    await snapshot.release()
    expectNothingLeft(await db.renewKeys())
    expect(db.sync.stats().encryption).toMatchObject({ dataKeyId: 3, dataKeyCount: 1 })
    await db.rotateKey(FIRST, { renew: false })
    await db.put('last', 'commit')
    const content = contentOf(db.sync)
    vfs = copyAfterKill(vfs, 'data')
    await db.close()

    db = await AsyncDatabase.open('data', optionsOf(vfs, engine, FIRST))
    // The open finds older keys in the key file, and begins by itself.
    expect(db.sync.stats().encryption).toMatchObject({ dataKeyCount: 2, renewal: { isRunning: true } })
    let isDone = false
    db.on('renewal', () => (isDone = true))
    let slices = 0
    for (; !isDone; slices++) {
      vfs.time.advance(500)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(slices).toBeGreaterThan(2)
    expect(db.sync.stats().encryption).toMatchObject({ dataKeyId: 4, dataKeyCount: 1 })
    await db.close()
    expectWhole(vfs, engine, FIRST, content)
  })

  test('is ended by a close, and waits for a page or table that cannot be read', async () => {
    const vfs = new MemoryVfs()
    const db = await AsyncDatabase.open('data', optionsOf(vfs, engine, FIRST))
    fill(db.sync)
    // So that no merge of tables is due that would meet the damage, or write them under the new key before.
    if (engine === 'lsm') db.sync.compact()
    const content = contentOf(db.sync)
    await db.rotateKey(SECOND)
    const running = db.renewKeys().then(
      () => 'nothing thrown',
      (error: unknown) => isLdbError(error) && error.code,
    )
    db.sync.close()
    expect(await running).toBe('LDB_CLOSED')

    const again = Database.open('data', optionsOf(vfs, engine, SECOND))
    expect(contentOf(again)).toEqual(content)
    again.checkpoint()
    again.close()
    const path = vfs
      .list('data/keyspaces/1')
      .filter((name) => name.endsWith(engine === 'btree' ? '.ldb' : '.sst'))
      .map((name) => `data/keyspaces/1/${name}`)[0] as string
    const flip = (): void => flipOf(vfs, path, engine)
    flip()
    const damaged = Database.open('data', optionsOf(vfs, engine, SECOND))
    const stats = damaged.renewKeys()
    expect([stats.left.stores.unitCount > 0, damaged.stats().encryption?.dataKeyCount]).toEqual([true, 2])
    expect(stats.obstacle).toContain('damaged')
    damaged.put('still', 'writable')
    damaged.close()
    flip()
    const repaired = Database.open('data', optionsOf(vfs, engine, SECOND))
    expectNothingLeft(repaired.renewKeys())
    expect(contentOf(repaired)).toEqual(content.set('still', 'writable'))
    repaired.close()
  })
})

/** Changes a byte in the middle of a file that is under an old key, in a leaf or a data block; the second call changes it back. */
function flipOf(vfs: MemoryVfs, path: string, engine: EngineName): void {
  const file = vfs.open(path, 'write')
  const byte = new Uint8Array(1)
  const at = engine === 'btree' ? 4 * 4096 + 100 : 200
  file.read(byte, 0, 1, at)
  file.write(
    byte.map((each) => each ^ 4),
    0,
    1,
    at,
  )
  file.close()
}

test('a file from before a renewal is damage, and so is one under a data key that is gone', () => {
  const vfs = new MemoryVfs()
  const db = Database.open('data', optionsOf(vfs, 'btree', FIRST))
  fill(db)
  db.checkpoint()
  const path = 'data/keyspaces/1/tree.ldb'
  const before = bytesOf(vfs, path)
  db.rotateKey(SECOND, { renew: false })
  db.close()
  const again = Database.open('data', optionsOf(vfs, 'btree', SECOND))
  again.renewKeys()
  again.close()
  const file = vfs.open(path, 'write')
  file.truncate(0)
  file.write(before, 0, before.length, 0)
  file.close()
  expect(() => Database.open('data', optionsOf(vfs, 'btree', SECOND)).get('small 1')).toThrow(
    /LDB_CORRUPTION|valid/u,
  )
})

function bytesOf(vfs: MemoryVfs, path: string): Uint8Array {
  const file = vfs.open(path, 'read')
  const bytes = new Uint8Array(file.length())
  file.read(bytes, 0, bytes.length, 0)
  file.close()
  return bytes
}

test('an archive and a backup keep the data keys that they need', () => {
  const vfs = new MemoryVfs()
  const options = { ...optionsOf(vfs, 'btree', FIRST), archive: { to: 'archive' } }
  let db = Database.open('data', options)
  db.put('before', 'the backup')
  db.backup('backups')
  db.put('first', 'key')
  db.close()
  db = Database.open('data', options)
  db.rotateKey(SECOND)
  db.put('second', 'key')
  // The archive has not received the new keys: nothing is removed before it has.
  const stats = db.renewKeys()
  db.put('third', 'commit')
  db.close()
  db = Database.open('data', { ...options, encryption: SECOND })
  expect([stats.obstacle, db.stats().encryption?.dataKeyCount]).toEqual([undefined, 1])
  db.rotateKey(THIRD)
  db.put('fourth', 'key')
  expectNothingLeft(db.renewKeys())
  const content = new Map(db.entries())
  db.close()
  Database.restore('backups', 'restored', { vfs, encryption: THIRD, archive: 'archive' })
  const restored = Database.open('restored', optionsOf(vfs, 'btree', THIRD))
  expect(new Map(restored.entries())).toEqual(content)
  restored.close()
  Database.restore('backups', 'older', { vfs, encryption: FIRST })
  const older = Database.open('older', optionsOf(vfs, 'btree', FIRST))
  expect([...older.entries()]).toEqual([['before', 'the backup']])
  older.close()
})

test('the log of a consumer, and a value that is being written, keep the old key', async () => {
  const vfs = new MemoryVfs()
  const db = await AsyncDatabase.open('data', optionsOf(vfs, 'btree', FIRST))
  await db.put('a', '1')
  const changes = db.changes({ since: 0 })
  await db.rotateKey(SECOND)
  const stats = await db.renewKeys()
  expect(stats.obstacle).toContain('log')
  expect(stats.left.log.unitCount).toBe(1)
  const found = await changes.next()
  expect(found.value).toMatchObject({ seq: 1 })
  await changes.return?.()
  const stream = new ReadableStreamOf(1_100_000)
  const writing = db.putStream('streamed', stream.chunks())
  await stream.begun
  await db.rotateKey(THIRD)
  expect((await db.renewKeys()).obstacle).toContain('large values')
  stream.end()
  await writing
  expectNothingLeft(await db.renewKeys())
  await db.close()
  const again = Database.open('data', optionsOf(vfs, 'btree', THIRD))
  expect([again.get('a'), again.get('streamed')?.length]).toEqual(['1', 2_200_000])
  again.close()
})

/** Chunks of a value of which the second one is delivered when it is allowed. */
class ReadableStreamOf {
  readonly begun: Promise<void>
  end: () => void = () => undefined
  readonly #ended: Promise<void>
  #begin: () => void = () => undefined
  readonly #bytes: number

  constructor(bytes: number) {
    this.#bytes = bytes
    this.begun = new Promise((resolve) => (this.#begin = resolve))
    this.#ended = new Promise((resolve) => (this.end = resolve))
  }

  async *chunks(): AsyncGenerator<Uint8Array, void, void> {
    yield new Uint8Array(this.#bytes).fill(97)
    this.#begin()
    await this.#ended
    yield new Uint8Array(this.#bytes).fill(98)
  }
}

test('options of a rotation are checked, and a database without encryption has nothing to renew', () => {
  const vfs = new MemoryVfs()
  const db = Database.open('data', optionsOf(vfs, 'btree', FIRST))
  const rotate = (options: object) => () => db.rotateKey(SECOND, options)
  expect(rotate({ renew: 1 })).toThrow(/renew must be/u)
  expect(rotate({ bytesPerSecond: 10 })).toThrow(/bytesPerSecond/u)
  expect(rotate({ other: 1 })).toThrow(/other/u)
  expect(db.stats().encryption?.dataKeyId).toBe(1)
  expectNothingLeft(db.renewKeys())
  db.close()
  const plain = Database.open('plain', { vfs })
  expect(() => plain.renewKeys()).toThrow(/not encrypted/u)
  plain.close()
})
