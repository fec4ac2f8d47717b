import { getAll, page, readAll } from '../bed/read-driver.js'
import { begin, bytes, CALL, commitOf, put } from '../bed/test-bed.js'
import { ensure, ensureEqual } from '../bed/violation.js'
import type { NamedCase } from './named-case.js'

const LETTERS = { a: '1', b: '2', c: '3', d: '4', e: '5' }

/** Reads: order, bounds, pages, snapshots. */
export const READ_CASES: readonly NamedCase[] = [
  {
    name: 'ranges have bounds, a direction and a limit',
    run: async (bed) => {
      const driver = await bed.driver()
      const keyspace = await bed.keyspace(driver)
      await put(driver, keyspace, LETTERS)
      const tx = begin(driver, { mode: 'readOnly', isolation: 'snapshot' })
      const expectPage = async (part: Parameters<typeof page>[2], entries: string[]): Promise<void> =>
        ensureEqual((await page(tx, keyspace, part)).entries, entries, JSON.stringify(part))
      await expectPage({}, ['a=1', 'b=2', 'c=3', 'd=4', 'e=5'])
      await expectPage({ gte: 'b', lt: 'd' }, ['b=2', 'c=3'])
      await expectPage({ gte: 'b\0' }, ['c=3', 'd=4', 'e=5'])
      await expectPage({ gte: 'b', lt: 'd', reverse: true }, ['c=3', 'b=2'])
      await expectPage({ lt: 'c', reverse: true, limit: 1 }, ['b=2'])
      await expectPage({ gte: 'f' }, [])
      const first = await page(tx, keyspace, { limit: 2 })
      ensureEqual(first.entries, ['a=1', 'b=2'], 'a limited page')
      ensure(first.hasMore, 'a limited page has more')
      ensure(!(await page(tx, keyspace, { gte: 'd' })).hasMore, 'the last page has no more')
      await tx.abort()
    },
  },
  {
    name: 'keys are ordered by their unsigned bytes, and may be empty',
    run: async (bed) => {
      const driver = await bed.driver()
      const keyspace = await bed.keyspace(driver)
      const keys = [[], [0], [0, 0], [0, 255], [1], [127], [128], [255], [255, 0], [255, 255]].map((key) =>
        Uint8Array.from(key),
      )
      const writes = keys.map((key, index) => ({ keyspace, key, value: Uint8Array.of(index, 0, 255) }))
      await begin(driver).commit(commitOf(keyspace, {}, { writes }), CALL)
      const tx = begin(driver, { mode: 'readOnly', isolation: 'snapshot' })
      for (const reverse of [false, true]) {
        const request = { keyspace, lower: undefined, upper: undefined, reverse, limit: 100 }
        const { entries } = await tx.range({ ...request, valueBytes: Infinity }, CALL)
        const expected = reverse ? [...keys].reverse() : keys
        ensureEqual(
          entries.map(({ key }) => [...key]),
          expected.map((key) => [...key]),
          'the order of keys',
        )
      }
      const found = await tx.getMany(
        keys.map((key) => ({ keyspace, key })),
        CALL,
      )
      ensureEqual(
        found.map((value) => value?.[0]),
        keys.map((_key, index) => index),
        'their values',
      )
      await tx.abort()
    },
  },
  {
    name: 'values may be empty, and large; a part of a value is at least what was asked for',
    run: async (bed) => {
      const driver = await bed.driver()
      const keyspace = await bed.keyspace(driver)
      const large = new Uint8Array(Math.min(100_000, driver.limits.valueBytesMax))
      for (let index = 0; index < large.length; index++) large[index] = (index * 7919) >>> 5
      const writes = [
        { keyspace, key: bytes('empty'), value: new Uint8Array(0) },
        { keyspace, key: bytes('large'), value: large },
      ]
      await begin(driver).commit(commitOf(keyspace, {}, { writes }), CALL)
      const tx = begin(driver, { mode: 'readOnly', isolation: 'snapshot' })
      const found = await tx.getMany(
        ['empty', 'none', 'large', 'empty'].map((key) => ({ keyspace, key: bytes(key) })),
        CALL,
      )
      ensureEqual(
        found.map((value) => value?.length),
        [0, undefined, large.length, 0],
        'the lengths of values',
      )
      ensure(found[2]?.every((byte, index) => byte === large[index]) === true, 'the bytes of a large value')
      const request = {
        keyspace,
        lower: undefined,
        upper: undefined,
        reverse: false,
        limit: 10,
        valueBytes: 9,
      }
      const { entries } = await tx.range(request, CALL)
      const part = entries[1]?.value
      ensure(part !== undefined && part.length >= 9, 'a part of a value has the bytes that were asked for')
      ensure(
        part.every((byte, index) => byte === large[index]),
        'a part of a value is its begin',
      )
      await tx.abort()
    },
  },
  {
    name: 'pages of a snapshot cover every entry once, whatever is committed meanwhile',
    run: async (bed) => {
      const [driver, other] = [await bed.driver(), await bed.driver()]
      const keyspace = await bed.keyspace(driver)
      const entries: Record<string, string> = {}
      for (let index = 0; index < 500; index++) entries[String(index).padStart(4, '0')] = 'x'
      await put(driver, keyspace, entries)
      for (const reverse of [false, true]) {
        const tx = begin(driver, { mode: 'readOnly', isolation: 'snapshot' })
        const seen: string[] = []
        let bound: string | undefined
        for (;;) {
          const from = bound === undefined ? {} : reverse ? { lt: bound } : { gte: `${bound}\0` }
          const { entries: found, hasMore } = await page(tx, keyspace, { ...from, reverse, limit: 97 })
          seen.push(...found)
          bound = found.at(-1)?.split('=')[0]
          if (!hasMore || bound === undefined) break
          await put(other, keyspace, { [`${bound}-new`]: 'y', [bound]: 'changed', '0250': undefined })
        }
        const before = (reverse ? [...seen].reverse() : seen).map(keyOf)
        ensureEqual(
          before,
          [...new Set(before)].sort((a, b) => (a < b ? -1 : 1)),
          'each entry once, in order',
        )
        if (!reverse)
          ensureEqual(
            seen,
            Object.keys(entries).map((key) => `${key}=x`),
            'all of them',
          )
        await tx.abort()
      }
    },
  },
  {
    name: 'a snapshot is fixed by pin or by the first read, and contains every acknowledged commit',
    run: async (bed) => {
      const [driver, other] = [await bed.driver(), await bed.driver()]
      const keyspace = await bed.keyspace(driver)
      await put(other, keyspace, { a: '1' })
      const [pinned, read, single] = [begin(driver), begin(driver), begin(driver, { isSingleRead: true })]
      await pinned.pin(CALL)
      ensureEqual(await getAll(read, keyspace, ['a', 'b']), ['1', undefined], 'the first read')
      await put(other, keyspace, { a: '2', b: '2' })
      ensureEqual(await getAll(pinned, keyspace, ['a', 'b']), ['1', undefined], 'the pinned snapshot')
      ensureEqual(await getAll(read, keyspace, ['b', 'a']), [undefined, '1'], 'the second read')
      ensureEqual((await page(read, keyspace)).entries, ['a=1'], 'a range of the same snapshot')
      ensureEqual(await getAll(single, keyspace, ['a']), ['2'], 'a transaction without a read before')
      ensureEqual(await readAll(driver, keyspace), ['a=2', 'b=2'], 'a new transaction')
      await Promise.all([pinned.abort(), read.abort(), single.abort(), read.abort()])
    },
  },
  {
    name: 'calls of one transaction may overlap, also with its abort',
    run: async (bed) => {
      const driver = await bed.driver()
      const keyspace = await bed.keyspace(driver)
      await put(driver, keyspace, LETTERS)
      const tx = begin(driver)
      const reads = Object.keys(LETTERS).map((key) => getAll(tx, keyspace, [key]))
      ensureEqual((await Promise.all(reads)).flat(), Object.values(LETTERS), 'overlapping reads')
      const aborted = begin(driver)
      const pending = [getAll(aborted, keyspace, ['a']), page(aborted, keyspace)]
      const settled = Promise.allSettled(pending)
      await aborted.abort()
      await settled
      await tx.abort()
      ensureEqual(
        await readAll(driver, keyspace),
        Object.entries(LETTERS).map((e) => e.join('=')),
        'a later read',
      )
    },
  },
]

function keyOf(entry: string): string {
  return entry.slice(0, entry.indexOf('='))
}
