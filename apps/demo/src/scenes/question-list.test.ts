import { Database } from '@ldb/core'
import { expect, test } from 'vitest'
import type { City } from '../database/cities.js'
import { isSameAnswer, QUESTIONS } from './question-list.js'
import { cityKey, countryKey, nameKey, DemoStore } from '../database/demo-store.js'

const common = { region: '', longitude: 0, latitude: 0 }
/** Ties, limits of the range, names that are prefixes of others, and neighbours of the queried countries. */
const cities: readonly City[] = [
  { id: 1, name: 'Tokyo', country: 'JP', population: 8_000_000, ...common },
  { id: 10, name: 'Kyoto', country: 'JP', population: 1000, ...common },
  { id: 9, name: 'Kyōto', country: 'JP', population: 1000, ...common },
  { id: 2, name: 'Below', country: 'IN', population: 999_999, ...common },
  { id: 3, name: 'Lower', country: 'IN', population: 1_000_000, ...common },
  { id: 4, name: 'Upper', country: 'IN', population: 1_999_999, ...common },
  { id: 5, name: 'Above', country: 'IN', population: 2_000_000, ...common },
  { id: 6, name: 'Santiago', country: 'CL', population: 4_000_000, ...common },
  { id: 7, name: 'Santiago de Cuba', country: 'CU', population: 500_000, ...common },
  { id: 8, name: 'Santiago de Cuba', country: 'ES', population: 0, ...common },
  { id: 11, name: 'Santiago del Estero', country: 'AR', population: 350_000, ...common },
  { id: 12, name: 'Next', country: 'JQ', population: 5, ...common },
  { id: 13, name: 'Empty', country: 'AQ', population: 0, ...common },
]

test.each(QUESTIONS)('$question: the indexes agree with the records', ({ queryIndex, scanRecords }) => {
  using store = new DemoStore(Database.memory())
  for (const city of cities) {
    store.cities.put(cityKey(city), city)
    store.byCountry.put(countryKey(city), city.name)
    store.byName.put(nameKey(city), city.country)
  }
  const answer = queryIndex(store)
  expect(answer).toEqual(scanRecords(cities))
  expect(isSameAnswer(answer, scanRecords(cities))).toBe(true)
  expect(isSameAnswer(answer, scanRecords(cities).slice(1))).toBe(false)
  store.byCountry.clear()
  store.byName.clear()
  expect(isSameAnswer(queryIndex(store), scanRecords(cities))).toBe(false)
})
