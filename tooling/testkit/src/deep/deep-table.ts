import type { MarkedSection } from '../report/marked-section.js'
import type { DeepProgress, SuiteProgress } from './progress.js'

/** The section of a document that contains the table of a run. */
export const DEEP_RUN_SECTION: MarkedSection = {
  document: 'docs/testing/deep-runs.md',
  startMark: '<!-- deep run: written by npm run test:deep -->',
  endMark: '<!-- end of the deep run -->',
}

/** Description of a run. */
export interface RunDescription {
  readonly commit: string
  /** Day on which it ended, `YYYY-MM-DD`. */
  readonly date: string
  readonly machine: string
  readonly workerCount: number
}

/** Counts that the table shows, in order, with their labels. */
const SHOWN: readonly [name: string, text: string][] = [
  ['images', 'crash images'],
  ['injected', 'errors injected'],
  ['disks', 'disks checked afterwards'],
  ['kills', 'kills'],
  ['recordings', 'recorded processes'],
  ['calls', 'system calls recorded'],
  ['operations', 'operations against the model'],
  ['corruptionCases', 'corruption cases'],
  ['foreignCases', 'objects that are not files'],
  ['fuzzInputs', 'fuzz inputs'],
  ['storeSteps', 'steps against the model'],
  ['isolationRuns', 'interleavings of anomaly cases'],
  ['transactions', 'transactions checked'],
  ['acknowledged', 'acknowledged writes'],
  ['checkedTransactions', 'transactions checked on servers'],
  ['failover', 'killed primaries'],
  ['freezePrimary', 'frozen primaries'],
  ['killStandby', 'killed standbys'],
  ['freezeStandby', 'frozen standbys'],
  ['killClient', 'killed clients'],
  ['unknownOutcomes', 'unknown outcomes'],
  ['skipped', 'cases skipped'],
]

/** Returns the results of a run as a Markdown table: a row for each suite, and a total. */
export function deepTable(progress: DeepProgress, nowMs: number, run: RunDescription): string {
  const rows: string[][] = []
  const sums: Record<string, number> = {}
  let cases = 0
  for (const [name, suite] of progress.suites) {
    if (suite.cases === 0) continue
    cases += suite.cases
    for (const [count, value] of Object.entries(suite.counts)) sums[count] = (sums[count] ?? 0) + value
    const violations = progress.failures.filter((failure) => failure.suite === name).length
    const { counts, spentMs } = suite
    rows.push([
      `\`${name}\``,
      `${suite.firstSeed}–${suite.nextSeed - 1}`,
      figures(counts),
      minutes(spentMs),
      rate(suite),
      `${violations}`,
    ])
  }
  const elapsed = minutes(progress.elapsedMs(nowMs))
  rows.push([
    '**all**',
    `${grouped(cases)} cases`,
    figures(sums),
    elapsed,
    '',
    `**${progress.failures.length}**`,
  ])
  const title = `Commit ${run.commit}, ${run.date}, ${elapsed} minutes, ${run.workerCount} threads, ${run.machine}.`
  const heads = ['suite', 'seeds', 'counts', 'minutes', 'per second', 'violations']
  return `${title}\n\n${markdown([heads, heads.map(() => '---'), ...rows])}`
}

/** Returns the counts with their labels. */
function figures(counts: Readonly<Record<string, number>>): string {
  const parts = SHOWN.filter(([name]) => (counts[name] ?? 0) > 0).map(([name, text]) => {
    const count = counts[name] ?? 0
    return `${grouped(count)} ${text}${name === 'images' ? imageDetails(count, counts) : ''}`
  })
  return parts.join(', ')
}

function imageDetails(images: number, counts: Readonly<Record<string, number>>): string {
  const details = [`${Math.round((100 * (counts['nested'] ?? 0)) / images)} % nested`]
  const verified = counts['verified'] ?? images
  if (verified < images) details.push(`${Math.round((100 * verified) / images)} % with \`verify\``)
  for (const [name, text] of [
    ['detected', 'reported as damaged by LDB'],
    ['lost', 'with commits lost by the disk'],
  ] as const) {
    const count = counts[name] ?? 0
    if (count > 0) details.push(`${grouped(count)} ${text}`)
  }
  return ` (${details.join(', ')})`
}

/** Returns the first count divided by the time of one thread. */
function rate({ counts, spentMs }: SuiteProgress): string {
  const [name] = SHOWN.find(([each]) => (counts[each] ?? 0) > 0) ?? []
  if (name === undefined || spentMs === 0) return ''
  const perSecond = ((counts[name] ?? 0) * 1000) / spentMs
  return perSecond < 10 ? perSecond.toFixed(1) : grouped(Math.round(perSecond))
}

function minutes(milliseconds: number): string {
  return (milliseconds / 60_000).toFixed(1)
}

function grouped(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ',')
}

function markdown(rows: readonly (readonly string[])[]): string {
  return rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
