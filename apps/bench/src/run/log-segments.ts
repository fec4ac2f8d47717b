import type { Scenario } from '../model/scenario.js'
import type { Stage } from '../model/stage.js'

/** Two passes over entries of this number and size fill two segments of LDB's log. */
const ENTRIES_MAX = 70_000
const VALUE_BYTES = 1000

/**
 * Returns the stage of durable commits over two segments of the log: its worst commit is one that begins a segment.
 *
 * @param device - a scenario whose commits are synced.
 */
export function logSegments(device: Scenario): Stage {
  return {
    id: 'log-segments',
    onlyFull: true,
    scenario: {
      ...device,
      contents: 'loaded',
      entryCount: Math.min(device.entryCount, ENTRIES_MAX),
      valueBytes: VALUE_BYTES,
    },
    rows: [
      {
        id: 'log-segments-overwrite',
        title: 'durable overwrites over two segments of the log',
        workload: 'overwriteRandom',
        unit: 'commit',
        targets: { lmdb: 2, 'classic-level': 1.5 },
        stores: ['ldb', 'lmdb', 'classic-level'],
      },
    ],
  }
}
