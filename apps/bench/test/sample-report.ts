import { EFFORTS } from '../src/model/effort.js'
import { stagesOf } from '../src/run/plan.js'
import { REPORT_VERSION } from '../src/report/report.js'
import type { Report } from '../src/report/report.js'
import type { Measurement } from '../src/model/results.js'
import { summarize } from '../src/measure/statistics.js'

const STAGES = stagesOf(EFFORTS.tiny)

function measured(row: string, store: string, rate: number): Measurement {
  const rounds = [rate * 0.99, rate, rate * 1.01]
  const latencyUs = { p50: 100, p99: 200, p999: 400, max: 800 }
  return {
    row,
    stage: 'read',
    store,
    rate: summarize(rounds),
    rounds,
    ...(row.startsWith('durable') && { latencyUs }),
  }
}

/** Returns a report of two stores: LDB is four times as fast in gets, and half as fast in scans. */
export function sampleReport(changes: Partial<Report> = {}): Report {
  const rows = STAGES.flatMap(({ id, scenario, rows: all }) =>
    all
      .filter((row) => ['get-random', 'cursor-all', 'durable-put', 'open-clean'].includes(row.id))
      .map(({ id: row, title, unit, targets, targetMs }) => ({
        id: row,
        stage: id,
        title,
        unit,
        scenario,
        ...(targets !== undefined && { targets }),
        ...(targetMs !== undefined && { targetMs }),
      })),
  )
  return {
    version: REPORT_VERSION,
    startedAt: '2025-01-02T03:04:05.678Z',
    durationMs: 90_000,
    command: 'npm run bench -- --tiny',
    commit: '0123456789ab',
    effort: EFFORTS.tiny,
    machine: {
      processor: 'A processor',
      cores: 2,
      memoryBytes: 2 ** 34,
      system: 'linux 6.1 x64',
      node: '20.20.2',
      v8: '11.3',
      fileSystem: 'ext4',
      loadBefore: 0.1,
    },
    stores: [
      { id: 'ldb', title: 'LDB', version: '0.0.0' },
      { id: 'lmdb', title: 'lmdb-js', version: '3.5.6' },
    ],
    leftOut: [{ store: 'node-sqlite', reason: 'needs another Node' }],
    rows,
    measurements: [
      measured('get-random', 'ldb', 4_000_000),
      measured('get-random', 'lmdb', 1_000_000),
      measured('cursor-all', 'ldb', 500_000),
      measured('cursor-all', 'lmdb', 1_000_000),
      measured('durable-put', 'ldb', 8000),
      measured('durable-put', 'lmdb', 2000),
      measured('open-clean', 'ldb', 10),
    ],
    omissions: [{ row: 'open-clean', stage: 'open', store: 'lmdb', reason: 'has no get\nat all' }],
    occupancies: [
      { stage: 'read', store: 'ldb', loadMs: 1234, logicalBytes: 1e6, rssBytes: 2e6, diskBytes: 3e6 },
    ],
    probes: [
      {
        id: 'recover',
        title: 'Opening after a kill',
        findings: [{ name: 'log recovered', value: 200, unit: 'MB/s', atLeast: 300 }],
      },
    ],
    syncCounts: [
      { store: 'ldb', row: 'durable-put', commits: 10, fdatasync: 10, fsync: 0, msync: 0, syncedWrites: 0 },
    ],
    ...changes,
  }
}
