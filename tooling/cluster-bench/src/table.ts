import type { Measured } from './measure.js'

/** The figures of one row, by the name of the subject. */
export interface RowFigures {
  readonly row: string
  readonly measured: ReadonlyMap<string, Measured>
  readonly roundTrips: ReadonlyMap<string, number>
}

const HEADER = [
  'operation',
  'embedded ms',
  'plain ms',
  'the same ms',
  'LDB ms',
  'LDB ÷ plain',
  'LDB ÷ the same',
  'client CPU, the same / LDB, µs',
  'round trips, plain / the same / LDB',
]

/** Returns the figures of an engine as a table of Markdown. */
export function figuresTable(figures: readonly RowFigures[]): string {
  const lines = [HEADER, HEADER.map((_, column) => (column === 0 ? '---' : '---:')), ...figures.map(cellsOf)]
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function cellsOf({ row, measured, roundTrips }: RowFigures): string[] {
  const ms = (name: string): number => measured.get(name)?.ms ?? NaN
  const cpu = (name: string): string => (measured.get(name)?.cpuUs ?? NaN).toFixed(0)
  const trips = (name: string): string => String(roundTrips.get(name) ?? NaN)
  return [
    row,
    ms('embedded').toFixed(3),
    ms('plain').toFixed(3),
    ms('same').toFixed(3),
    ms('ldb').toFixed(3),
    (ms('ldb') / ms('plain')).toFixed(2),
    (ms('ldb') / ms('same')).toFixed(2),
    `${cpu('same')} / ${cpu('ldb')}`,
    `${trips('plain')} / ${trips('same')} / ${trips('ldb')}`,
  ]
}
