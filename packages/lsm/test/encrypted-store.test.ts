// Strategy: a store with the encryption of LDB is written, compacted by itself and by a thread, reopened, salvaged and damaged.
// Invariants: it behaves as a plain store; no key and no value is on disk; changed and moved units and records are LDB_CORRUPTION; a
// needed or needless key is LDB_KEY.
import { isLdbError } from '@ldb/base'
import { DataKeys } from '@ldb/integrity'
import { MemoryVfs, SeededRandom } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { LsmTree, salvageStore } from '../src/index.js'
import type { LsmTreeOptions } from '../src/index.js'
import { contentOf, fileBytes, LsmHarness, SMALL, sorted, verified, writeFile } from './lsm-harness.js'
import { PlayedThread } from './played-thread.js'

const MARK = 'mark of the plain text'
const keyOf = (number: number): string => `${MARK} ${String(number).padStart(5, '0')}`

function encrypted(key = 1): LsmTreeOptions {
  const keys = new DataKeys(new Uint8Array(16).fill(5), new SeededRandom(7))
  keys.add(1, new Uint8Array(32).fill(key))
  keys.use(1)
  return { ...SMALL, keys }
}

function codeOf(call: () => unknown): string | undefined {
  try {
    call()
  } catch (error) {
    return isLdbError(error) ? error.code : String(error)
  }
  return undefined
}

/** A store with several levels, overwrites, deletes and range deletes; closed. */
function filled(compression: 'none' | 'lz4' = 'none'): LsmHarness {
  const harness = new LsmHarness({ ...encrypted(), compression })
  for (let round = 0; round < 3; round++) {
    for (let index = 0; index < 400; index++) {
      const number = (index * 7919) % 700
      if ((number + round) % 7 === 0) harness.delete(keyOf(number))
      else harness.put(keyOf(number), `${MARK} ${number} of round ${round}`)
    }
    harness.deleteRange(keyOf(100 * round), keyOf(100 * round + 20))
  }
  harness.store.checkpoint()
  harness.store.close()
  return harness
}

const names = (harness: LsmHarness): string[] => harness.vfs.list('store').filter((name) => name !== 'LOCK')

test.each(['none', 'lz4'] as const)(
  'a store with compression %s is read as it was written',
  (compression) => {
    const harness = filled(compression)
    harness.store = LsmTree.open(harness.vfs, 'store', harness.options)
    expect(harness.content()).toEqual(sorted(harness.entries))
    expect(verified(harness.store).findings).toEqual([])
    harness.store.close()
    expect(names(harness).length).toBeGreaterThan(3)
    for (const name of names(harness)) {
      expect(Buffer.from(fileBytes(harness.vfs, `store/${name}`)).includes('mark of')).toBe(false)
    }
  },
)

test('a thread compacts with the keys that it receives', () => {
  const vfs = new MemoryVfs()
  const thread = new PlayedThread(vfs)
  const harness = new LsmHarness({ ...encrypted(), thread }, vfs)
  for (let index = 0; thread.pending.length === 0; index++) {
    harness.put(keyOf((index * 7919) % 1000), `${index}`.padEnd(40, 'v'))
  }
  thread.run()
  harness.put('next', 'commit')
  harness.store.checkpoint()
  expect(harness.content()).toEqual(sorted(harness.entries))
  expect(verified(harness.store).findings).toEqual([])
  for (const name of names(harness)) {
    expect(Buffer.from(fileBytes(vfs, `store/${name}`)).includes('mark of')).toBe(false)
  }
  harness.store.close()
})

test('a needed and a needless key are LDB_KEY, another one is LDB_CORRUPTION', () => {
  const harness = filled()
  expect(codeOf(() => LsmTree.open(harness.vfs, 'store', SMALL))).toBe('LDB_KEY')
  expect(codeOf(() => LsmTree.open(harness.vfs, 'store', encrypted(2)))).toBe('LDB_CORRUPTION')
  const plain = new LsmHarness()
  plain.store.close()
  expect(codeOf(() => LsmTree.open(plain.vfs, 'store', encrypted()))).toBe('LDB_KEY')
})

test('changed bytes of tables are found, or have no effect, and so are those of the state record', () => {
  const harness = filled()
  const expected = sorted(harness.entries)
  let foundCount = 0
  for (const name of names(harness)
    .filter((_, index) => index % 4 === 0)
    .concat('MANIFEST')) {
    const path = `store/${name}`
    const bytes = fileBytes(harness.vfs, path)
    // A damaged edit at the end of a manifest is the trace of a crash: only the log knows that it was complete.
    const end = name === 'MANIFEST' ? 300 : bytes.length
    for (let at = 3; at < end; at += 131) {
      const changed = bytes.slice()
      changed[at]! ^= 4
      writeFile(harness.vfs, path, changed)
      const code = codeOf(() => {
        const store = LsmTree.open(harness.vfs, 'store', { ...encrypted(), rewriteManifest: 'write' })
        try {
          const snapshot = store.snapshot()
          expect(contentOf(snapshot)).toEqual(expected)
          snapshot.release()
        } finally {
          store.close()
        }
      })
      if (code !== undefined) {
        expect(['LDB_CORRUPTION', 'LDB_FORMAT', 'LDB_KEY']).toContain(code)
        foundCount++
      }
    }
    writeFile(harness.vfs, path, bytes)
  }
  expect(foundCount).toBeGreaterThan(20)
})

test('a table in the place of another one is refused', () => {
  const harness = filled()
  const [one = '', other = ''] = harness.tableNames()
  writeFile(harness.vfs, `store/${one}`, fileBytes(harness.vfs, `store/${other}`))
  const store = LsmTree.open(harness.vfs, 'store', { ...encrypted(), rewriteManifest: 'write' })
  expect(codeOf(() => contentOf(store.snapshot()))).toBe('LDB_CORRUPTION')
})

test('a damaged block loses its own entries only, without the index', () => {
  const harness = filled()
  const [name = ''] = harness.tableNames()
  const bytes = fileBytes(harness.vfs, `store/${name}`)
  bytes[400]! ^= 1
  writeFile(harness.vfs, `store/${name}`, bytes)
  const report = salvageStore(harness.vfs, 'store', 'new', encrypted())
  expect(report.losses).toHaveLength(1)
  expect(report.entryCount).toBeGreaterThan(harness.entries.size - 20)
  const store = LsmTree.open(harness.vfs, 'new', encrypted())
  const snapshot = store.snapshot()
  for (const [key, value] of contentOf(snapshot)) expect(value).toBe(harness.entries.get(key))
  snapshot.release()
  store.close()
})
