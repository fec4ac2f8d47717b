// The TypeScript half over the files of Node.js: statuses instead of exceptions, bytes through the arena.
import { describe, expect, it } from 'vitest'
import { createLibrary, STATUS } from '../src/index.js'
import type { Library } from '../src/index.js'

const OPTION_BYTES = 128

interface Host {
  readonly library: Library
  arena(): Uint8Array
  /** Calls a function by name. */
  call(name: string, ...numbers: number[]): number
  /** Stores text behind the option block, with all options at their defaults, and returns its length. */
  text(text: string): number
  /** Stores bytes at the start of the arena. */
  store(...parts: (string | Uint8Array)[]): void
  error(): string
}

function createHost(): Host {
  let arena: Uint8Array = new Uint8Array(0)
  const library = createLibrary({
    setArena(bytes) {
      arena = bytes
    },
  })
  const call = (name: string, ...numbers: number[]): number =>
    (library[name] as (...values: number[]) => number)(...numbers)
  return {
    library,
    arena: () => arena,
    call,
    text(text) {
      const bytes = Buffer.from(text)
      call('reserve', OPTION_BYTES + bytes.length)
      arena.fill(0, 0, OPTION_BYTES)
      arena.set(bytes, OPTION_BYTES)
      return bytes.length
    },
    store(...parts) {
      const bytes = Buffer.concat(parts.map((part) => Buffer.from(part)))
      call('reserve', bytes.length)
      arena.set(bytes)
    },
    error: () => Buffer.from(arena.subarray(0, call('errorText'))).toString(),
  }
}

describe('the library', () => {
  it('settles commits by their tickets, in order, when they can be read', async () => {
    const settled: string[] = []
    let arena: Uint8Array = new Uint8Array(0)
    const library = createLibrary({
      setArena(bytes) {
        arena = bytes
      },
      settleCommit(ticket, status, text) {
        settled.push(`${ticket}: ${status} ${Buffer.from(text).toString()}`)
      },
    })
    const call = (name: string, ...numbers: number[]): number =>
      (library[name] as (...values: number[]) => number)(...numbers)
    arena.fill(0, 0, OPTION_BYTES)
    const database = call('open', 0)
    const keyspace = call('defaultKeyspace', database)
    arena.set(Buffer.from('a1'))
    expect(call('putLater', keyspace, 1, 1, 0, 0)).toBe(1)
    expect(call('deleteLater', keyspace, 1, 0)).toBe(2)
    const transaction = call('begin', database, 0, 0)
    const other = call('begin', database, 0, 0)
    const views = [transaction, other].map((id) => call('inTransaction', id, keyspace))
    arena.set(Buffer.from('c1'))
    for (const view of views) expect(call('put', view, 1, 1, 0, 0)).toBe(0)
    expect([call('commitLater', transaction, 0), call('commitLater', other, 0)]).toEqual([3, 4])
    // The writes of a commit in flight are not discarded.
    expect(call('closeTransaction', transaction)).toBe(0)
    arena.set(Buffer.from('b'))
    expect(call('deleteRangeLater', keyspace, 1, 0, 16, 0)).toBe(5)
    expect(settled).toEqual([])
    await expect.poll(() => settled.length).toBe(5)
    expect(settled.filter((line) => !line.startsWith('4:'))).toEqual(['1: 0 ', '2: 0 ', '3: 0 ', '5: 0 '])
    expect(settled.find((line) => line.startsWith('4:'))).toMatch(/^4: -6 ./)
    arena.set(Buffer.from('c'))
    expect(call('get', keyspace, 1)).toBe(2)
    arena.set(Buffer.from('a'))
    expect(call('get', keyspace, 1)).toBe(0)
    expect(call('putLater', views[0] as number, 1, 1, 0, 0)).toBe(STATUS.LDB_READ_ONLY)
    expect(call('close', database)).toBe(0)
  })

  it('reads and writes entries by bytes', () => {
    const host = createHost()
    const database = host.call('open', host.text(''))
    const keyspace = host.call('openKeyspace', database, host.text('ks'))
    host.store('key', 'value')
    expect(host.call('put', keyspace, 3, 5, 0, 0)).toBe(0)
    expect(host.call('get', keyspace, 3)).toBe(6)
    expect(Buffer.from(host.arena().subarray(0, 5)).toString()).toBe('value')
    host.store('nokey')
    expect(host.call('get', keyspace, 5)).toBe(0)
    expect(host.call('has', keyspace, 5)).toBe(0)
    // A keyspace that is opened again is the same object.
    expect(host.call('openKeyspace', database, host.text('ks'))).toBe(keyspace)
    expect(host.call('close', database)).toBe(0)
    expect(host.call('get', keyspace, 3)).toBe(STATUS.LDB_CLOSED)
  })

  it('returns the status of an error, and its text', () => {
    const host = createHost()
    const length = host.text('/no/such/directory')
    new DataView(host.arena().buffer).setFloat64(8 * 8, 2, true)
    expect(host.call('open', length)).toBe(STATUS.LDB_NOT_FOUND)
    expect(host.error()).toContain('/no/such/directory')
    expect(host.call('sync', 99)).toBe(STATUS.LDB_CLOSED)
    expect(host.call('open', host.text('\u0000'))).toBeLessThan(0)
    host.text('')
    new DataView(host.arena().buffer).setFloat64(0, 7, true)
    expect(host.call('open', 0)).toBe(STATUS.LDB_INVALID_ARGUMENT)
    expect(host.error()).toContain('engine')
  })

  it('opens a keyspace of each value encoding, and reads its bytes', () => {
    const host = createHost()
    const database = host.call('open', host.text(''))
    const open = (values: number): number => {
      const length = host.text(`values-${values}`)
      new DataView(host.arena().buffer).setFloat64(2 * 8, values, true)
      return host.call('openKeyspace', database, length)
    }
    for (const [values, name] of ['binary', 'utf8', 'json', 'structured'].entries()) {
      const keyspace = open(values)
      host.store('k', Uint8Array.of(values, 200))
      expect(host.call('put', keyspace, 1, 2, 0, 0)).toBe(0)
      host.store('k')
      expect(host.call('get', keyspace, 1)).toBe(3)
      expect([...host.arena().subarray(0, 2)]).toEqual([values, 200])
      const list = Buffer.from(host.arena().subarray(0, host.call('listKeyspaces', database))).toString()
      expect(JSON.parse(list)).toContainEqual(
        expect.objectContaining({ name: `values-${values}`, values: name }),
      )
    }
    expect(open(4)).toBe(STATUS.LDB_INVALID_ARGUMENT)
    host.call('close', database)
  })

  it('refuses text that is not UTF-8', () => {
    const host = createHost()
    host.text('ab')
    host.arena().set([0xc3, 0x28], OPTION_BYTES)
    expect(host.call('destroy', 2)).toBe(STATUS.LDB_INVALID_ARGUMENT)
  })

  it('grows the arena for large values, and shrinks it', () => {
    const host = createHost()
    const database = host.call('open', host.text(''))
    const keyspace = host.call('defaultKeyspace', database)
    const value = new Uint8Array(6_000_000).fill(7)
    host.store('k', value)
    expect(host.call('put', keyspace, 1, value.length, 0, 0)).toBe(0)
    host.call('shrink')
    expect(host.arena().length).toBe(65_536)
    host.store('k')
    expect(host.call('get', keyspace, 1)).toBe(value.length + 1)
    expect(host.arena()[value.length - 1]).toBe(7)
    host.call('close', database)
  })

  it('packs what fits, and the rest later', () => {
    const host = createHost()
    const database = host.call('open', host.text(''))
    const keyspace = host.call('defaultKeyspace', database)
    for (const key of ['a', 'b', 'c']) {
      host.store(key, 'value')
      host.call('put', keyspace, 1, 5, 0, 0)
    }
    const iterator = host.call('openIterator', keyspace, 0, 0, 0)
    const batch = (capacity: number): number[] => {
      expect(host.call('nextBatch', iterator, capacity)).toBe(0)
      const view = new DataView(host.arena().buffer)
      return [view.getUint32(0, true), view.getUint32(4, true)]
    }
    // An entry has 14 bytes.
    expect(batch(13)).toEqual([0, 14])
    expect(batch(30)).toEqual([2, 28])
    expect(batch(30)).toEqual([1, 14])
    expect(batch(30)).toEqual([0, 0])
    expect(batch(30)).toEqual([0, 0])
    host.call('close', database)
  })
})
