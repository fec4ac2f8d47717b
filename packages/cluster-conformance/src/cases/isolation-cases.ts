import { isDriverError } from '@ldb/cluster'
import type { ClusterDriver, DriverKeyspace, DriverTransaction } from '@ldb/cluster'
import { getAll, page, readAll, readAllSerializable } from '../bed/read-driver.js'
import type { RangePart } from '../bed/read-driver.js'
import { begin, bytes, CALL, commitOf, put } from '../bed/test-bed.js'
import type { TestBed } from '../bed/test-bed.js'
import { ensure, ensureEqual } from '../bed/violation.js'
import type { NamedCase } from './named-case.js'

/** A transaction as the layer above makes it: notes what it reads, and commits with it. Any conflict ends it. */
class Client {
  readonly #keyspace: DriverKeyspace
  readonly #transaction: DriverTransaction
  readonly #keys: Set<string> = new Set()
  readonly #ranges: { gte: string | undefined; lt: string | undefined }[] = []
  #isLost = false

  constructor(driver: ClusterDriver, keyspace: DriverKeyspace, isolation: 'serializable' | 'snapshot') {
    this.#keyspace = keyspace
    this.#transaction = begin(driver, { isolation })
  }

  async get(...keys: string[]): Promise<(string | undefined)[]> {
    for (const key of keys) this.#keys.add(key)
    return (await this.#try(() => getAll(this.#transaction, this.#keyspace, keys))) ?? []
  }

  async scan(part: RangePart): Promise<string[]> {
    const found = await this.#try(() => page(this.#transaction, this.#keyspace, part))
    const cut = found?.hasMore === true ? found.entries.at(-1)?.split('=')[0] : undefined
    this.#ranges.push({ gte: part.gte, lt: cut === undefined ? part.lt : `${cut}\0` })
    return found?.entries ?? []
  }

  /** Commits, and returns whether that worked. */
  async commit(
    entries: Readonly<Record<string, string | undefined>>,
    forUpdate?: string[],
  ): Promise<boolean> {
    const keyspace = this.#keyspace
    const keys = forUpdate ?? [...this.#keys].sort()
    const request = commitOf(keyspace, entries, {
      readKeys: keys.map((key) => ({ keyspace, key: bytes(key) })),
      readRanges: (forUpdate === undefined ? this.#ranges : []).map(({ gte, lt }) => ({
        keyspace,
        lower: gte === undefined ? undefined : bytes(gte),
        upper: lt === undefined ? undefined : bytes(lt),
      })),
    })
    if (!this.#isLost) await this.#try(() => this.#transaction.commit(request, CALL))
    await this.#transaction.abort()
    return !this.#isLost
  }

  async #try<T>(call: () => Promise<T>): Promise<T | undefined> {
    if (this.#isLost) return undefined
    try {
      return await call()
    } catch (error) {
      if (!isDriverError(error, 'conflict')) throw error
      this.#isLost = true
      return undefined
    }
  }
}

interface Pair {
  readonly one: Client
  readonly two: Client
  readonly write: (entries: Readonly<Record<string, string | undefined>>) => Promise<void>
  readonly state: () => Promise<string[]>
}

async function pairOf(
  bed: TestBed,
  entries: Readonly<Record<string, string>>,
  isolation: 'serializable' | 'snapshot' = 'serializable',
): Promise<Pair> {
  const [driver, other] = [await bed.driver(), await bed.driver()]
  const keyspace = await bed.keyspace(driver)
  if (Object.keys(entries).length > 0) await put(driver, keyspace, entries)
  return {
    one: new Client(driver, keyspace, isolation),
    two: new Client(other, keyspace, isolation),
    write: (written) => put(other, keyspace, written),
    state: () => readAllSerializable(driver, keyspace),
  }
}

/** A case in which a transaction reads, another client writes, and the commit must then conflict. */
function conflictCase(
  name: string,
  entries: Readonly<Record<string, string>>,
  read: (client: Client) => Promise<unknown>,
  written: Readonly<Record<string, string | undefined>>,
): NamedCase {
  return {
    name,
    run: async (bed) => {
      const { one, write, state } = await pairOf(bed, entries)
      await read(one)
      await write(written)
      const before = await state()
      ensure(
        !(await one.commit({ result: '1' })),
        'the transaction committed although what it read has changed',
      )
      ensureEqual(await state(), before, 'a transaction that conflicts writes nothing')
    },
  }
}

/** Isolation: each anomaly, provoked by two clients. */
export const ISOLATION_CASES: readonly NamedCase[] = [
  conflictCase('conflict: a key that was read and changed', { a: '1' }, (tx) => tx.get('a'), { a: '2' }),
  conflictCase('conflict: a key that was read and deleted', { a: '1' }, (tx) => tx.get('a'), {
    a: undefined,
  }),
  conflictCase('conflict: an absent key that was read and inserted', { b: '1' }, (tx) => tx.get('a'), {
    a: '2',
  }),
  conflictCase('conflict: a key that was rewritten with the same value', { a: '1' }, (tx) => tx.get('a'), {
    a: '1',
  }),
  conflictCase(
    'conflict: a phantom insert into a range',
    { a: '1', c: '1' },
    (tx) => tx.scan({ gte: 'a', lt: 'd' }),
    { b: '2' },
  ),
  conflictCase(
    'conflict: a phantom insert into an empty range',
    { a: '1' },
    (tx) => tx.scan({ gte: 'm', lt: 'p' }),
    { n: '2' },
  ),
  conflictCase('conflict: a phantom insert into an empty keyspace', {}, (tx) => tx.scan({}), { n: '2' }),
  conflictCase(
    'conflict: a phantom delete in a range',
    { a: '1', b: '1' },
    (tx) => tx.scan({ gte: 'a', lt: 'c' }),
    { b: undefined },
  ),
  conflictCase('conflict: a change in a range', { a: '1', b: '1' }, (tx) => tx.scan({}), { a: '2' }),
  conflictCase(
    'conflict: a change in the range of a reverse scan',
    { a: '1', b: '1' },
    (tx) => tx.scan({ lt: 'c', reverse: true }),
    { a: '2' },
  ),
  conflictCase(
    'conflict: a phantom before the limit of a scan',
    { a: '1', c: '1', e: '1' },
    (tx) => tx.scan({ limit: 2 }),
    { b: '2' },
  ),
  {
    name: 'write skew',
    run: async (bed) => {
      const { one, two, state } = await pairOf(bed, { a: '1', b: '1' })
      ensureEqual(
        await Promise.all([one.get('a', 'b'), two.get('a', 'b')]),
        [
          ['1', '1'],
          ['1', '1'],
        ],
        'reads',
      )
      const committed = [await one.commit({ a: '0' }), await two.commit({ b: '0' })]
      ensure(!(committed[0] && committed[1]), 'both committed')
      ensure(
        (await state()).some((entry) => entry.endsWith('=1')),
        'both keys were changed',
      )
    },
  },
  {
    name: 'write skew over ranges',
    run: async (bed) => {
      const { one, two, state } = await pairOf(bed, {})
      await Promise.all([one.scan({ gte: 'a', lt: 'b' }), two.scan({ gte: 'a', lt: 'b' })])
      const committed = await Promise.all([one.commit({ a1: '1' }), two.commit({ a2: '1' })])
      ensure(!(committed[0] && committed[1]), 'both committed')
      ensure((await state()).length <= 1, 'both inserted into a range that each read as empty')
    },
  },
  {
    name: 'lost update',
    run: async (bed) => {
      for (const isolation of ['serializable', 'snapshot'] as const) {
        const { one, two, state } = await pairOf(bed, { n: '10' }, isolation)
        const read = await Promise.all([one.get('n'), two.get('n')])
        ensureEqual(read, [['10'], ['10']], 'reads')
        const committed = [await one.commit({ n: '11' }, ['n']), await two.commit({ n: '12' }, ['n'])]
        ensure(!(committed[0] && committed[1]), `${isolation}: both committed`)
        ensure(
          committed[0] || committed[1] || (await state())[0] === 'n=10',
          `${isolation}: a lost transaction wrote`,
        )
      }
    },
  },
  {
    name: 'read skew: all reads are of one state',
    run: async (bed) => {
      const { one, write } = await pairOf(bed, { a: '1', b: '1' })
      const [a] = await one.get('a')
      await write({ a: '2', b: '2' })
      const [b] = await one.get('b')
      const entries = await one.scan({})
      ensure(b === undefined || b === a, `a is ${a} and b is ${b}`)
      ensure(
        entries.length === 0 || entries.join() === 'a=1,b=1',
        `a range of another state: ${entries.join()}`,
      )
      await one.commit({ c: '1' })
    },
  },
  {
    name: 'disjoint transactions both commit in the end',
    run: async (bed) => {
      const driver = await bed.driver()
      const keyspace = await bed.keyspace(driver)
      await put(driver, keyspace, { a: '0', b: '0' })
      const increment = async (key: string): Promise<void> => {
        for (let done = 0, attempt = 0; done < 10; attempt++) {
          ensure(attempt < 500, `500 conflicts on ${key}`)
          const tx = new Client(driver, keyspace, 'serializable')
          const [value] = await tx.get(key)
          if (await tx.commit({ [key]: String(Number(value) + 1) })) done++
        }
      }
      await Promise.all([increment('a'), increment('b')])
      ensureEqual(await readAll(driver, keyspace), ['a=10', 'b=10'], 'the counters')
    },
  },
]
