// Strategy: a database much larger than its cache is read in every way while the k-th read of a file fails, by an error or by a
// flipped bit, for every k. Then the failed reader continues.
// Invariants: a result is complete and correct, or a typed error; entries returned before the error are correct; a scan or cursor
// that has failed never continues after the unreadable part as if that part were absent; the next reader, without a fault,
// reads everything.
import { isLdbError } from '@ldb/base'
import { Database } from '@ldb/core'
import { MemoryVfs } from '@ldb/vfs'
import { beforeAll, describe, expect, it } from 'vitest'
import { FaultVfs } from '../src/vfs/fault-vfs.js'
import type { FaultEffect } from '../src/vfs/fault.js'
import { seededRandom } from '../src/base/test-random.js'

const ENTRY_COUNT = 700
const keyOf = (index: number): string => `key${String(index).padStart(5, '0')}`
const valueOf = (index: number): string => `${index} `.repeat(index % 100 === 0 ? 1_000 : 20)

/** Passes the entries that it reads to `give`, in order; throws what the database throws. */
type Reading = (db: Database, give: (index: number) => void) => void

/** Reads a scan to its end. After an error it calls the scan twice more: it must have ended, or fail again. */
function drain(steps: Iterator<[string, string]>, give: (index: number) => void): void {
  const take = (): boolean => {
    const { done, value } = steps.next()
    if (done === true) return false
    give(indexOf(value[0], value[1]))
    return true
  }
  try {
    while (take());
  } catch (error) {
    for (let again = 0; again < 2; again++) {
      let hasContinued = false
      try {
        hasContinued = take()
      } catch (later) {
        if (!isLdbError(later)) throw later
      }
      expect(hasContinued, 'a scan continued after an unreadable part').toBe(false)
    }
    throw error
  }
}

function indexOf(key: string, value: string): number {
  const index = Number(key.slice(3))
  expect(value, key).toBe(valueOf(index))
  return index
}

const readings: Readonly<Record<string, { isReverse?: boolean; read: Reading }>> = {
  'a scan': {
    read: (db, give) => {
      drain(db.entries()[Symbol.iterator](), give)
    },
  },
  'a reverse scan': {
    isReverse: true,
    read: (db, give) => {
      drain(db.entries({ reverse: true })[Symbol.iterator](), give)
    },
  },
  gets: {
    read: (db, give) => {
      for (let index = 0; index < ENTRY_COUNT; index++) {
        const value = db.get(keyOf(index))
        expect(value, 'an entry that could not be read is not absent').toBeDefined()
        give(indexOf(keyOf(index), value as string))
      }
    },
  },
  'calls of has': {
    read: (db, give) => {
      for (let index = 0; index < ENTRY_COUNT; index++) {
        expect(db.has(keyOf(index)), keyOf(index)).toBe(true)
        give(index)
      }
    },
  },
}

let vfs: MemoryVfs
beforeAll(() => {
  vfs = new MemoryVfs()
  const db = Database.open('data', { vfs })
  for (let start = 0; start < ENTRY_COUNT; start += 100) {
    const batch = db.batch()
    for (let index = start; index < start + 100; index++) batch.put(keyOf(index), valueOf(index))
    batch.commit()
  }
  db.close()
})

/** Runs a reading with a fault at the nth read after the open. Returns its outcome. */
function runFaulty(name: string, effect: FaultEffect, nth: number): 'not struck' | 'whole' | 'refused' {
  const { read, isReverse = false } = readings[name] as { isReverse?: boolean; read: Reading }
  const faulty = new FaultVfs(vfs, seededRandom(nth))
  using db = Database.open('data', { vfs: faulty, readOnly: true, cacheBytes: 65_536 })
  faulty.fault = { effect, calls: ['read'], nth, times: 1 }
  let count = 0
  let ending: 'whole' | 'refused' = 'whole'
  try {
    read(db, (index) => {
      expect(index).toBe(isReverse ? ENTRY_COUNT - 1 - count : count)
      count++
    })
    expect(count).toBe(ENTRY_COUNT)
  } catch (error) {
    if (!isLdbError(error)) throw error
    expect(['LDB_IO', 'LDB_CORRUPTION']).toContain(error.code)
    ending = 'refused'
  }
  if (faulty.injectedCount === 0) return 'not struck'
  faulty.fault = undefined
  let whole = 0
  read(db, () => {
    whole++
  })
  expect(whole, 'for the next reader').toBe(ENTRY_COUNT)
  expect(db.count()).toBe(ENTRY_COUNT)
  return ending
}

const effects: readonly [string, FaultEffect][] = [
  ['fails', { kind: 'error', errno: 'EIO' }],
  ['returns a flipped bit', { kind: 'flip' }],
  ['reads another offset', { kind: 'misdirect' }],
]

describe.each(Object.keys(readings))('%s', (name) => {
  it.each(effects)('return everything or an error when one read %s', (_, effect) => {
    const endings: Record<string, number> = { whole: 0, refused: 0 }
    for (let nth = 1; ; nth++) {
      const ending = runFaulty(name, effect, nth)
      if (ending === 'not struck') break
      endings[ending] = (endings[ending] ?? 0) + 1
    }
    expect(endings['refused']).toBeGreaterThan(5)
  })
})
