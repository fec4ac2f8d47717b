import type { City } from '../database/cities.js'
import { nameKey, nameOfKey } from '../database/demo-store.js'
import type { CountryKey, DemoStore } from '../database/demo-store.js'

/** One line of an answer: a name, its country, and its inhabitants where the question is about them. */
export interface AnswerLine {
  readonly name: string
  readonly country: string
  readonly population?: number
}

/** A question, with a query of an index and a scan of the records that answer it. */
export interface Question {
  readonly question: string
  /** The source code of the query. */
  readonly code: string
  /** Queries an index. */
  readonly queryIndex: (store: DemoStore) => AnswerLine[]
  /** Computes the same answer from the records, without an index. */
  readonly scanRecords: (cities: readonly City[]) => AnswerLine[]
}

const MILLION = 1_000_000

/** The questions of the demo. */
export const QUESTIONS: readonly Question[] = [
  {
    question: 'The five largest cities of Japan',
    code: "byCountry.entries({ prefix: ['JP'], reverse: true, limit: 5 })",
    queryIndex: ({ byCountry }) =>
      byCountry
        .entries({ prefix: ['JP'], reverse: true, limit: 5 })
        .map(lineOfCountryEntry)
        .toArray(),
    scanRecords: (cities) =>
      cities
        .filter(({ country }) => country === 'JP')
        .sort(byPopulation)
        .slice(0, 5)
        .map(lineOfCity),
  },
  {
    question: 'The cities of India with one to two million people',
    code: "byCountry.entries({ gte: ['IN', 1e6], lt: ['IN', 2e6], reverse: true })",
    queryIndex: ({ byCountry }) =>
      byCountry
        .entries({ gte: ['IN', MILLION], lt: ['IN', 2 * MILLION], reverse: true })
        .map(lineOfCountryEntry)
        .toArray(),
    scanRecords: (cities) =>
      cities
        .filter(
          ({ country, population }) => country === 'IN' && population >= MILLION && population < 2 * MILLION,
        )
        .sort(byPopulation)
        .map(lineOfCity),
  },
  {
    question: 'The cities whose name begins with “Santiago de ”',
    code: "byName.entries({ prefix: 'Santiago de ' })",
    queryIndex: ({ byName }) =>
      byName
        .entries({ prefix: 'Santiago de ' })
        .map(([key, country]) => ({ name: nameOfKey(key), country }))
        .toArray(),
    scanRecords: (cities) =>
      cities
        .filter(({ name }) => name.startsWith('Santiago de '))
        .sort((a, b) => (nameKey(a) < nameKey(b) ? -1 : 1))
        .map(({ name, country }) => ({ name, country })),
  },
  {
    question: 'The largest city of every country',
    code:
      'const cursor = byCountry.cursor({ reverse: true })\n' +
      'for (let ok = cursor.first(); ok; ok = cursor.seek([cursor.key[0]])) …',
    queryIndex: ({ byCountry }) => {
      using cursor = byCountry.cursor({ reverse: true })
      const largest: AnswerLine[] = []
      // In reverse order the first entry of a country is its largest city; the seek skips all others.
      for (let found = cursor.first(); found; found = cursor.seek([largest.at(-1)?.country ?? ''])) {
        largest.push(lineOfCountryEntry([cursor.key, cursor.value]))
      }
      return largest.sort((a, b) => (b.population ?? 0) - (a.population ?? 0))
    },
    scanRecords: (cities) => {
      const largest = new Map<string, City>()
      for (const city of cities) {
        const greatest = largest.get(city.country)
        if (greatest === undefined || byPopulation(city, greatest) < 0) largest.set(city.country, city)
      }
      // Countries with equal populations keep the order in which the cursor visits them.
      return [...largest.values()]
        .sort((a, b) => b.population - a.population || (a.country > b.country ? -1 : 1))
        .map(lineOfCity)
    },
  },
]

/** Reports whether two answers are equal, line by line. */
export function isSameAnswer(left: readonly AnswerLine[], right: readonly AnswerLine[]): boolean {
  const isSameLine = (line: AnswerLine, index: number): boolean => {
    const other = right[index]
    return line.name === other?.name && line.country === other.country && line.population === other.population
  }
  return left.length > 0 && left.length === right.length && left.every(isSameLine)
}

/** Orders by population, then by id, both descending. */
function byPopulation(a: City, b: City): number {
  return b.population - a.population || b.id - a.id
}

function lineOfCity({ name, country, population }: City): AnswerLine {
  return { name, country, population }
}

function lineOfCountryEntry([[country, population], name]: readonly [CountryKey, string]): AnswerLine {
  return { name, country: String(country), population: Number(population) }
}
