// An index over tuple keys: rows by number, and their numbers by city and age.
import type { Database, Keyspace } from '@ldb/core'

/** A row. */
export interface Person {
  readonly name: string
  readonly city: string
  readonly age: number
}

type IndexKey = readonly [city: string, age: number, id: number]

/** People with an index, which every write keeps in step. */
export class People {
  readonly #db: Database
  readonly #rows: Keyspace<readonly [number], Person>
  readonly #index: Keyspace<IndexKey, string>

  constructor(db: Database) {
    this.#db = db
    this.#rows = db.keyspace<readonly [number], Person>('people', { keys: 'tuple', values: 'json' })
    this.#index = db.keyspace<IndexKey, string>('people-by-city-and-age', { keys: 'tuple' })
  }

  /** Adds or replaces a row. */
  put(id: number, person: Person): void {
    this.#write(id, person)
  }

  /** Removes a row, and reports whether there was one. */
  remove(id: number): boolean {
    return this.#write(id, undefined)
  }

  get(id: number): Person | undefined {
    return this.#rows.get([id])
  }

  /** Returns the numbers of the people of a city whose age is at least `from` and below `to`, by age. */
  inCity(city: string, from: number = 0, to: number = Infinity): number[] {
    const range = { gte: [city, from, 0], lt: [city, to, 0] } as const
    return this.#index
      .keys(range)
      .map(([, , id]) => id)
      .toArray()
  }

  /** Returns the number of people of a city, which only reads the index. */
  countInCity(city: string): number {
    return this.#index.count({ prefix: [city] })
  }

  /** Returns all keys of the index. */
  indexKeys(): IndexKey[] {
    return this.#index.keys().toArray()
  }

  /** Returns all rows by their number. */
  rows(): [number, Person][] {
    return this.#rows
      .entries()
      .map(([[id], person]): [number, Person] => [id, person])
      .toArray()
  }

  #write(id: number, person: Person | undefined): boolean {
    return this.#db.transaction((tx) => {
      const [rows, index] = [tx.in(this.#rows), tx.in(this.#index)]
      const before = rows.get([id])
      if (before !== undefined) index.delete([before.city, before.age, id])
      if (person === undefined) rows.delete([id])
      else {
        rows.put([id], person)
        index.put([person.city, person.age, id], '')
      }
      return before !== undefined
    })
  }
}
