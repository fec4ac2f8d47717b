// Invariant: after any writes, the index has exactly the keys of the rows, and answers as a walk over all rows does.
import { Database } from '@ldb/core'
import { expect, test } from 'vitest'
import { Random } from '../src/random.js'
import { People } from '../src/tuple-index.js'

const CITIES = ['Ghent', 'Ghen', 'Gh\u0000ent', 'Lund', '']

test('an index follows its rows', () => {
  using db = Database.memory()
  const people = new People(db)
  const random = new Random(1)
  for (let count = 0; count < 2_000; count++) {
    const id = random.below(150)
    if (random.below(3) === 0) {
      const isThere = people.get(id) !== undefined
      expect(people.remove(id)).toBe(isThere)
    } else {
      const city = CITIES[random.below(CITIES.length)] ?? ''
      people.put(id, { name: `person ${id}`, city, age: random.below(90) })
    }
  }
  const rows = people.rows()
  expect(rows.length).toBeGreaterThan(50)
  const sorted = rows
    .map(([id, { city, age }]) => ({ id, city, age }))
    .sort((left, right) => {
      return compare(left.city, right.city) || left.age - right.age || left.id - right.id
    })
  expect(people.indexKeys()).toEqual(sorted.map(({ id, city, age }) => [city, age, id]))
  for (const city of CITIES) {
    const inCity = sorted.filter((row) => row.city === city)
    expect(people.countInCity(city)).toBe(inCity.length)
    expect(people.inCity(city)).toEqual(inCity.map(({ id }) => id))
    const thirties = inCity.filter(({ age }) => age >= 30 && age < 40)
    expect(people.inCity(city, 30, 40)).toEqual(thirties.map(({ id }) => id))
  }
})

function compare(left: string, right: string): number {
  return left < right ? -1 : Number(left > right)
}
