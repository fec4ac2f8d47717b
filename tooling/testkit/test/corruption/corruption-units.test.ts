// Strategy: small stores of every kind, plain and encrypted, with every codec, are damaged in single bytes, by cuts, and by units that are
// exchanged or come from another file, while something verifies the files again after each damage. Damage to several units at once counts once
// for each unit, each of which must have a finding at its position.
// Invariants: every change of a live byte, every cut and every exchange is reported by `verify`, or by a restore; what is read is right, or an
// `LdbError`; no other error is thrown.
import { describe, expect, it } from 'vitest'
import { Violation } from '../../src/base/violation.js'
import { sweep } from '../../src/sweep/sweep.js'
import { SWEEP_TARGETS, sweepSuite } from '../../src/sweep/sweep-suite.js'
import { treeTarget } from '../../src/sweep/tree-target.js'
import { formatCount, reportCounts } from '../counted.js'

/** Every target once, with some of its damages; two trees with all or half of them. */
const THINNING = 48
const CASES = 260_000

describe('units of all kinds of files', () => {
  it('never lose a bit without a finding', { timeout: 600_000 }, async (context) => {
    const sums = { corruptionCases: 0, liveCases: 0, readCases: 0 }
    const add = (counts: Readonly<Record<string, number>>): void => {
      for (const name of ['corruptionCases', 'liveCases', 'readCases'] as const)
        sums[name] += counts[name] ?? 0
    }
    const thin = sweepSuite('corruption-units', THINNING)
    for (let seed = 0; seed < SWEEP_TARGETS; seed++) add(await thin.runCase(seed))
    add(await sweepSuite('corruption-units', 1).runCase(SWEEP_TARGETS))
    add(await sweepSuite('corruption-units', 2).runCase(2 * SWEEP_TARGETS))
    reportCounts(
      context,
      `corruption, units: ${formatCount(sums.corruptionCases)} cases, ${formatCount(sums.liveCases)} of live bytes, ${formatCount(sums.readCases)} read, 0 violations`,
    )
    expect(sums.corruptionCases).toBeGreaterThanOrEqual(CASES)
  })

  it('are missed by a verification that skips a unit', () => {
    const target = treeTarget(1, false, 'none')
    const unit = target.files[0]?.units.at(-1)
    const blind = {
      ...target,
      verify: () => target.verify().filter(({ offset }) => offset < (unit?.start ?? 0)),
      read: () => false,
    }
    expect(() => sweep(blind, 1, 64)).toThrow(Violation)
    target.close()
  })
})
