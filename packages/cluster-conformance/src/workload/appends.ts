import { isLdbError } from '@ldb/base'
import type { ClusterDatabase, ClusterKeyspace, ClusterTransactionKeyspace } from '@ldb/cluster'
import type { SeededRandom } from '../bed/seeded-random.js'
import type { AppendTransaction } from '../history/append-history.js'

const LISTS = ['a', 'b', 'c', 'd', 'e', 'f']

/** Makes the transactions of a list-append history, and records them. */
export class Appends {
  readonly history: AppendTransaction[] = []
  readonly #random: SeededRandom
  #clock = 0
  #number = 0

  constructor(random: SeededRandom) {
    this.#random = random
  }

  /** Number of transactions whose outcome is not known. */
  get unknownCount(): number {
    return this.history.filter(({ outcome }) => outcome === 'unknown').length
  }

  /** Runs transactions of one client, one after the other. @param mayGoOn - asked before each one. */
  async run(
    db: ClusterDatabase,
    lists: ClusterKeyspace<string, number[]>,
    count: number,
    mayGoOn: () => boolean = () => true,
  ): Promise<void> {
    const random = this.#random.fork()
    for (let done = 0; done < count && mayGoOn(); done++) await this.#transaction(db, lists, random)
  }

  async #transaction(
    db: ClusterDatabase,
    lists: ClusterKeyspace<string, number[]>,
    random: SeededRandom,
  ): Promise<void> {
    const beganAt = this.#clock++
    let reads = new Map<string, readonly number[]>()
    let appends = new Map<string, number>()
    const readOnly = random.chance(0.2)
    const scans = random.chance(0.2)
    const targets = [random.pick(LISTS), random.pick(LISTS)]
    let outcome: AppendTransaction['outcome'] = 'committed'
    try {
      await db.transaction(
        async (tx) => {
          reads = new Map()
          appends = new Map()
          const view = tx.in(lists)
          if (scans) await readAll(view, reads)
          else await readSome(view, [random.pick(LISTS), ...targets], reads)
          if (readOnly) return
          for (const key of new Set(targets)) {
            const appended = this.#number++
            appends.set(key, appended)
            await view.put(key, [...(reads.get(key) ?? []), appended])
          }
        },
        { readOnly },
      )
    } catch (error) {
      // What failed for certain is not in the history: its appends must be in no list, which the check of reads shows.
      if (!isLdbError(error, 'LDB_COMMIT_UNKNOWN')) {
        if (isLdbError(error, 'LDB_CONFLICT') || isLdbError(error, 'LDB_IO')) return
        throw error
      }
      outcome = 'unknown'
    }
    this.history.push({ beganAt, endedAt: this.#clock++, outcome, reads, appends })
  }
}

async function readSome(
  view: ClusterTransactionKeyspace<string, number[]>,
  keys: readonly string[],
  reads: Map<string, readonly number[]>,
): Promise<void> {
  const found = await view.getMany(keys)
  for (const [index, key] of keys.entries()) reads.set(key, found[index] ?? [])
}

/** A scan reads the absence of the absent lists too. */
async function readAll(
  view: ClusterTransactionKeyspace<string, number[]>,
  reads: Map<string, readonly number[]>,
): Promise<void> {
  for (const key of LISTS) reads.set(key, [])
  for await (const [key, list] of view.entries()) reads.set(key, list)
}
