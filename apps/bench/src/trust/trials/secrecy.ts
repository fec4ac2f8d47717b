import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { entriesOf, writeAll } from '../entries.js'
import { isSameFolder, readFolder } from '../folders.js'
import { isSame } from '../reading.js'
import type { TrustSubject } from '../subject.js'
import { KEY, WRONG_KEY } from './trial.js'
import type { Trial } from './trial.js'

const KEY_CANARY = 'canary-in-a-key-4b1d9c07e2f58a36'
const VALUE_CANARY = 'canary-in-a-value-90cd3e7715ab2f64'
const LARGE_CHARS = 200_000
const ENTRIES = 2000

/** Searches all files, of the open and of the closed store, for a key and values. */
export const canaries: Trial = {
  id: 'canaries',
  title: 'keys and values in the files, encrypted',
  isEncrypted: true,
  async run({ subject, dir }) {
    const data = join(dir, 'data')
    mkdirSync(data)
    const store = await subject.open({ dir: data, key: KEY })
    await writeAll(store, entriesOf(ENTRIES))
    await store.write([
      [KEY_CANARY, 'short'],
      ['short', VALUE_CANARY],
      ['long', VALUE_CANARY.padEnd(LARGE_CHARS, '.')],
    ])
    const found = new Set(canariesIn(data))
    await store.close()
    for (const canary of canariesIn(data)) found.add(canary)
    return found.size === 0 ? 'none' : `found: ${[...found].join(', ')}`
  },
}

function canariesIn(dir: string): string[] {
  return readFolder(dir).flatMap(({ bytes }) => [
    ...(bytes.includes(KEY_CANARY) ? ['a key'] : []),
    ...(bytes.includes(VALUE_CANARY) ? ['a value'] : []),
  ])
}

/** Opens an encrypted store with another key and without a key, and with the right one afterwards. */
export const wrongKey: Trial = {
  id: 'wrong-key',
  title: 'another key, and none',
  isEncrypted: true,
  async run({ subject, dir }) {
    const data = join(dir, 'data')
    mkdirSync(data)
    const expected = [...entriesOf(ENTRIES)]
    const store = await subject.open({ dir: data, key: KEY })
    await writeAll(store, expected)
    await store.close()
    const before = readFolder(data)
    const wrong = await opened(subject, data, WRONG_KEY)
    const missing = await opened(subject, data, undefined)
    const isUntouched = isSameFolder(before, readFolder(data))
    const again = await subject.open({ dir: data, key: KEY })
    const isWhole = isSame(await again.entries(), expected)
    await again.close()
    return `wrong: ${wrong}; none: ${missing}; files ${isUntouched ? 'unchanged' : 'changed'}; data ${isWhole ? 'whole' : 'lost'}`
  },
}

/** Returns what an open, a read and a write with a key lead to. */
async function opened(subject: TrustSubject, dir: string, key: Uint8Array | undefined): Promise<string> {
  try {
    const store = await subject.open({ dir, ...(key !== undefined && { key }) })
    try {
      const entries = await store.entries()
      await store.write([['key-of-another', 'value']])
      return entries.length === ENTRIES ? 'accepted' : `accepted, ${entries.length} entries`
    } finally {
      await store.close()
    }
  } catch (error) {
    return `error (${codeOf(error)})`
  }
}

function codeOf(error: unknown): string {
  const code = (error as { readonly code?: unknown }).code
  return typeof code === 'string' || typeof code === 'number' ? String(code) : 'no code'
}
