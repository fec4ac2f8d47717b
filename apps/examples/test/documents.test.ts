// Strategy: documents of invented words. `LDB_EXAMPLE_DOCUMENTS` sets their number; the program has 200,000.
// Invariant: a search finds exactly the documents that contain all words, also after replacements.
import { Database } from '@ldb/core'
import { expect, test } from 'vitest'
import { Documents, inventedDocuments, wordsOf } from '../src/documents.js'
import type { Document } from '../src/documents.js'
import { Random } from '../src/random.js'

const COUNT = Number(process.env.LDB_EXAMPLE_DOCUMENTS ?? 3_000)

test(`a search of ${COUNT} documents`, () => {
  using db = Database.memory()
  const documents = new Documents(db)
  const expected = new Map<number, Document>(inventedDocuments(COUNT, 1))
  documents.add(expected)
  expect(documents.count).toBe(COUNT)
  const random = new Random(2)
  for (const [, document] of inventedDocuments(100, 3)) {
    const id = random.below(COUNT)
    documents.replace(id, document)
    expected.set(id, document)
  }
  const words = new Map([...expected].map(([id, document]) => [id, wordsOf(document)]))
  const matching = (...wanted: string[]): number[] => {
    return [...words].filter(([, has]) => wanted.every((word) => has.has(word))).map(([id]) => id)
  }
  for (const wanted of [
    ['ka'],
    ['ka', 'lo'],
    ['lo', 'ka', 'mi'],
    ['nothing'],
    ['ka', 'nothing'],
    ['kalo', 'ka'],
  ]) {
    expect(documents.search(...wanted)).toEqual(matching(...wanted))
  }
  expect(documents.search('ka').length).toBeGreaterThan(documents.search('ka', 'lo').length)
  expect(documents.search('ka', 'lo').length).toBeGreaterThan(0)
  expect(documents.search()).toEqual([])
  expect(documents.get(7)).toEqual(expected.get(7))
})
