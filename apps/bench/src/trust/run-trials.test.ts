// Invariants: a reader tells whole, wrong and refused data apart.
import { describe, expect, it } from 'vitest'
import { entriesOf, keyOf, writeAll } from './entries.js'
import { readAgainst } from './reading.js'
import { trialTable } from './run-trials.js'
import type { Entry, TrustSubject } from './subject.js'

const EXPECTED = [...entriesOf(1000)]

/** A store in memory with the given entries, whose scan fails when `fails` is set. */
function subjectWith(entries: readonly Entry[], fails = false): TrustSubject {
  const map = new Map(entries)
  return {
    id: 'map',
    title: 'Map',
    encrypts: false,
    open: () =>
      Promise.resolve({
        get: (key) => map.get(key),
        write: (puts) => {
          for (const [key, value] of puts) map.set(key, value)
        },
        entries: () => {
          if (fails) throw new Error('damaged')
          return [...map]
        },
        close: () => undefined,
      }),
  }
}

describe('the trials', () => {
  it('tell what a reader sees', async () => {
    const changed = EXPECTED.map(([key, value], index): Entry => [key, index === 501 ? 'x' : value])
    const missing = EXPECTED.filter((_, index) => index !== 501)
    const options = { dir: 'nowhere' }
    expect(await readAgainst(subjectWith(EXPECTED), options, EXPECTED)).toBe('unchanged')
    expect(await readAgainst(subjectWith(EXPECTED, true), options, EXPECTED)).toBe('error')
    for (const wrong of [changed, missing, [...EXPECTED, ['z', 'z'] as Entry]])
      expect(await readAgainst(subjectWith(wrong), options, EXPECTED)).toBe('silent')
  })

  it('write every entry, and print a row for each trial', async () => {
    const subject = subjectWith([])
    const store = await subject.open({ dir: 'nowhere' })
    await writeAll(store, EXPECTED)
    expect(await store.get(keyOf(999))).toBe(EXPECTED[999]?.[1])
    const rows = [{ title: 'a trial', cells: ['one', 'two'] }]
    expect(trialTable({ titles: ['A', 'B'], rows, cases: 1 })).toBe(
      '| trial | A | B |\n| --- | --- | --- |\n| a trial | one | two |',
    )
  })
})
