import { expect, test } from 'vitest'
import { readCities } from './cities.js'

test('the package holds what the demo counts on', () => {
  const cities = readCities()
  expect(cities).toHaveLength(135_233)
  expect(new Set(cities.map(({ id }) => id)).size).toBe(cities.length)
  expect(cities.find(({ name }) => name === 'Reykjavík')).toMatchObject({ country: 'IS', id: 3413829 })
  for (const { name, country, population, longitude, latitude } of cities) {
    const sound =
      name !== '' &&
      !name.includes('\u0000') &&
      /^[A-Z]{2}$/.test(country) &&
      Number.isSafeInteger(population) &&
      population >= 0 &&
      Math.abs(longitude) <= 180 &&
      Math.abs(latitude) <= 90
    if (!sound) expect.fail(`${name} in ${country} is not sound`)
  }
})
