// Strategy: values of many lengths are written from streams and read as streams, while the value is replaced, collected or damaged, and while a
// source, a signal, a file operation or the process fails.
// Invariants: a stream returns the value of its call or an error; a put that rejects has written nothing and leaves no file; each part is checked.
import { isLdbError } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import { describe, expect, it } from 'vitest'
import { AsyncDatabase } from '../src/async-database.js'
import type { DatabaseOptions } from '../src/health/options.js'
import type { ValueStream } from '../src/streams/value-stream.js'
import { copyAfterKill } from './directory-tree.js'
import { deviceError, FaultyVfs } from './faulty-vfs.js'

const MIB = 1_048_576
const LENGTHS = [0, 1, 5000, MIB, MIB + 1, 2 * MIB, 3 * MIB + 12_345]
const BINARY = { keys: 'utf8', values: 'binary' } as const

async function open(vfs: Vfs, options: DatabaseOptions = {}) {
  const db = await AsyncDatabase.open('data', { vfs, blobBytes: 1000, ...options })
  return { db, values: await db.keyspace('values', BINARY) }
}

function valueOf(seed: number, byteCount: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(byteCount / 4))
  for (let index = 0; index < words.length; index++) words[index] = Math.imul(index + 1, 2_654_435_761) ^ seed
  return new Uint8Array(words.buffer, 0, byteCount)
}

/** Yields a value in parts, in one buffer that it uses again. */
async function* partsOf(value: Uint8Array, partBytes: number): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(partBytes)
  for (let start = 0; start < value.length; start += partBytes) {
    const part = value.subarray(start, start + partBytes)
    buffer.set(part)
    yield buffer.subarray(0, part.length)
    buffer.fill(0xee)
  }
}

async function readAll(stream: ValueStream | undefined): Promise<Uint8Array | undefined> {
  if (stream === undefined) return undefined
  const value = new Uint8Array(stream.byteLength)
  let end = 0
  for await (const part of stream) {
    value.set(part, end)
    end += part.length
  }
  expect(end).toBe(value.length)
  return value
}

/** The assertions of vitest take seconds for a megabyte. */
function areEqual(left: Uint8Array | undefined, right: Uint8Array): boolean {
  return left !== undefined && Buffer.compare(left, right) === 0
}

function blobNames(vfs: MemoryVfs): string[] {
  return vfs.status('data/blobs') === undefined ? [] : vfs.list('data/blobs').sort()
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    return isLdbError(error) ? error.code : String(error)
  }
  return 'none'
}

describe('streams of values', () => {
  it('write and read values of all lengths, over both engines, and after an open', async () => {
    for (const engine of ['btree', 'lsm'] as const) {
      const vfs = new MemoryVfs()
      let { db, values } = await open(vfs, { engine })
      await Promise.all(
        LENGTHS.map((length, index) =>
          values.putStream(
            `k${index}`,
            partsOf(valueOf(index, length), index % 2 === 0 ? 70_000 : 1_500_000),
          ),
        ),
      )
      for (let round = 0; round < 2; round++) {
        for (const [index, length] of LENGTHS.entries()) {
          expect(areEqual(await values.get(`k${index}`), valueOf(index, length))).toBe(true)
          expect(areEqual(await readAll(await values.getStream(`k${index}`)), valueOf(index, length))).toBe(
            true,
          )
        }
        expect(await values.getStream('absent')).toBeUndefined()
        expect((await db.verify()).ok).toBe(true)
        await db.close()
        ;({ db, values } = await open(vfs, { engine }))
      }
      await db.close()
    }
  })

  it('hold no more than a few parts in memory, and yield them checked', async () => {
    const vfs = new MemoryVfs()
    const { db, values } = await open(vfs)
    await values.putStream('a', partsOf(valueOf(1, 5 * MIB), 300_000))
    const lengths: number[] = []
    for await (const part of (await values.getStream('a'))!) lengths.push(part.length)
    expect(lengths).toEqual(Array.from({ length: 5 }, () => MIB))
    const path = `data/blobs/${blobNames(vfs).at(-1)!}`
    const file = vfs.open(path, 'write')
    file.write(Uint8Array.of(1), 0, 1, 3 * MIB + 500)
    file.close()
    const stream = (await values.getStream('a'))!
    let count = 0
    const reading = (async () => {
      for await (const part of stream) {
        expect(areEqual(part, valueOf(1, 5 * MIB).subarray(count * MIB, ++count * MIB))).toBe(true)
      }
    })()
    expect(await codeOf(reading)).toBe('LDB_CORRUPTION')
    expect(count).toBeGreaterThan(1)
    expect(count).toBeLessThan(4)
    expect((await db.verify()).ok).toBe(false)
    await db.close()
  })

  it('are of the value at the call, whatever happens to it, in the live state, snapshots and transactions', async () => {
    const vfs = new MemoryVfs()
    const { db, values } = await open(vfs)
    const first = valueOf(1, 2 * MIB + 7)
    await values.putStream('a', partsOf(first, 400_000))
    const snapshot = db.snapshot()
    const tx = db.begin()
    const streams = [
      (await values.getStream('a'))!,
      (await snapshot.in(values).getStream('a'))!,
      (await tx.in(values).getStream('a'))!,
    ]
    const started = streams.map((stream) => stream.next())
    for (const { value } of await Promise.all(started))
      expect(areEqual(value, first.subarray(0, MIB))).toBe(true)
    await values.putStream('a', partsOf(valueOf(2, 100), 9))
    await db.compact()
    for (const stream of streams) {
      expect(areEqual((await stream.next()).value, first.subarray(MIB, 2 * MIB))).toBe(true)
      expect(areEqual((await stream.next()).value, first.subarray(2 * MIB))).toBe(true)
      expect(await stream.next()).toEqual({ done: true, value: undefined })
    }
    await tx.rollback()
    await snapshot.release()
    await db.compact()
    expect(db.sync.stats().blobs?.fileBytes).toBeLessThan(MIB)
    expect(areEqual(await values.get('a'), valueOf(2, 100))).toBe(true)
    await db.close()
  })

  it('release the value when they are left, and end with the database', async () => {
    const { db, values } = await open(new MemoryVfs())
    await values.putStream('a', partsOf(valueOf(1, 3 * MIB), 400_000))
    for await (const part of (await values.getStream('a'))!) {
      expect(part.length).toBe(MIB)
      break
    }
    await values.delete('a')
    await db.compact()
    expect(db.sync.stats().blobs?.fileBytes).toBeLessThan(1000)
    await values.putStream('a', partsOf(valueOf(1, 3 * MIB), 400_000))
    const stream = (await values.getStream('a'))!
    await stream.next()
    const controller = new AbortController()
    const aborted = (await values.getStream('a', { signal: controller.signal }))!
    controller.abort()
    expect(await codeOf(aborted.next())).toBe('LDB_ABORTED')
    await db.close()
    expect(await codeOf(stream.next())).toBe('LDB_CLOSED')
    expect(await codeOf(values.getStream('a'))).toBe('LDB_CLOSED')
  })

  it('keep the options of a put, and the order of commits', async () => {
    const vfs = new MemoryVfs()
    const time = vfs.clock as unknown as { advance(ms: number): void }
    const { db, values } = await open(vfs)
    await values.putStream('a', partsOf(valueOf(1, 2 * MIB), 400_000), { ttlMs: 1000, durability: 'none' })
    expect(await values.has('a')).toBe(true)
    time.advance(1000)
    expect(await values.getStream('a')).toBeUndefined()
    const changes = db.changes({ keyspace: values, since: 0 })
    expect((await changes.next()).value?.changes[0]?.kind).toBe('createKeyspace')
    const change = (await changes.next()).value?.changes[0]
    expect(change?.kind === 'put' && areEqual(change.value, valueOf(1, 2 * MIB))).toBe(true)
    await changes.return()
    await db.close()
  })

  it('are in memory in a database in memory, and take ReadableStreams', async () => {
    const db = await AsyncDatabase.memory()
    const values = await db.keyspace('values', BINARY)
    const value = valueOf(3, 2 * MIB)
    await values.putStream('a', ReadableStream.from(partsOf(value, 100_000)))
    expect(areEqual(await readAll(await values.getStream('a')), value)).toBe(true)
    await db.close()
  })
})

describe('a put of a stream that fails', () => {
  it.each([100, 5 * MIB])('leaves nothing behind after %i bytes', async (failingAt) => {
    const vfs = new MemoryVfs()
    const { db, values } = await open(vfs)
    await values.put('a', valueOf(1, 2000))
    const before = blobNames(vfs)
    async function* failing(end: () => void): AsyncGenerator<Uint8Array> {
      let done = 0
      for await (const part of partsOf(valueOf(2, 8 * MIB), 90_000)) {
        if (done >= failingAt) end()
        yield part
        done += part.length
      }
    }
    const source = failing(() => {
      throw new Error('no more')
    })
    await expect(values.putStream('a', source)).rejects.toThrow('no more')
    const controller = new AbortController()
    const aborted = failing(() => {
      controller.abort()
    })
    expect(await codeOf(values.putStream('a', aborted, { signal: controller.signal }))).toBe('LDB_ABORTED')
    const wrong = failing(() => undefined) as AsyncIterable<never>
    async function* withText(): AsyncGenerator<never> {
      yield* wrong
      yield 'text' as never
    }
    expect(await codeOf(values.putStream('a', withText()))).toBe('LDB_INVALID_ARGUMENT')
    for (const invalid of [undefined, 7, valueOf(1, 10), 'text'] as never[]) {
      expect(await codeOf(values.putStream('a', invalid))).toBe('LDB_INVALID_ARGUMENT')
    }
    expect(blobNames(vfs)).toEqual(before)
    expect(areEqual(await values.get('a'), valueOf(1, 2000))).toBe(true)
    await db.close()
  })

  it('because the database is closed, leaves nothing behind', async () => {
    const vfs = new MemoryVfs()
    const { db, values } = await open(vfs)
    let wake = (): void => undefined
    async function* stuck(): AsyncGenerator<Uint8Array> {
      yield valueOf(1, 3 * MIB)
      wake()
      await new Promise(() => undefined)
    }
    const isStuck = new Promise<void>((resolve) => {
      wake = resolve
    })
    const put = codeOf(values.putStream('a', stuck()))
    await isStuck
    expect(blobNames(vfs)).toEqual(['1.blob.new'])
    await db.close()
    expect(await put).toBe('LDB_CLOSED')
    expect(blobNames(vfs)).toEqual([])
  })

  it('because the process ends, leaves nothing behind after the next open', async () => {
    const vfs = new MemoryVfs()
    const { db, values } = await open(vfs)
    await values.put('b', valueOf(9, 5000))
    let left: MemoryVfs | undefined
    async function* killed(): AsyncGenerator<Uint8Array> {
      yield* partsOf(valueOf(1, 3 * MIB), 500_000)
      left = copyAfterKill(vfs, 'data')
    }
    await values.putStream('a', killed())
    await db.close()
    expect(blobNames(left!)).toContain('2.blob.new')
    const again = await open(left!)
    expect(blobNames(left!)).toEqual(['1.blob'])
    expect(await again.values.get('a')).toBeUndefined()
    expect(areEqual(await again.values.get('b'), valueOf(9, 5000))).toBe(true)
    await again.db.close()
  })

  it.each(['LDB_IO', 'LDB_NO_SPACE'] as const)(
    'with %s at any file operation, has written all or nothing',
    async (error) => {
      const value = valueOf(4, 2 * MIB + 100)
      for (let failing = 1, isDone = false; !isDone; failing++) {
        const vfs = new FaultyVfs()
        const { db, values } = await open(vfs)
        await values.put('b', valueOf(9, 5000))
        let count = 0
        isDone = true
        vfs.fault = (call, path) => {
          if (call === 'close' || ++count !== failing) return undefined
          isDone = false
          return deviceError(error, call, path)
        }
        const code = await codeOf(values.putStream('a', partsOf(value, 300_000)))
        vfs.fault = () => undefined
        if (code === 'none') expect(areEqual(await values.get('a'), value), `failing ${failing}`).toBe(true)
        await codeOf(db.close())
        const again = await open(vfs)
        const found = await again.values.get('a')
        if (code === 'none') expect(areEqual(found, value)).toBe(true)
        else if (found !== undefined)
          expect([code, areEqual(found, value)]).toEqual(['LDB_COMMIT_UNKNOWN', true])
        expect(areEqual(await again.values.get('b'), valueOf(9, 5000))).toBe(true)
        await again.db.compact()
        expect(again.db.sync.stats().blobs?.fileBytes).toBeLessThan(
          found === undefined ? 10_000 : value.length + 10_000,
        )
        expect((await again.db.verify()).findings).toEqual([])
        await again.db.close()
      }
    },
    60_000,
  )
})
