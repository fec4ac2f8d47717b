// Strategy: a real process transfers every buffer that it can reach, in every way that its platform has: of results, and of what
// custom encodings and callbacks get. It does so with the marks of Node, and without them, as on platforms that have none.
// Invariants: no other result changes, all later operations succeed, and the database verifies.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ScriptFolder } from '../../src/outside/script-folder.js'

const PROLOGUE = `
  import { strict as assert } from 'node:assert'
  import { MessageChannel } from 'node:worker_threads'
  const { AsyncDatabase, Database } = await import('@ldb/core')

  let detachedCount = 0

  /** Transfers the buffer of a view in every way. A refusal is an answer; Node 20 copies the buffer instead. */
  function transfer(view) {
    const { buffer } = view
    const ways = [
      () => new MessageChannel().port1.postMessage(view, [buffer]),
      () => structuredClone(view, { transfer: [buffer] }),
      () => buffer.transfer(),
    ]
    for (const way of ways) {
      try {
        way()
      } catch {}
    }
    if (view.length === 0) detachedCount++
  }

  const SIZES = [0, 1, 60, 100, 1000, 3000, 9000, 40_000]
  const keyOf = (index) => Uint8Array.from([index >> 8, index & 255, 7, 7])
  const valueOf = (index) => new Uint8Array(SIZES[index % SIZES.length]).fill(index + 1)
  const COUNT = 64
  const indices = Array.from({ length: COUNT }, (_, index) => index)

  const equal = (a, b) => Buffer.compare(a, b) === 0
  function assertValue(value, index, what) {
    assert.ok(value !== undefined && equal(value, valueOf(index)), what + ' ' + index)
  }
  function assertKey(key, index, what) {
    assert.ok(equal(key, keyOf(index)), what + ' key ' + index)
  }

  /** Checks results, transfers every second one, and checks the others again. */
  function check(what, results, assertOne = assertValue) {
    assert.equal(results.length, COUNT, what)
    results.forEach((result, index) => assertOne(result, index, what))
    results.forEach((result, index) => index % 2 === 1 && transfer(result))
    results.forEach((result, index) => index % 2 === 0 && assertOne(result, index, what + ', after transfers,'))
  }
`

const BINARY = `
  const path = process.argv[2]
  let db = Database.open(path, { cacheBytes: 262_144 })
  let bytes = db.keyspace('bytes', { keys: 'binary', values: 'binary' })
  for (const index of indices) bytes.put(keyOf(index), valueOf(index))

  async function readAll() {
    check('get', indices.map((index) => bytes.get(keyOf(index))))
    check('getMany', bytes.getMany(indices.map(keyOf)))
    for (const index of indices) {
      const borrowed = bytes.get(keyOf(index), { borrow: true })
      assertValue(borrowed, index, 'borrowed')
      transfer(borrowed)
    }
    for (const state of [bytes, db.snapshot().in(bytes)]) {
      check('keys', [...state.keys()], assertKey)
      check('values', [...state.values()])
      const entries = [...state.entries()]
      check('entries', entries.map(([key]) => key), assertKey)
      check('entries', entries.map(([, value]) => value))
      check('snapshot get', indices.map((index) => state.get(keyOf(index))))
    }
    const cursor = bytes.cursor()
    for (const index of indices) {
      cursor.next()
      for (let round = 0; round < 3; round++) {
        assertKey(cursor.key, index, 'cursor')
        assertValue(cursor.value, index, 'cursor')
        transfer(cursor.key)
        transfer(cursor.value)
      }
    }
    cursor.close()
    db.transaction((tx) => {
      const view = tx.in(bytes)
      view.put(keyOf(3), valueOf(3))
      check('transaction get', indices.map((index) => view.get(keyOf(index))))
      check('transaction entries', [...view.values()])
    })
    for (const index of indices) {
      bytes.update(keyOf(index), (value) => {
        assertValue(value, index, 'update')
        transfer(value)
        return valueOf(index)
      })
    }
    const async = db.promises.keyspace ? await db.promises.keyspace('bytes', { keys: 'binary', values: 'binary' }) : undefined
    check('async get', await Promise.all(indices.map((index) => async.get(keyOf(index)))))
    check('async getMany', await async.getMany(indices.map(keyOf)))
    check('async keys', await async.keys().toArray(), assertKey)
    check('async values', await async.values().toArray())
    const asyncCursor = async.cursor()
    for (const index of indices) {
      await asyncCursor.next()
      for (let round = 0; round < 2; round++) {
        assertKey(asyncCursor.key, index, 'async cursor')
        assertValue(asyncCursor.value, index, 'async cursor')
        transfer(asyncCursor.key)
        transfer(asyncCursor.value)
      }
    }
    await asyncCursor.close()
  }

  async function readChanges() {
    let index = 0
    for await (const { changes: [{ kind, key, value }] } of db.changes({ since: 0, keyspace: bytes })) {
      if (kind === 'createKeyspace') continue
      assertKey(key, index, 'changes')
      assertValue(value, index, 'changes')
      transfer(key)
      transfer(value)
      if (++index === COUNT) return
    }
  }

  await readChanges()
  await readAll()
  await readAll()
  assert.ok(db.verify().ok)
  db.close()
  db = Database.open(path, { cacheBytes: 262_144 })
  bytes = db.keyspace('bytes', { keys: 'binary', values: 'binary' })
  await readAll()
  assert.ok(db.verify().ok)
  db.close()
  console.log('ok')
`

const ENCODINGS = `
  /** Encodings that transfer everything they get. */
  const keys = (name, borrowed) => ({
    name,
    encode: (index) => keyOf(index),
    encodeInto(index, target) {
      target.set(keyOf(index))
      transfer(target)
      return 4
    },
    encodePrefix: (index) => keyOf(index),
    decode(bytes) {
      const index = (bytes[0] << 8) + bytes[1]
      transfer(bytes)
      return index
    },
    decodesBorrowed: borrowed,
  })
  const values = (name, borrowed) => ({
    name,
    encode: (index) => valueOf(index),
    decode(bytes) {
      const index = bytes.length === 0 ? 0 : bytes[0] - 1
      transfer(bytes)
      return index % SIZES.length === 0 ? 0 : index
    },
    decodesBorrowed: borrowed,
  })
  const expected = indices.map((index) => (index % SIZES.length === 0 ? 0 : index))

  for (const borrowed of [true, false]) {
    const db = Database.open(process.argv[2] + borrowed, { cacheBytes: 262_144 })
    const options = { keys: keys('k', borrowed), values: values('v', borrowed) }
    const numbers = db.keyspace('numbers', options)
    for (const index of indices) numbers.put(index, index)
    for (let round = 0; round < 2; round++) {
      assert.deepEqual(indices.map((index) => numbers.get(index)), expected)
      assert.deepEqual(indices.map((index) => numbers.get(index, { borrow: true })), expected)
      assert.deepEqual(numbers.getMany(indices), expected)
      assert.deepEqual([...numbers.keys()], indices)
      assert.deepEqual([...numbers.entries()], indices.map((index) => [index, expected[index]]))
      const cursor = numbers.cursor()
      for (const index of indices) {
        assert.ok(cursor.next())
        assert.deepEqual([cursor.key, cursor.value, cursor.key, cursor.value], [index, expected[index], index, expected[index]])
      }
      cursor.close()
      db.transaction((tx) => {
        const view = tx.in(numbers)
        for (const index of indices) if (index % 3 === 0) view.put(index, index)
        assert.deepEqual([...view.entries()], indices.map((index) => [index, expected[index]]))
        assert.deepEqual(indices.map((index) => view.get(index)), expected)
      })
      for (const index of indices) assert.equal(numbers.update(index, (value) => index), index)
      const async = await db.promises.keyspace('numbers', options)
      assert.deepEqual(await async.keys().toArray(), indices)
      assert.deepEqual(await async.values().toArray(), expected)
      assert.deepEqual(await async.getMany(indices), expected)
      await Promise.all(indices.map((index) => async.update(index, (value) => index)))
      const asyncCursor = async.cursor()
      for (const index of indices) {
        await asyncCursor.next()
        assert.deepEqual([asyncCursor.key, asyncCursor.key, asyncCursor.value, asyncCursor.value], [index, index, expected[index], expected[index]])
      }
      await asyncCursor.close()
    }
    let count = 0
    for await (const { changes: [{ key, value }] } of db.changes({ since: 0, keyspace: numbers })) {
      assert.equal(value, expected[key])
      if (++count === 2 * COUNT) break
    }
    assert.ok(db.verify().ok)
    db.close()
  }
  console.log('ok')
`

const INPUTS = `
  const db = Database.memory()
  const bytes = db.keyspace('bytes', { keys: 'binary', values: 'binary' })
  const moved = Uint8Array.of(1, 2, 3)
  structuredClone(moved.buffer, { transfer: [moved.buffer] })
  const movedBuffer = Buffer.from(new ArrayBuffer(4))
  structuredClone(movedBuffer.buffer, { transfer: [movedBuffer.buffer] })
  const calls = [moved, movedBuffer].flatMap((gone) => [
    () => bytes.put(gone, Uint8Array.of(1)),
    () => bytes.put(Uint8Array.of(1), gone),
    () => bytes.get(gone),
    () => bytes.delete(gone),
    () => db.batch().in(bytes).put(Uint8Array.of(1), gone),
    () => [...bytes.keys({ gte: gone })],
  ])
  for (const call of calls) assert.throws(call, { code: 'LDB_INVALID_ARGUMENT' })
  bytes.put(new Uint8Array(0), new Uint8Array(0))
  assert.equal(bytes.get(new Uint8Array(0)).length, 0)
  console.log(bytes.count())
`

/** Node has marks for buffers that must not be transferred; without this function the packages do not find them. */
const WITHOUT_MARKS = 'delete process.getBuiltinModule\n'

describe.each([
  ['with the marks of Node', ''],
  ['without marks', WITHOUT_MARKS],
])('%s', (_platform, setup) => {
  let folder: ScriptFolder
  beforeEach(() => {
    folder = new ScriptFolder()
  })
  afterEach(() => {
    folder.remove()
  })

  const run = async (source: string): Promise<string> => {
    // Imports are evaluated first; the packages are imported dynamically.
    const script = [PROLOGUE.replace('const { AsyncDatabase', `${setup}const { AsyncDatabase`), source].join(
      '\n',
    )
    const { stdout, stderr, code } = await folder.run(script, { args: [`${folder.path}/data`] })
    expect(code, stderr).toBe(0)
    return stdout
  }

  it('results that are transferred leave all others unchanged', async () => {
    expect(await run(BINARY)).toBe('ok\n')
  })

  it('custom encodings may transfer all that they get', async () => {
    expect(await run(ENCODINGS)).toBe('ok\n')
  })

  it('a key or value whose buffer was transferred is refused', async () => {
    expect(await run(INPUTS)).toBe('1\n')
  })
})
