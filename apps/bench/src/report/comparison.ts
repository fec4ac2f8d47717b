import { formatRate } from './format-figures.js'
import type { Report } from './report.js'
import type { Summary } from '../measure/statistics.js'

/** Differences below this are never called one, whatever the spread says. */
export const NOISE_FLOOR = 0.05
/** How many deviations two medians may lie apart. */
const DEVIATIONS = 3
/** What makes a median of distances comparable to a standard deviation. */
const MAD_SCALE = 1.4826

/** What became of one row of one store. */
export interface Change {
  readonly row: string
  readonly store: string
  readonly before: number
  readonly after: number
  /** Share by which it changed: -0.1 is ten per cent slower. */
  readonly change: number
  /** Share by which two runs of the same thing may differ. */
  readonly noise: number
  readonly verdict: 'slower' | 'faster' | 'same'
}

/** Compares two summaries of rates: what differs by less than both scatter is the same. */
export function judge(before: Summary, after: Summary): Pick<Change, 'change' | 'noise' | 'verdict'> {
  const change = after.median / before.median - 1
  const noise = Math.max(NOISE_FLOOR, DEVIATIONS * Math.hypot(scatter(before), scatter(after)))
  const verdict = Math.abs(change) <= noise ? 'same' : change < 0 ? 'slower' : 'faster'
  return { change, noise, verdict }
}

function scatter({ median, mad }: Summary): number {
  return (MAD_SCALE * mad) / median
}

/** Compares what two reports both have. */
export function compareReports(before: Report, after: Report): Change[] {
  return before.measurements.flatMap((earlier): Change[] => {
    const later = after.measurements.find(({ row, store }) => row === earlier.row && store === earlier.store)
    if (later === undefined) return []
    const { row, store } = earlier
    return [
      {
        row,
        store,
        before: earlier.rate.median,
        after: later.rate.median,
        ...judge(earlier.rate, later.rate),
      },
    ]
  })
}

/** Says which rows changed beyond the noise. */
export function describeChanges(changes: readonly Change[]): string {
  const lines = changes
    .filter(({ verdict }) => verdict !== 'same')
    .sort((a, b) => a.change - b.change)
    .map(({ row, store, before, after, change, noise, verdict }) => {
      const percent = (share: number): string => `${(share * 100).toFixed(1)} %`
      return `${verdict}: ${row}, ${store}: ${formatRate(before)} to ${formatRate(after)}, ${percent(change)} (noise ${percent(noise)})`
    })
  const slower = changes.filter(({ verdict }) => verdict === 'slower').length
  const faster = changes.filter(({ verdict }) => verdict === 'faster').length
  return [...lines, `${changes.length} compared, ${slower} slower, ${faster} faster`].join('\n')
}
