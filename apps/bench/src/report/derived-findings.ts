import type { Finding, ProbeResult } from '../model/probe.js'
import { OWN_STORE } from './report.js'
import type { Measurement } from '../model/results.js'

const LONG_KEYS_AT_MOST = 1.6

/**
 * Returns findings that combine several rows: the cost of long keys, and the growth of costs. Missing rows are skipped.
 */
export function derivedFindings(measurements: readonly Measurement[]): ProbeResult[] {
  const costs = new Map(
    measurements.filter(({ store }) => store === OWN_STORE).map(({ row, rate }) => [row, 1 / rate.median]),
  )
  return [
    {
      id: 'keys-cost',
      title: 'Cost of 40-byte keys with a long common prefix, against 16-byte keys',
      findings: keyFindings(costs),
    },
    {
      id: 'growth-cost',
      title: 'Cost per entry, against the smallest store',
      findings: growthFindings(costs),
    },
  ].filter(({ findings }) => findings.length > 0)
}

function keyFindings(costs: ReadonlyMap<string, number>): Finding[] {
  return ['get', 'scan', 'fill'].flatMap((operation): Finding[] => {
    const long = costs.get(`keys-url-${operation}`)
    const short = costs.get(`keys-decimal-${operation}`)
    if (long === undefined || short === undefined) return []
    return [{ name: operation, value: long / short, unit: 'x', atMost: LONG_KEYS_AT_MOST }]
  })
}

function growthFindings(costs: ReadonlyMap<string, number>): Finding[] {
  return ['get', 'scan', 'fill'].flatMap((operation): Finding[] => {
    const sizes = [...costs.keys()]
      .map((row) => new RegExp(`^growth-(\\d+)-${operation}$`).exec(row)?.[1])
      .filter((size) => size !== undefined)
      .map(Number)
      .sort((a, b) => a - b)
    const [smallest, ...larger] = sizes
    if (smallest === undefined) return []
    const base = costs.get(`growth-${smallest}-${operation}`)!
    return larger.map((size) => ({
      name: `${operation}, ${size.toLocaleString('en')} entries`,
      value: costs.get(`growth-${size}-${operation}`)! / base,
      unit: 'x',
    }))
  })
}
