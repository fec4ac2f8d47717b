// Strategy: one bug at a time is put into the text of one module on its way into a process, which then runs the suite
// that is named beside it. `LDB_SEEDED=all` runs the whole list, `LDB_SEEDED=write` also writes the table of TESTING.md.
// Invariants: without the bug the suite passes with the same budget; with it, it tells of a broken promise. What cannot
// be loaded, does not end or falls over counts as not caught; and so does a module that the suite never loads.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { SEEDED_BUGS } from '../src/seeded/bug-list.js'
import { catchBug } from '../src/seeded/bug-run.js'
import type { Catch } from '../src/seeded/bug-run.js'
import { catchTable, withTable } from '../src/seeded/catch-table.js'
import { mutantOf, ROOT } from '../src/seeded/mutant.js'
import type { SeededBug } from '../src/seeded/seeded-bug.js'

const mode = process.env['LDB_SEEDED']
/** One of each area at least, and the four breakages that everybody asks for first. */
const SELECTED = new Set([
  'log-directory-not-synced',
  'log-record-checksum-dropped',
  'tree-page-reused-early',
  'commit-acknowledged-before-sync',
  'cache-stale-name-after-move',
  'prefix-without-end',
])
const chosen = mode === undefined ? SEEDED_BUGS.filter(({ name }) => SELECTED.has(name)) : SEEDED_BUGS
const catches: Catch[] = []

describe('the list of seeded bugs', () => {
  test('has thirty of them, under names of their own', () => {
    expect(new Set(SEEDED_BUGS.map(({ name }) => name)).size).toBe(SEEDED_BUGS.length)
    expect(SEEDED_BUGS.length).toBeGreaterThanOrEqual(30)
    expect(chosen.length).toBeGreaterThanOrEqual(SELECTED.size)
  })

  test.each(SEEDED_BUGS)('finds the place of $name', (bug) => {
    expect(mutantOf(bug).built).not.toBe('')
  })
})

describe('what does not count as caught', () => {
  const bug = SEEDED_BUGS.find(({ name }) => name === 'tree-older-meta-chosen') as SeededBug

  test('a change that changes nothing for the suite', async () => {
    const harmless: SeededBug = {
      ...bug,
      replace: '    return right.meta.checkpoint < left.meta.checkpoint ? left : right\n',
      cases: 1,
    }
    await expect(catchBug(harmless)).rejects.toThrow(/is not caught/)
  })

  test('a change that is no code', () => {
    expect(() => mutantOf({ ...bug, replace: '  return (\n' })).toThrow(/is no code/)
  })

  test('a change that makes the program fall over', async () => {
    const wild: SeededBug = { ...bug, replace: '    return nobody.checkpoint\n', cases: 1 }
    await expect(catchBug(wild)).rejects.toThrow(/brings .* down/)
  })

  test('a module that the suite never loads', async () => {
    const elsewhere: SeededBug = { ...bug, suite: 'packages/wal/src/format.test.ts' }
    await expect(catchBug(elsewhere)).rejects.toThrow(/no part of/)
  })

  test('a text that is not there, or is there twice', () => {
    expect(() => mutantOf({ ...bug, find: 'no such text', replace: '' })).toThrow(/0 times/)
    expect(() => mutantOf({ ...bug, find: 'const ', replace: 'let ' })).toThrow(/times/)
  })
})

// Each waits for a process of its own; in the order of the list whatever the order of their ends.
describe('seeded bugs', { concurrent: true }, () => {
  test.each(chosen)('$suite catches $name', { timeout: 900_000 }, async (bug) => {
    const caught = await catchBug(bug)
    catches.push(caught)
    console.log(`${bug.name}: ${bug.suite}, case ${caught.cases}, ${caught.durationMs} ms`)
  })
})

if (mode === 'write') {
  test('the table of a whole run goes into TESTING.md', () => {
    expect(catches.length).toBe(SEEDED_BUGS.length)
    const path = join(ROOT, 'TESTING.md')
    const { stdout } = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' })
    const order = (each: Catch): number => SEEDED_BUGS.indexOf(each.bug)
    catches.sort((a, b) => order(a) - order(b))
    const run = { commit: stdout.trim(), date: new Date().toISOString().slice(0, 10) }
    writeFileSync(path, withTable(readFileSync(path, 'utf8'), catchTable(catches, run)))
  })
}
