import { formatRate } from './format-figures.js'
import type { Report } from './report.js'
import type { Summary } from '../measure/statistics.js'

/** Smaller differences are no change, whatever the deviation. */
export const NOISE_FLOOR = 0.05
/** Deviations that two medians may differ by without being a change. */
const DEVIATIONS = 3
/** Scales a median absolute deviation to a standard deviation. */
const MAD_SCALE = 1.4826

/** The change of one row on one store. */
export interface Change {
  readonly row: string
  readonly store: string
  readonly before: number
  readonly after: number
  /** Relative change: -0.1 is 10 % slower. */
  readonly change: number
  /** Relative difference that two runs of the same code may show. */
  readonly noise: number
  readonly verdict: 'slower' | 'faster' | 'same'
}

/** Compares two summaries of rates. A difference within the noise is no change. */
export function judge(before: Summary, after: Summary): Pick<Change, 'change' | 'noise' | 'verdict'> {
  const change = after.median / before.median - 1
  const noise = Math.max(NOISE_FLOOR, DEVIATIONS * Math.hypot(scatter(before), scatter(after)))
  const verdict = Math.abs(change) <= noise ? 'same' : change < 0 ? 'slower' : 'faster'
  return { change, noise, verdict }
}

function scatter({ median, mad }: Summary): number {
  return (MAD_SCALE * mad) / median
}

/** Compares the measurements that both reports have. */
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

/** Describes the rows that changed by more than the noise, one per line. */
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
