import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import { STORE_COLOURS } from './html-style.js'
import { escapeHtml } from './html-text.js'
import { OWN_STORE, ratiosOf } from './report.js'
import type { Report } from './report.js'

const WIDE = 940
const NARROW = 370
const ROW_HEIGHT = 26
/** Left margin for row titles; on narrow screens titles are above their rows. */
const LABELS: Readonly<Record<number, number>> = { [WIDE]: 290, [NARROW]: 8 }

/** Returns the CSS colour of a store. */
function colourOf(report: Report, store: string): string {
  const index = report.stores.findIndex(({ id }) => id === store)
  return `var(--c${Math.max(0, index) % STORE_COLOURS})`
}

/** Draws the ratios: a dot for each store, a tick for each aim. */
export function ratioChart(report: Report): string {
  const dots = report.rows.flatMap((row) =>
    ratiosOf(report, row).map(({ store, value, target }) => ({ workload: row.title, store, value, target })),
  )
  if (dots.length === 0) return ''
  const workloads = [...new Set(dots.map(({ workload }) => workload))]
  const colour = (dot: { store: string }): string => colourOf(report, dot.store)
  return renderBothWidths((width, common) =>
    Plot.plot({
      ...common,
      height: workloads.length * ROW_HEIGHT * (width === NARROW ? 1.6 : 1) + 60,
      x: {
        type: 'log',
        label: 'LDB ÷ other store, operations per second',
        grid: true,
        tickFormat: (x: number) => `${x}x`,
        ticks: 6,
      },
      y: { label: null, domain: workloads, axis: width === NARROW ? null : 'left', padding: 0.3 },
      marks: [
        Plot.ruleX([1], { stroke: 'currentColor', strokeWidth: 1.5 }),
        ...(width === NARROW
          ? [
              Plot.text(workloads, {
                frameAnchor: 'left',
                y: (name: string) => name,
                text: (name: string) => name,
                dy: -12,
                textAnchor: 'start',
              }),
            ]
          : []),
        Plot.tickX(
          dots.filter(({ target }) => target !== undefined),
          { x: 'target', y: 'workload', stroke: colour, strokeWidth: 2, strokeOpacity: 0.6 },
        ),
        Plot.dot(dots, { x: 'value', y: 'workload', fill: colour, r: 5 }),
      ],
    }),
  )
}

/** Draws the latency of writes, from the median to p99.9. */
export function latencyChart(report: Report): string {
  const titles = new Map(report.rows.map(({ id, title }) => [id, title]))
  const lines = report.measurements.flatMap(({ row, store, latencyUs }) =>
    latencyUs === undefined ? [] : [{ row: titles.get(row) ?? row, store, ...latencyUs }],
  )
  if (lines.length === 0) return ''
  const drawn = new Set(lines.map(({ row }) => row))
  const rows = [...titles.values()].filter((title) => drawn.has(title))
  const stores = report.stores.map(({ id }) => id).filter((id) => lines.some(({ store }) => store === id))
  const colour = (line: { store: string }): string => colourOf(report, line.store)
  return renderBothWidths((width, common) =>
    Plot.plot({
      ...common,
      height: rows.length * (stores.length * 11 + 18) + 60,
      x: { type: 'log', label: 'microseconds: median, 99 %, 99.9 %', grid: true },
      y: { axis: null, padding: 0.4, domain: stores },
      fy: { label: null, axis: width === NARROW ? null : 'left', domain: rows },
      marks: [
        Plot.ruleY(lines, { x1: 'p50', x2: 'p999', y: 'store', fy: 'row', stroke: colour, strokeWidth: 2 }),
        Plot.dot(lines, { x: 'p50', y: 'store', fy: 'row', fill: colour, r: 4 }),
        Plot.tickX(lines, { x: 'p99', y: 'store', fy: 'row', stroke: colour, strokeWidth: 2 }),
        ...(width === NARROW
          ? [
              Plot.text(
                rows.map((row) => ({ row })),
                { frameAnchor: 'top-left', fy: 'row', text: 'row', dy: -4, textAnchor: 'start' },
              ),
            ]
          : []),
      ],
    }),
  )
}

/** Draws the cost per entry against the number of entries: a horizontal line means constant cost. */
export function growthChart(report: Report): string {
  const points = report.measurements.flatMap(({ row, store, rate }) => {
    const match = /^growth-(\d+)-(get|scan|fill)$/.exec(row)
    return match === null
      ? []
      : [{ entries: Number(match[1]), what: match[2] ?? '', store, ns: 1e9 / rate.median }]
  })
  if (points.length === 0) return ''
  const colour = (point: { store: string }): string => colourOf(report, point.store)
  return renderBothWidths((_, common) =>
    Plot.plot({
      ...common,
      marginLeft: 50,
      height: 360,
      x: { type: 'log', label: 'entries', grid: true, ticks: 4 },
      y: { type: 'log', label: 'ns per entry', grid: true },
      marks: [
        Plot.line(points, {
          x: 'entries',
          y: 'ns',
          z: ({ store, what }) => `${store} ${what}`,
          stroke: colour,
        }),
        Plot.dot(points, { x: 'entries', y: 'ns', fill: colour, r: 3 }),
        Plot.text(
          points,
          Plot.selectLast({
            x: 'entries',
            y: 'ns',
            z: ({ store, what }) => `${store} ${what}`,
            text: 'what',
            dx: -4,
            dy: -8,
            textAnchor: 'end',
          }),
        ),
      ],
    }),
  )
}

/** Returns the legend of the stores' colours. */
export function legend(report: Report, withOwn: boolean): string {
  const items = report.stores
    .filter(({ id }) => withOwn || id !== OWN_STORE)
    .map(({ id, title }) => `<li><i style="background:${colourOf(report, id)}"></i>${escapeHtml(title)}</li>`)
  return `<ul class="legend">${items.join('')}</ul>`
}

/** Renders a chart for wide screens and paper, and one for phones; the style sheet shows one of them. */
function renderBothWidths(draw: (width: number, common: Plot.PlotOptions) => unknown): string {
  return [WIDE, NARROW]
    .map((width) => {
      const { document } = parseHTML('<html><body></body></html>')
      const chart = draw(width, {
        document: document as unknown as NonNullable<Plot.PlotOptions['document']>,
        width,
        marginLeft: LABELS[width] ?? 40,
        marginRight: 24,
        marginBottom: 44,
        style: { fontSize: '12px', background: 'none' },
      })
      return `<figure class="${width === WIDE ? 'full-width' : 'narrow'}">${(chart as { outerHTML: string }).outerHTML}</figure>`
    })
    .join('\n')
}
