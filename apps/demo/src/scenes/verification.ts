import type { DatabaseStats, KeyspaceStats, VerifyReport } from '@ldb/core'
import {
  formatBytes,
  formatCount,
  formatCounted,
  formatDuration,
  formatShare,
} from '../output/format-figures.js'
import type { Screen } from '../output/screen.js'
import type { SceneContext } from './scene-context.js'
import { timed } from './stopwatch.js'

/** The durations of the clean close and reopen. */
export interface ClosingFigures {
  /** Duration of the clean close, in milliseconds. */
  readonly closeMs: number
  /** Duration of opening after it, in milliseconds. */
  readonly reopenMs: number
}

const FINDINGS_SHOWN_MAX = 10

/** Scene: reads and verifies everything on disk. */
export function verifyAll({ screen, checks, store }: SceneContext): VerifyReport {
  const report = store.db.verify()
  screen.heading('All pages, log records and keys', formatDuration(report.durationMs))
  screen.code('db.verify()')
  screen.line('')
  const rows = report.parts.map(({ name, unitCount, entryCount, byteCount, findingCount }) => [
    name,
    formatCount(unitCount),
    formatCount(entryCount),
    formatBytes(byteCount),
    formatCount(findingCount),
  ])
  screen.table(['', 'checked', 'entries', 'bytes', 'findings'], rows)
  screen.line('')
  checks.expect(
    'verify.findings',
    report.ok,
    report.ok ? 'Verification found no error' : `${formatCounted(report.findingCount, 'finding')}`,
  )
  for (const { kind, file, offset, message } of report.findings.slice(0, FINDINGS_SHOWN_MAX)) {
    screen.paragraph(`${kind} in ${file} at byte ${offset}: ${message}`)
  }
  return report
}

/** Prints statistics of the database before it was closed for the kills, and at the end. */
export function showStatistics(
  { screen, checks }: SceneContext,
  before: DatabaseStats,
  end: DatabaseStats,
): void {
  screen.table(
    ['keyspace', 'entries', 'depth', 'file', 'live'],
    end.keyspaces.map(({ name, entryCount, depth, fileBytes, liveBytes }) => [
      name,
      formatCount(entryCount),
      formatCount(depth),
      formatBytes(fileBytes),
      formatShare(liveBytes, fileBytes),
    ]),
  )
  screen.line('')
  showLevels(screen, end.keyspaces)
  const both = (figure: (stats: DatabaseStats) => string): [string, string] => [figure(before), figure(end)]
  screen.table(
    ['since the database was opened', 'before the kills', 'after them'],
    [
      ['commits', ...both(({ commitCount }) => formatCount(commitCount))],
      ['syncs of the log', ...both(({ log }) => formatCount(log.syncCount))],
      ['checkpoints', ...both(({ checkpoints }) => formatCount(checkpoints.count))],
      ['last checkpoint', ...both(({ checkpoints }) => formatDuration(checkpoints.lastDurationMs))],
      ['log on disk', ...both(({ log }) => formatBytes(log.fileBytes))],
      ['pages in the cache', ...both(({ cache }) => formatCount(cache.residentCount))],
      ['frames of the cache', ...both(({ cache }) => formatCount(cache.frameCount))],
      ['pages read or created', ...both(({ cache }) => formatCount(cache.missCount))],
      ['pages evicted', ...both(({ cache }) => formatCount(cache.evictionCount))],
    ],
  )
  screen.line('')
  const openCount = before.reads.openCount + end.reads.openCount
  checks.expect(
    'statistics.reads',
    openCount === 0,
    openCount === 0
      ? 'Every snapshot, scan and cursor was closed'
      : `${formatCounted(openCount, 'snapshot, scan or cursor', 'snapshots, scans or cursors')} not closed`,
  )
}

/** Prints the levels of tables that are not empty, of the keyspaces that have some. */
function showLevels(screen: Screen, keyspaces: readonly KeyspaceStats[]): void {
  const rows = keyspaces.flatMap(({ name, levels = [] }) =>
    [...levels.entries()]
      .filter(([, { tableCount }]) => tableCount > 0)
      .map(([level, { tableCount, entryCount, fileBytes }]) => [
        name,
        `${level}`,
        formatCount(tableCount),
        formatCount(entryCount),
        formatBytes(fileBytes),
      ]),
  )
  if (rows.length === 0) return
  screen.table(['keyspace', 'level', 'tables', 'entries', 'file'], rows)
  screen.line('')
}

/** Closes the database and opens it again. Opening reads little, whatever the size of the database. */
export function reopenCleanly(context: SceneContext): ClosingFigures {
  const { screen } = context
  const { ms: closeMs } = timed(() => context.close())
  const { ms: reopenMs } = timed(() => context.open())
  screen.line('')
  screen.heading('Close and reopen', `${formatDuration(closeMs)}, then ${formatDuration(reopenMs)}`)
  screen.code('db.close(); Database.open(dir)')
  return { closeMs, reopenMs }
}
