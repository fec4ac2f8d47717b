import { compareBytes } from '@ldb/base'
import { expect, test } from 'vitest'
import type { EtcdRangeRequest, EtcdRangeResponse } from '../messages/range.js'
import type { EtcdRange } from '../layout/key-layout.js'
import { endOfRange, nextWindows, SORTED_KEYS_MAX } from './reverse-window.js'
import type { ReadRanges } from './reverse-window.js'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

/** Counts and finds keys as etcd does. */
class SortedKeys {
  readonly #keys: Uint8Array[]
  rounds = 0

  constructor(keys: Uint8Array[]) {
    this.#keys = keys.sort(compareBytes)
  }

  count({ key, rangeEnd }: EtcdRange): number {
    return this.#index(rangeEnd) - this.#index(key)
  }

  readonly read: ReadRanges = (requests) => {
    this.rounds++
    return Promise.resolve(requests.map((request) => this.#answer(request)))
  }

  last(range: EtcdRange, count: number): Uint8Array[] {
    const end = this.#index(range.rangeEnd)
    return this.#keys.slice(Math.max(this.#index(range.key), end - count), end).reverse()
  }

  #answer({ key, rangeEnd = key }: EtcdRangeRequest): EtcdRangeResponse {
    const count = this.count({ key, rangeEnd })
    const first = this.#keys[this.#index(key)]
    const kvs = count > 0 && first !== undefined ? [{ key: first, value: key, modRevision: 1 }] : []
    return { revision: 0, kvs, more: count > 1, count }
  }

  #index(key: Uint8Array): number {
    let low = 0
    let high = this.#keys.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareBytes(this.#keys[middle]!, key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

let state = 12345
function random(): number {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0
  return state / 2 ** 32
}

const COUNT = 20_000
const decimal = (index: number): Uint8Array => text(`user:${String(index).padStart(8, '0')}`)
const SETS: Record<string, { keys: Uint8Array[]; range: EtcdRange }> = {
  decimal: {
    keys: Array.from({ length: COUNT }, (_, index) => decimal(index)),
    range: { key: text('user:'), rangeEnd: text('user;') },
  },
  random: {
    keys: Array.from({ length: COUNT }, () => Uint8Array.from({ length: 9 }, () => random() * 256)),
    range: { key: new Uint8Array([0]), rangeEnd: new Uint8Array([255, 255]) },
  },
  'one long prefix and a few outliers': {
    keys: [
      text('a'),
      text('z'),
      ...Array.from({ length: COUNT }, (_, index) => text(`m${'x'.repeat(100)}${index}`)),
    ],
    range: { key: text(''), rangeEnd: text('~') },
  },
  skewed: {
    keys: Array.from({ length: COUNT }, (_, index) =>
      text(`k${Math.floor(1.0005 ** index * 1000)}-${index}`),
    ),
    range: { key: text('k'), rangeEnd: text('l') },
  },
}

test.each(Object.entries(SETS))(
  'finds the end of a range of %s keys in few rounds',
  async (_, { keys, range }) => {
    for (const count of [1, 10, 500]) {
      const store = new SortedKeys([...keys])
      const end = await endOfRange(range, count, [], store.read)
      expect(store.count(end)).toBeGreaterThanOrEqual(count)
      expect(store.count(end)).toBeLessThanOrEqual(Math.max(SORTED_KEYS_MAX, 4 * count))
      expect(store.last(end, count)).toEqual(store.last(range, count))
      expect(store.rounds).toBeLessThanOrEqual(14)
    }
  },
)

test('a scan in descending order needs hardly more than one round for a page', async () => {
  const { keys, range } = SETS['decimal']!
  const store = new SortedKeys([...keys])
  const expected = store.last(range, COUNT)
  let last: EtcdRange | undefined = undefined
  const scanned: Uint8Array[] = []
  let { rangeEnd } = range
  let pages = 0
  while (scanned.length < COUNT) {
    const rest: EtcdRange = { key: range.key, rangeEnd }
    last = await endOfRange(rest, 200, last === undefined ? [] : nextWindows(last), store.read)
    const page = store.last(last, 200)
    scanned.push(...page)
    rangeEnd = page.at(-1)!
    pages++
  }
  expect(scanned).toEqual(expected)
  expect(store.rounds).toBeLessThanOrEqual(2 * pages + 10)
})

test('a range with few keys, or none, is not narrowed', async () => {
  const store = new SortedKeys([text('b'), text('c')])
  const range = { key: text('a'), rangeEnd: text('z') }
  expect(await endOfRange(range, 5, [], store.read)).toEqual(range)
  const none = { key: text('d'), rangeEnd: text('z') }
  expect(await endOfRange(none, 1, [text('e')], store.read)).toEqual(none)
})
