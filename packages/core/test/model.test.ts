// Strategy: random sequences of every call of the sync face run against a database with tiny pages and a tiny cache
// and against a sorted list, with reopening, checkpoints, compaction and verification anywhere.
// Invariants: every result is that of the list (C4, S1); snapshots and half-read scans never change; verification
// finds nothing at the end.
import { MemoryVfs } from '@ldb/vfs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareAll, modelCommands, newModel, Real } from './model-commands.js'

const RUNS = Number(process.env['LDB_MODEL_RUNS'] ?? 60)
const tunings = fc.record({
  pageBytes: fc.constantFrom(512, 1024, 4096),
  checkpointLogBytes: fc.constantFrom(2_000, 50_000, 10_000_000),
  segmentBytes: fc.constantFrom(4_096, 1_000_000),
  preallocateBytes: fc.constantFrom(0, 65_536),
})
const durabilities = fc.constantFrom('full' as const, 'periodic' as const, 'none' as const)

describe('the sync face, against a sorted list', () => {
  it('gives what the list gives', () => {
    fc.assert(
      fc.property(
        tunings,
        durabilities,
        fc.commands(modelCommands, { maxCommands: 120, size: 'max' }),
        (tuning, durability, commands) => {
          const real = new Real(new MemoryVfs(), durability, tuning)
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
