import { Database } from '@ldb/core'
import { expect, test } from 'vitest'
import type { City } from '../database/cities.js'
import { isSameAnswer, QUESTIONS } from './question-list.js'
import { cityKey, countryKey, nameKey, DemoStore } from '../database/demo-store.js'

const place = { region: '', longitude: 0, latitude: 0 }
/** Ties, limits of the band, names that are prefixes of others, and countries next to those that are asked for. */
const cities: readonly City[] = [
  { id: 1, name: 'Tokyo', country: 'JP', population: 8_000_000, ...place },
  { id: 10, name: 'Kyoto', country: 'JP', population: 1000, ...place },
  { id: 9, name: 'Kyōto', country: 'JP', population: 1000, ...place },
  { id: 2, name: 'Below', country: 'IN', population: 999_999, ...place },
  { id: 3, name: 'Lower', country: 'IN', population: 1_000_000, ...place },
  { id: 4, name: 'Upper', country: 'IN', population: 1_999_999, ...place },
  { id: 5, name: 'Above', country: 'IN', population: 2_000_000, ...place },
  { id: 6, name: 'Santiago', country: 'CL', population: 4_000_000, ...place },
  { id: 7, name: 'Santiago de Cuba', country: 'CU', population: 500_000, ...place },
  { id: 8, name: 'Santiago de Cuba', country: 'ES', population: 0, ...place },
  { id: 11, name: 'Santiago del Estero', country: 'AR', population: 350_000, ...place },
  { id: 12, name: 'Next', country: 'JQ', population: 5, ...place },
  { id: 13, name: 'Empty', country: 'AQ', population: 0, ...place },
]

test.each(QUESTIONS)('$question: the indexes answer as the records do', ({ queryIndex, scanRecords }) => {
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
