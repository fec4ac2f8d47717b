// Strategy: one bug at a time is applied to the text of one module while a process loads it. The process runs the suite named
// beside the bug. `LDB_SEEDED=all` runs all bugs; `LDB_SEEDED=write` also writes the table of docs/testing/seeded-bugs.md.
// Invariants: without the bug the suite passes with the same budget; with the bug it reports a violated guarantee. A suite that
// does not load, times out or crashes does not count as having caught the bug; nor does one that never loads the module.
import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { writeSection } from '../src/report/marked-section.js'
import { WORKSPACE_ROOT } from '../src/report/workspace-root.js'
import { SEEDED_BUGS } from '../src/seeded/bug-list.js'
import { catchBug } from '../src/seeded/bug-run.js'
import type { Catch } from '../src/seeded/bug-run.js'
import { catchTable, SEEDED_BUGS_SECTION } from '../src/seeded/catch-table.js'
import { mutantOf } from '../src/seeded/mutant.js'
import type { SeededBug } from '../src/seeded/bugs/seeded-bug.js'

const mode = process.env['LDB_SEEDED']
/** At least one bug of each area, and the most important kinds. */
const SELECTED = new Set([
  'log-directory-not-synced',
  'log-record-checksum-dropped',
  'tree-page-reused-early',
  'commit-acknowledged-before-sync',
  'cache-stale-page-number-after-move',
  'prefix-without-upper-bound',
])
const chosen = mode === undefined ? SEEDED_BUGS.filter(({ name }) => SELECTED.has(name)) : SEEDED_BUGS
const catches: Catch[] = []

describe('the list of seeded bugs', () => {
  test('has at least thirty bugs with unique names', () => {
    expect(new Set(SEEDED_BUGS.map(({ name }) => name)).size).toBe(SEEDED_BUGS.length)
    expect(SEEDED_BUGS.length).toBeGreaterThanOrEqual(30)
    expect(chosen.length).toBeGreaterThanOrEqual(SELECTED.size)
  })

  test.each(SEEDED_BUGS)('finds the place of $name', (bug) => {
    expect(mutantOf(bug).source).not.toBe('')
  })
})

describe('a bug does not count as caught', () => {
  const bug = SEEDED_BUGS.find(({ name }) => name === 'tree-older-meta-chosen') as SeededBug

  test('if the change has no effect on the suite', async () => {
    const harmless: SeededBug = {
      ...bug,
      replace: '    return right.meta.checkpoint < left.meta.checkpoint ? left : right\n',
      cases: 1,
    }
    await expect(catchBug(harmless)).rejects.toThrow(/is not caught/)
  })

  test('if the change is not valid code', () => {
    expect(() => mutantOf({ ...bug, replace: '  return (\n' })).toThrow(/is not valid code/)
  })

  test('if the change crashes the program', async () => {
    const wild: SeededBug = { ...bug, replace: '    return undeclared.checkpoint\n', cases: 1 }
    await expect(catchBug(wild)).rejects.toThrow(/crashes/)
  })

  test('if the suite never loads the module', async () => {
    const elsewhere: SeededBug = { ...bug, suite: 'packages/wal/src/format.test.ts' }
    await expect(catchBug(elsewhere)).rejects.toThrow(/never loads/)
  })

  test('if the text to replace is missing or occurs twice', () => {
    expect(() => mutantOf({ ...bug, find: 'no such text', replace: '' })).toThrow(/0 times/)
    expect(() => mutantOf({ ...bug, find: 'const ', replace: 'let ' })).toThrow(/times/)
  })
})

// Each waits for a process of its own; reported in the order of the list, whatever the order of their ends.
describe('seeded bugs', { concurrent: true }, () => {
  test.each(chosen)('$suite catches $name', { timeout: 900_000 }, async (bug) => {
    const caught = await catchBug(bug)
    catches.push(caught)
    console.log(`${bug.name}: ${bug.suite}, case ${caught.cases}, ${caught.durationMs} ms`)
  })
})

if (mode === 'write') {
  test('the table of a full run is written to docs/testing/seeded-bugs.md', () => {
    expect(catches.length).toBe(SEEDED_BUGS.length)
    const { stdout } = spawnSync('git', ['rev-parse', '--short', 'HEAD'], {
      cwd: WORKSPACE_ROOT,
      encoding: 'utf8',
    })
    const order = (each: Catch): number => SEEDED_BUGS.indexOf(each.bug)
    catches.sort((a, b) => order(a) - order(b))
    const run = { commit: stdout.trim(), date: new Date().toISOString().slice(0, 10) }
    writeSection(WORKSPACE_ROOT, SEEDED_BUGS_SECTION, catchTable(catches, run))
  })
}
