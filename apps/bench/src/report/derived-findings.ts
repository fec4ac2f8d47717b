import type { Finding, ProbeResult } from '../model/probe.js'
import { OWN_STORE } from './report.js'
import type { Measurement } from '../model/results.js'

const LONG_KEYS_AT_MOST = 1.6

/** Returns what only rows together tell: what long keys cost, and how costs grow. Nothing where rows are missing. */
export function derivedFindings(measurements: readonly Measurement[]): ProbeResult[] {
  const costs = new Map(
    measurements.filter(({ store }) => store === OWN_STORE).map(({ row, rate }) => [row, 1 / rate.median]),
  )
  return [
    {
      id: 'keys-cost',
      title: 'Keys of 40 bytes with a long prefix, against 16 bytes',
      findings: keyFindings(costs),
    },
    {
      id: 'growth-cost',
      title: 'Costs an entry, against those in the smallest store',
      findings: growthFindings(costs),
    },
  ].filter(({ findings }) => findings.length > 0)
}

function keyFindings(costs: ReadonlyMap<string, number>): Finding[] {
  return ['get', 'scan', 'fill'].flatMap((what): Finding[] => {
    const long = costs.get(`keys-url-${what}`)
    const short = costs.get(`keys-decimal-${what}`)
    if (long === undefined || short === undefined) return []
    return [{ name: what, value: long / short, unit: 'x', atMost: LONG_KEYS_AT_MOST }]
  })
}

function growthFindings(costs: ReadonlyMap<string, number>): Finding[] {
  return ['get', 'scan', 'fill'].flatMap((what): Finding[] => {
    const sizes = [...costs.keys()]
      .map((row) => new RegExp(`^growth-(\\d+)-${what}$`).exec(row)?.[1])
      .filter((size) => size !== undefined)
      .map(Number)
      .sort((a, b) => a - b)
    const [smallest, ...larger] = sizes
    if (smallest === undefined) return []
    const base = costs.get(`growth-${smallest}-${what}`)!
    return larger.map((size) => ({
      name: `${what}, ${size.toLocaleString('en')} entries`,
      value: costs.get(`growth-${size}-${what}`)! / base,
      unit: 'x',
    }))
  })
}
