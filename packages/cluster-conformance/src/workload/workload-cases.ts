import type { ClusterDatabase, ClusterKeyspace } from '@ldb/cluster'
import { SeededRandom } from '../bed/seeded-random.js'
import { ensure, ensureEqual } from '../bed/violation.js'
import type { NamedCase } from '../cases/named-case.js'
import { checkHistory } from '../history/check-history.js'
import { Appends } from './appends.js'

const CLIENTS = 4
const ACCOUNTS = 8
const OPENING = 100

/** Concurrent clients of `ClusterDatabase`, each with a driver of its own. */
export const WORKLOAD_CASES: readonly NamedCase[] = [
  {
    name: 'bank: transfers keep the sum, in every snapshot and at the end',
    run: async (bed, { seed, scale }) => {
      const name = bed.name()
      const clients: { db: ClusterDatabase; accounts: ClusterKeyspace<string, number> }[] = []
      for (let client = 0; client < CLIENTS; client++) {
        const db = await bed.database()
        clients.push({ db, accounts: await db.keyspace<string, number>(name, { values: 'json' }) })
      }
      const [{ db, accounts }] = clients as [(typeof clients)[0]]
      const opening = db.batch().in(accounts)
      for (let account = 0; account < ACCOUNTS; account++) opening.put(String(account), OPENING)
      await opening.commit()
      const transfers = Math.max(5, Math.round(25 * scale))
      const random = new SeededRandom(seed)
      await Promise.all([
        ...clients.map((client) => transferMany(client, random.fork(), transfers)),
        auditMany(clients[1] as (typeof clients)[0], transfers),
      ])
      ensureEqual(sumOf(await accounts.values().toArray()), ACCOUNTS * OPENING, 'the sum at the end')
    },
  },
  {
    name: 'registers: compareAndSwap and update lose and repeat nothing',
    run: async (bed, { scale }) => {
      const name = bed.name()
      const rounds = Math.max(3, Math.round(10 * scale))
      let swaps = 0
      const clients = Array.from({ length: CLIENTS }, async () => {
        const db = await bed.database()
        const registers = await db.keyspace<string, number>(name, { values: 'json' })
        for (let round = 0; round < rounds; round++) {
          await registers.update('updated', (value) => (value ?? 0) + 1)
          const value = await registers.get('swapped')
          if (await registers.compareAndSwap('swapped', value, (value ?? 0) + 1)) swaps++
        }
        return registers
      })
      const [registers] = await Promise.all(clients)
      ensureEqual(await registers?.get('updated'), CLIENTS * rounds, 'the number of updates')
      ensureEqual((await registers?.get('swapped')) ?? 0, swaps, 'the number of swaps that were reported')
    },
  },
  {
    name: 'the history of concurrent transactions is strictly serializable',
    run: async (bed, { seed, scale }) => {
      const name = bed.name()
      const appends = new Appends(new SeededRandom(seed))
      await Promise.all(
        Array.from({ length: CLIENTS }, async () => {
          const db = await bed.database()
          const lists = await db.keyspace<string, number[]>(name, { values: 'json' })
          await appends.run(db, lists, Math.max(5, Math.round(40 * scale)))
        }),
      )
      const db = await bed.database()
      const lists = await db.keyspace<string, number[]>(name, { values: 'json' })
      const checked = checkHistory(appends.history, new Map(await lists.entries().toArray()))
      ensure(checked > 0, 'no transaction was committed')
    },
  },
]

async function transferMany(
  { db, accounts }: { db: ClusterDatabase; accounts: ClusterKeyspace<string, number> },
  random: SeededRandom,
  count: number,
): Promise<void> {
  for (let done = 0; done < count; done++) {
    const [source, target] = [String(random.below(ACCOUNTS)), String(random.below(ACCOUNTS))]
    const amount = random.below(20)
    await db.transaction(async (tx) => {
      const view = tx.in(accounts)
      const [from = 0, to = 0] = await view.getMany([source, target])
      if (from < amount || source === target) return
      await view.put(source, from - amount)
      await view.put(target, to + amount)
    })
  }
}

async function auditMany(
  { db, accounts }: { db: ClusterDatabase; accounts: ClusterKeyspace<string, number> },
  count: number,
): Promise<void> {
  for (let done = 0; done < count; done++) {
    const snapshot = db.snapshot()
    const balances = await snapshot.in(accounts).values().toArray()
    await snapshot.release()
    ensureEqual(sumOf(balances), ACCOUNTS * OPENING, 'the sum in a snapshot')
    ensure(Math.min(...balances) >= 0, 'a balance below 0')
  }
}

function sumOf(balances: readonly number[]): number {
  return balances.reduce((sum, balance) => sum + balance, 0)
}
