import { Database } from '@ldb/core'
import type { Keyspace } from '@ldb/core'
import type { Transfer } from './transfer.js'
import type { City } from './cities.js'

/** Key of the index by country: country, population, id of the city. A prefix of it is a key too, for ranges. */
export type CountryKey = readonly (string | number)[]

/** How the demo opens its database. */
export interface StoreOptions {
  readonly dir: string
  readonly engine: string | undefined
}

/** The database of the demo with its keyspaces, open. */
export class DemoStore implements Disposable {
  readonly db: Database
  /** Records as JSON, by id. */
  readonly cities: Keyspace<string, City>
  /** Names of the cities, by country, then population, then id. */
  readonly byCountry: Keyspace<CountryKey, string>
  /** Countries of the cities, by name, then id. */
  readonly byName: Keyspace<string, string>
  /** Balances, by holder. */
  readonly accounts: Keyspace<string, number>
  /** Transfers between accounts, by number. */
  readonly transfers: Keyspace<readonly number[], Transfer>

  /** Takes a database that is open; `open` makes one. */
  constructor(db: Database) {
    this.db = db
    this.cities = db.keyspace<string, City>('cities', { values: 'json' })
    this.byCountry = db.keyspace<CountryKey, string>('cities-by-country', { keys: 'tuple' })
    this.byName = db.keyspace<string, string>('cities-by-name')
    this.accounts = db.keyspace<string, number>('accounts', { values: 'json' })
    this.transfers = db.keyspace<readonly number[], Transfer>('transfers', { keys: 'tuple', values: 'json' })
  }

  /** Opens the database, or makes it. */
  static open({ dir, engine }: StoreOptions): DemoStore {
    // An engine that this build lacks is for the database to refuse: it knows best what it has.
    const options = engine === undefined ? {} : { engine: engine as 'btree' }
    const db = Database.open(dir, options)
    try {
      return new DemoStore(db)
    } catch (error) {
      db.close()
      throw error
    }
  }

  /** Closes the database. Idempotent. */
  close(): void {
    this.db.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

/** Key of a city in `cities`. */
export function cityKey(city: City): string {
  return String(city.id)
}

/** Key of a city in `byCountry`. */
export function countryKey(city: City): CountryKey {
  return [city.country, city.population, city.id]
}

/** Key of a city in `byName`. No name contains the separator, so that names keep their order. */
export function nameKey(city: City): string {
  return `${city.name}\u0000${city.id}`
}

/** The name in a key of `byName`. */
export function nameOfKey(key: string): string {
  return key.slice(0, key.indexOf('\u0000'))
}
