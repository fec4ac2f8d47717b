// JSON documents with an index of their words.
import type { Database, Keyspace } from '@ldb/core'
import { Random } from './random.js'

/** A document. */
export interface Document {
  readonly title: string
  readonly text: string
}

type WordKey = readonly [word: string, id: number]

const BATCH_DOCUMENTS = 1_000

/** Documents by number, and the numbers of the documents that contain a word. */
export class Documents {
  readonly #db: Database
  readonly #documents: Keyspace<readonly [number], Document>
  readonly #words: Keyspace<WordKey, string>

  constructor(db: Database) {
    this.#db = db
    this.#documents = db.keyspace<readonly [number], Document>('documents', { keys: 'tuple', values: 'json' })
    this.#words = db.keyspace<WordKey, string>('words', { keys: 'tuple' })
  }

  get count(): number {
    return this.#documents.count()
  }

  get(id: number): Document | undefined {
    return this.#documents.get([id])
  }

  /** Adds new documents, a thousand of them in each commit. */
  add(documents: Iterable<readonly [id: number, document: Document]>): void {
    let batch = this.#db.batch()
    let count = 0
    for (const [id, document] of documents) {
      batch.in(this.#documents).put([id], document)
      for (const word of wordsOf(document)) batch.in(this.#words).put([word, id], '')
      if (++count % BATCH_DOCUMENTS !== 0) continue
      batch.commit()
      batch = this.#db.batch()
    }
    batch.commit()
  }

  /** Replaces a document, and changes the index by the words that differ. */
  replace(id: number, document: Document): void {
    this.#db.transaction((tx) => {
      const words = tx.in(this.#words)
      const before = wordsOf(tx.in(this.#documents).get([id]))
      const after = wordsOf(document)
      for (const word of before) if (!after.has(word)) words.delete([word, id])
      for (const word of after) if (!before.has(word)) words.put([word, id], '')
      tx.in(this.#documents).put([id], document)
    })
  }

  /** Returns the numbers of the documents that contain all words, in ascending order, from one snapshot. */
  search(...words: readonly string[]): number[] {
    using snapshot = this.#db.snapshot()
    const index = snapshot.in(this.#words)
    // The rarest word first: the others are looked up for its documents only.
    const byCount = [...words].sort(
      (left, right) => index.count({ prefix: [left] }) - index.count({ prefix: [right] }),
    )
    const [rarest, ...others] = byCount
    if (rarest === undefined) return []
    const ids = index
      .keys({ prefix: [rarest] })
      .map(([, id]) => id)
      .toArray()
    return ids.filter((id) => index.hasMany(others.map((word): WordKey => [word, id])).every(Boolean))
  }
}

/** Returns the words of a document, in lower case. */
export function wordsOf(document: Document | undefined): ReadonlySet<string> {
  if (document === undefined) return new Set()
  return new Set(`${document.title} ${document.text}`.toLowerCase().match(/[a-z]+/g))
}

const SYLLABLES = ['ka', 'lo', 'mi', 'ne', 'ru', 'sa', 'ti', 'vo', 'wen', 'zu']

/** Returns documents of invented words; the first words of the language are frequent. */
export function* inventedDocuments(count: number, seed: number): Generator<[id: number, document: Document]> {
  const random = new Random(seed)
  const word = (): string => {
    let number = Math.floor(10_000 * random.next() ** 3)
    let text = ''
    do {
      text += SYLLABLES[number % SYLLABLES.length] ?? ''
      number = Math.floor(number / SYLLABLES.length)
    } while (number > 0)
    return text
  }
  const words = (length: number): string => Array.from({ length }, word).join(' ')
  for (let id = 0; id < count; id++) yield [id, { title: words(3), text: words(12) }]
}
