// Strategy: the same bytes read through every view of a binary keyspace: live, snapshot and transaction, with and
// without times to live; every owned result is then overwritten, as a caller may.
// Invariants: a result that is not borrowed is owned by the caller (a write to it changes no other read, and no write
// to the database changes it), and borrowed bytes are valid until the next call.
import { ManualTime, MemoryVfs } from '@ldb/vfs'
import { describe, expect, it } from 'vitest'
import type { Keyspace } from '../src/write/keyspace.js'
import type { KeyspaceReads } from '../src/read/keyspace-reads.js'
import { Database } from '../src/database.js'
import { openDatabase } from '../src/open/opening.js'
import { TUNING } from './async-setup.js'

type Bytes = Uint8Array

const COUNT = 40
const bytesOf = (text: string): Bytes => Uint8Array.from(text, (character) => character.charCodeAt(0))
const textOf = (bytes: Bytes | undefined): string | undefined =>
  bytes === undefined ? undefined : String.fromCharCode(...bytes)
const keyText = (index: number): string => `key${String(index).padStart(3, '0')}`
/** Some values are in overflow pages, some are empty. */
const valueText = (index: number): string => `${index}:`.repeat(index % 13 === 5 ? 9000 : index % 7)

function filled(expires: boolean): { db: Database; keyspace: Keyspace<Bytes, Bytes> } {
  const time = new ManualTime(1_000_000)
  const db = new Database(
    openDatabase(
      'data',
      { vfs: new MemoryVfs({ clock: time, scheduler: time }), cacheBytes: 65_536 },
      TUNING,
    ),
  )
  const encodings = { keys: 'binary', values: 'binary' } as const
  const keyspace = db.keyspace('bytes', expires ? { ...encodings, ttlMs: 60_000 } : encodings)
  const batch = db.batch().in(keyspace)
  for (let index = 0; index < COUNT; index++) batch.put(bytesOf(keyText(index)), bytesOf(valueText(index)))
  batch.commit()
  return { db, keyspace }
}

/** Reads everything in every way, twice, and overwrites each result. */
function readAll(reads: KeyspaceReads<Bytes, Bytes>): void {
  const expected = Array.from({ length: COUNT }, (_, index) => [keyText(index), valueText(index)])
  const kept: [Bytes, string][] = []
  const keep = (bytes: Bytes | undefined, text: string): void => {
    expect(textOf(bytes)).toBe(text)
    if (bytes !== undefined) kept.push([bytes, text])
  }
  for (const [key = '', value = ''] of expected) {
    expect(textOf(reads.get(bytesOf(key), { borrow: true }))).toBe(value)
    keep(reads.get(bytesOf(key)), value)
  }
  for (const [index, value] of reads.getMany(expected.map(([key = '']) => bytesOf(key))).entries()) {
    keep(value, valueText(index))
  }
  for (const range of [{}, { reverse: true }]) {
    const order = 'reverse' in range ? [...expected].reverse() : expected
    for (const [index, [key, value]] of [...reads.entries(range)].entries()) {
      keep(key, order[index]?.[0] ?? '')
      keep(value, order[index]?.[1] ?? '')
    }
    using cursor = reads.cursor(range)
    for (const [key = '', value = ''] of order) {
      expect(cursor.next()).toBe(true)
      // Each access returns another copy.
      for (const again of [cursor.key, cursor.key]) keep(again, key)
      for (const again of [cursor.value, cursor.value]) keep(again, value)
    }
  }
  for (const [bytes, text] of kept) expect(textOf(bytes)).toBe(text)
  for (const [bytes] of kept) {
    bytes.fill(0)
  }
  for (const [bytes] of kept) expect(bytes.every((byte) => byte === 0)).toBe(true)
}

describe.each([
  ['without times to live', false],
  ['with times to live', true],
])('bytes of a keyspace %s', (_, expires) => {
  it('are owned by the reader of the live state', () => {
    const { db, keyspace } = filled(expires)
    for (let round = 0; round < 3; round++) readAll(keyspace)
    db.close()
  })

  it('are owned by the reader of a snapshot, under concurrent writes', () => {
    const { db, keyspace } = filled(expires)
    using snapshot = db.snapshot()
    for (let round = 0; round < 3; round++) {
      readAll(snapshot.in(keyspace))
      keyspace.put(bytesOf(keyText(round)), bytesOf('other'))
      keyspace.delete(bytesOf(keyText(round + 10)))
    }
    snapshot.release()
    db.close()
  })

  it('are owned by the reader of a transaction, its own writes included', () => {
    const { db, keyspace } = filled(expires)
    for (const index of [3, 5, 17]) keyspace.delete(bytesOf(keyText(index)))
    db.transaction((tx) => {
      const own = tx.in(keyspace)
      for (const index of [3, 5, 17]) own.put(bytesOf(keyText(index)), bytesOf(valueText(index)))
      for (let round = 0; round < 3; round++) readAll(own)
    })
    readAll(keyspace)
    db.close()
  })
})
