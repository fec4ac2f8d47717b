// Strategy: runs one list of commands, decided by a seed, in 18 configurations (page and cache sizes, durability,
// checkpoint and segment sizes, files in memory, real files, overlays, no files, encodings of the same bytes,
// LSM trees with and without compression).
// Invariants: all configurations return the same results and error codes. Checkpoints, compactions, syncs,
// verifications, reopens and the end of the process change nothing at any point. A batch equals its operations.
// Both directions, scans and gets agree. Snapshots are stable.
import { expect, test } from 'vitest'
import { formatCount, reportCounts } from '../counted.js'
import { CONFIGURATIONS } from '../../src/metamorphic/configurations.js'
import {
  metamorphicSuite,
  runMetamorphicCase,
  compareConfigurations,
} from '../../src/metamorphic/metamorphic-suite.js'
import { Session } from '../../src/model/session/session.js'
import type { Command } from '../../src/model/commands/commands.js'

const FIRST = Number(process.env['LDB_METAMORPHIC_SEED'] ?? 1)
const CASES = Number(process.env['LDB_METAMORPHIC_CASES'] ?? 8)

test('all configurations return the same results', { timeout: 600_000 }, async (context) => {
  expect(CONFIGURATIONS.length).toBeGreaterThanOrEqual(12)
  const totals: Record<string, number> = {}
  for (let seed = FIRST; seed < FIRST + CASES; seed++) {
    const counts = await metamorphicSuite.runCase(seed)
    for (const [name, count] of Object.entries(counts)) totals[name] = (totals[name] ?? 0) + count
  }
  reportCounts(
    context,
    `metamorphic: ${CONFIGURATIONS.length} configurations, ${formatCount(totals['operations'])} operations, 0 violations`,
  )
  expect(totals['cases']).toBe(CASES)
})

/** A session that, with small pages, executes a scan limit of two as three. */
class FaultySession extends Session {
  override execute(command: Command): string {
    const isHit = command.do === 'read' && command.read === 'scan' && command.range?.limit === 2
    return super.execute(isHit ? { ...command, range: { ...command.range, limit: 3 } } : command)
  }
}

test('detects a configuration with different results and reduces the commands', () => {
  let caught = ''
  for (let seed = 1; seed < 10 && caught === ''; seed++) {
    try {
      runMetamorphicCase(seed, ({ settings }, place) =>
        settings.pageBytes === 512 ? new FaultySession(settings, place) : new Session(settings, place),
      )
    } catch (error) {
      caught = (error as Error).message
    }
  }
  expect(caught).toContain("'plain' and 'smallest page and cache' differ")
  expect(caught.split('\n').length, caught).toBeLessThan(12)
})

test('two configurations can be compared by name', () => {
  compareConfigurations(
    ['plain', 'real files, synced'],
    [
      { do: 'put', ks: 0, key: 'a', value: '1' },
      { do: 'read', ks: 0, read: 'get', key: 'a' },
    ],
  )
})
