import { expect, test } from 'vitest'
import { readCities } from './cities.js'

test('the package has the expected records', () => {
  const cities = readCities()
  expect(cities).toHaveLength(135_233)
  expect(new Set(cities.map(({ id }) => id)).size).toBe(cities.length)
  expect(cities.find(({ name }) => name === 'Reykjavík')).toMatchObject({ country: 'IS', id: 3413829 })
  for (const { name, country, population, longitude, latitude } of cities) {
    const isValid =
      name !== '' &&
      !name.includes('\u0000') &&
      /^[A-Z]{2}$/.test(country) &&
      Number.isSafeInteger(population) &&
      population >= 0 &&
      Math.abs(longitude) <= 180 &&
      Math.abs(latitude) <= 90
    if (!isValid) expect.fail(`${name} in ${country} is invalid`)
  }
})
