import type { ClusterDatabase } from '@ldb/cluster'
import type { AsyncDatabase } from '@ldb/core'
import { keyOf, valueOf } from './subject.js'
import type { Subject } from './subject.js'

/** The asynchronous API, embedded or over a cluster. */
export class DatabaseSubject implements Subject {
  readonly name: string
  readonly #db: ClusterDatabase | AsyncDatabase
  readonly #abort: AbortController = new AbortController()
  #following: Promise<void> | undefined = undefined
  #reported = 0
  #wake: () => void = () => undefined

  constructor(name: string, db: ClusterDatabase | AsyncDatabase) {
    this.name = name
    this.#db = db
  }

  async put(index: number): Promise<void> {
    await this.#db.put(keyOf(index), valueOf(index))
  }

  async get(index: number): Promise<void> {
    await this.#db.get(keyOf(index))
  }

  async getMany(indexes: readonly number[]): Promise<void> {
    await this.#db.getMany(indexes.map(keyOf))
  }

  async scan(): Promise<number> {
    let count = 0
    for await (const [, value] of this.#db.entries()) count += value.length > 0 ? 1 : 0
    return count
  }

  async batch(indexes: readonly number[]): Promise<void> {
    const batch = this.#db.batch()
    for (const index of indexes) batch.put(keyOf(index), valueOf(index))
    await batch.commit()
  }

  async transaction(first: number, second: number): Promise<void> {
    const body = async (tx: DatabaseTransaction): Promise<void> => {
      const values = await Promise.all([tx.get(keyOf(first)), tx.get(keyOf(second))])
      await tx.put(keyOf(first), values[1] ?? '')
      await tx.put(keyOf(second), values[0] ?? '')
    }
    if ('sync' in this.#db) await (this.#db as AsyncDatabase).transaction(async (tx) => body(tx as never))
    else await (this.#db as ClusterDatabase).transaction(async (tx) => body(tx as never))
  }

  async putToChange(index: number): Promise<void> {
    if (this.#following === undefined) {
      this.#following = this.#follow()
      // Changes are reported from a moment on that is not known: long before the first put.
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
    const before = this.#reported
    const reported = new Promise<void>((resolve) => {
      this.#wake = () => {
        if (this.#reported > before) resolve()
      }
    })
    await this.#db.put(keyOf(index), valueOf(index))
    this.#wake()
    await reported
  }

  async close(): Promise<void> {
    this.#abort.abort()
    await this.#db.close()
  }

  async #follow(): Promise<void> {
    try {
      for await (const change of this.#db.changes({ signal: this.#abort.signal })) {
        if (change !== undefined) this.#reported++
        this.#wake()
      }
    } catch {
      // The database is closed.
    }
  }
}

interface DatabaseTransaction {
  get(key: string): Promise<string | undefined>
  put(key: string, value: string): Promise<unknown>
}
