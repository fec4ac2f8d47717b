// Strategy: a seed decides the settings (page, cache, log segment, durability, encodings), a subset of the commands
// and the shape of the keys. Every command of the sync API must return the result of the reference, which uses
// sorted arrays.
// Invariants: C1, C2, C4, C8, K1 to K5, R2, R5 to R7, S1 to S3, U1 of the database's SPEC.md; verification finds
// nothing.
import { expect, test } from 'vitest'
import { formatCount, reportCounts } from '../counted.js'
import { modelSuite } from '../../src/model/model-suite.js'

const FIRST = Number(process.env['LDB_MODEL_SEED'] ?? 1)
const OPERATIONS = Number(process.env['LDB_MODEL_OPERATIONS'] ?? 500_000)

test('half a million operations return what the reference returns', { timeout: 600_000 }, async (context) => {
  const totals: Record<string, number> = {}
  for (let seed = FIRST; (totals['operations'] ?? 0) < OPERATIONS; seed++) {
    const counts = await modelSuite.runCase(seed)
    for (const [name, count] of Object.entries(counts)) totals[name] = (totals[name] ?? 0) + count
  }
  reportCounts(
    context,
    `model: ${formatCount(totals['operations'])} operations, ${totals['reopens']} reopens, ${totals['crashes']} crashes, 0 violations`,
  )
  expect(totals['operations']).toBeGreaterThanOrEqual(OPERATIONS)
})
