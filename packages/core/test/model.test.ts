// Strategy: random sequences of all synchronous calls run against a database with tiny pages and a tiny cache and
// against a sorted list, with reopens, checkpoints, compactions and verifications at any point.
// Invariants: every result equals that of the list (C4, S1); snapshots and partly read scans never change; verification
// finds nothing at the end.
import { MemoryVfs } from '@ldb/vfs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { modelCommands } from './model-commands.js'
import { compareAll, newModel, System } from './model-state.js'

const RUNS = Number(process.env['LDB_MODEL_RUNS'] ?? 60)
const tunings = fc.record({
  pageBytes: fc.constantFrom(512, 1024, 4096),
  checkpointLogBytes: fc.constantFrom(2_000, 50_000, 10_000_000),
  segmentBytes: fc.constantFrom(4_096, 1_000_000),
  preallocateBytes: fc.constantFrom(0, 65_536),
})
const durabilities = fc.constantFrom('full' as const, 'periodic' as const, 'none' as const)

describe('the synchronous API, compared with a sorted list', () => {
  it('returns the results of the list', () => {
    fc.assert(
      fc.property(
        tunings,
        durabilities,
        fc.commands(modelCommands, { maxCommands: 120, size: 'max' }),
        (tuning, durability, commands) => {
          const real = new System(new MemoryVfs(), durability, tuning)
          const model = newModel()
          try {
            fc.modelRun(() => ({ model, real }), commands)
            compareAll(model, real)
            expect(real.db.verify().findings).toEqual([])
          } finally {
            real.db.close()
          }
        },
      ),
      { numRuns: RUNS, endOnFailure: false },
    )
  })
})
