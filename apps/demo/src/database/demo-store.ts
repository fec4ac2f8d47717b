import { Database } from '@ldb/core'
import type { Keyspace } from '@ldb/core'
import type { Transfer } from './transfer.js'
import type { City } from './cities.js'

/** Key of the index by country: country, population, id of the city. Ranges use prefixes of it. */
export type CountryKey = readonly (string | number)[]

/** How to open the database. */
export interface StoreOptions {
  readonly dir: string
  readonly engine: string | undefined
}

/** The open database of the demo, with its keyspaces. */
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

  /** Creates the keyspaces of an open database; {@link DemoStore.open} opens one. */
  constructor(db: Database) {
    this.db = db
    this.cities = db.keyspace<string, City>('cities', { values: 'json' })
    this.byCountry = db.keyspace<CountryKey, string>('cities-by-country', { keys: 'tuple' })
    this.byName = db.keyspace<string, string>('cities-by-name')
    this.accounts = db.keyspace<string, number>('accounts', { values: 'json' })
    this.transfers = db.keyspace<readonly number[], Transfer>('transfers', { keys: 'tuple', values: 'json' })
  }

  /** Opens the database, or creates it. */
  static open({ dir, engine }: StoreOptions): DemoStore {
    // The database rejects an unknown engine.
    const options = engine === undefined ? {} : { engine: engine as 'btree' | 'lsm' }
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

/** Returns the key of a city in `cities`. */
export function cityKey(city: City): string {
  return String(city.id)
}

/** Returns the key of a city in `byCountry`. */
export function countryKey(city: City): CountryKey {
  return [city.country, city.population, city.id]
}

/** Returns the key of a city in `byName`. No name contains the separator, so that keys sort by name. */
export function nameKey(city: City): string {
  return `${city.name}\u0000${city.id}`
}

/** Returns the name in a key of `byName`. */
export function nameOfKey(key: string): string {
  return key.slice(0, key.indexOf('\u0000'))
}
