import type { DatabaseStats, VerifyReport } from '@ldb/core'
import { formatBytes, formatCount, formatCounted, formatDuration, formatShare } from './format-figures.js'
import type { Stage } from './stage.js'
import { timed } from './stopwatch.js'

/** What the last scene measured. */
export interface ClosingFigures {
  /** Closing the database cleanly, in milliseconds. */
  readonly closeMs: number
  /** Opening it after that, in milliseconds. */
  readonly reopenMs: number
}

const FINDINGS_SHOWN_MAX = 10

/** Scene: everything that is on the disk is read and checked. */
export function verifyAll({ screen, checks, world }: Stage): VerifyReport {
  const report = world.db.verify()
  screen.heading('Every page, every record, every key', formatDuration(report.durationMs))
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
    report.ok ? 'Nothing is wrong' : `${formatCounted(report.findingCount, 'finding')}`,
  )
  for (const { kind, file, offset, message } of report.findings.slice(0, FINDINGS_SHOWN_MAX)) {
    screen.say(`${kind} in ${file} at byte ${offset}: ${message}`)
  }
  return report
}

/** Scene: what the database says of itself. */
export function showStatistics({ screen, checks, world }: Stage): DatabaseStats {
  const stats = world.db.stats()
  const { log, cache, checkpoints, reads, keyspaces } = stats
  screen.table(
    ['keyspace', 'entries', 'depth', 'file', 'live'],
    keyspaces.map(({ name, entryCount, depth, fileBytes, liveBytes }) => [
      name,
      formatCount(entryCount),
      formatCount(depth),
      formatBytes(fileBytes),
      formatShare(liveBytes, fileBytes),
    ]),
  )
  screen.line('')
  const cacheBytes = formatBytes(cache.frameCount * cache.pageBytes)
  screen.facts([
    ['commits', `${formatCount(stats.seq)} in all, ${formatCount(stats.commitCount)} since it was opened`],
    ['log', `${formatBytes(log.fileBytes)} in ${formatCounted(log.segmentCount, 'segment')}`],
    [
      'checkpoints',
      `${formatCount(checkpoints.count)}, the last in ${formatDuration(checkpoints.lastDurationMs)}`,
    ],
    [
      'page cache',
      `${formatCount(cache.residentCount)} of ${formatCount(cache.frameCount)} pages in use (${cacheBytes}), ` +
        `${formatCounted(cache.missCount, 'miss', 'misses')}, ${formatCounted(cache.evictionCount, 'eviction')}`,
    ],
  ])
  screen.line('')
  checks.expect('statistics.reads', reads.openCount === 0, 'Every snapshot, scan and cursor was given back')
  return stats
}

/** Closes the database cleanly and opens it again: that reads little, however large it is. */
export function reopenCleanly(stage: Stage): ClosingFigures {
  const { screen } = stage
  const { ms: closeMs } = timed(() => stage.close())
  const { ms: reopenMs } = timed(() => stage.open())
  screen.line('')
  screen.heading('Close, and open again', `${formatDuration(closeMs)}, then ${formatDuration(reopenMs)}`)
  screen.code('db.close(); Database.open(dir)')
  return { closeMs, reopenMs }
}
