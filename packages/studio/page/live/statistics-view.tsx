import { useEffect, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import { call } from '../server-calls.js'
import { humanBytes } from '../value-text.js'

interface Statistics {
  readonly seq: number
  readonly commitCount: number
  readonly log: { readonly fileBytes: number; readonly syncCount: number }
  readonly cache: { readonly residentCount: number; readonly dirtyCount: number; readonly missCount: number }
  readonly cacheBudget: { readonly bytes: number }
}

const INTERVAL_MS = 1000
const POINTS_MAX = 300

interface Series {
  readonly title: string
  readonly unit: (value: number) => string
  readonly value: (now: Statistics, before: Statistics, seconds: number) => number
}

const whole = (value: number): string => value.toLocaleString('en')
const SERIES: readonly Series[] = [
  {
    title: 'Commits a second',
    unit: whole,
    value: (now, before, seconds) => Math.round((now.seq - before.seq) / seconds),
  },
  { title: 'Log', unit: humanBytes, value: ({ log }) => log.fileBytes },
  {
    title: 'Syncs a second',
    unit: whole,
    value: (now, before, seconds) => Math.round((now.log.syncCount - before.log.syncCount) / seconds),
  },
  { title: 'Dirty pages', unit: whole, value: ({ cache }) => cache.dirtyCount },
  {
    title: 'Page misses a second',
    unit: whole,
    value: (now, before, seconds) => Math.round((now.cache.missCount - before.cache.missCount) / seconds),
  },
]

/** Charts that are extended every second. Each has its newest number as text, for readers who do not see it. */
export function StatisticsView({ onError }: { readonly onError: (error: unknown) => void }) {
  const [points, setPoints] = useState<{ times: number[]; values: number[][] }>({ times: [], values: [] })
  useEffect(() => {
    let before: Statistics | undefined
    let readMs = 0
    const times: number[] = []
    const values: number[][] = SERIES.map(() => [])
    const tick = (): void => {
      call<Statistics>('stats').then((now) => {
        const seconds = before === undefined ? 1 : (performance.now() - readMs) / 1000
        readMs = performance.now()
        times.push(Date.now() / 1000)
        SERIES.forEach(({ value }, index) => values[index]?.push(value(now, before ?? now, seconds)))
        if (times.length > POINTS_MAX) for (const each of [times, ...values]) each.shift()
        before = now
        setPoints({ times: [...times], values: values.map((each) => [...each]) })
      }, onError)
    }
    tick()
    const timer = setInterval(tick, INTERVAL_MS)
    return () => clearInterval(timer)
  }, [])
  return (
    <div class="charts wide" role="region" aria-label="Charts" tabIndex={0}>
      {SERIES.map((series, index) => (
        <Chart
          key={series.title}
          title={series.title}
          unit={series.unit}
          times={points.times}
          values={points.values[index] ?? []}
        />
      ))}
    </div>
  )
}

interface ChartProperties {
  readonly title: string
  readonly times: number[]
  readonly values: number[]
  readonly unit: (value: number) => string
}

function Chart({ title, unit, times, values }: ChartProperties) {
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<uPlot | undefined>(undefined)
  useEffect(() => {
    const element = place.current
    if (element === null) return
    const colour = getComputedStyle(element).getPropertyValue('color')
    const accent = getComputedStyle(element).getPropertyValue('--accent')
    const axis = { stroke: colour, grid: { stroke: '#8883' }, ticks: { stroke: '#8883' } }
    chart.current = new uPlot(
      {
        width: element.clientWidth,
        height: 150,
        legend: { show: false },
        cursor: { show: false },
        series: [{}, { stroke: accent, width: 2, fill: `${accent.trim()}22` }],
        axes: [axis, { ...axis, size: 80, values: (_plot, ticks) => ticks.map(unit) }],
        scales: { y: { range: (_plot, _low, high) => [0, Math.max(1, high * 1.1)] } },
      },
      [[], []],
      element,
    )
    return () => chart.current?.destroy()
  }, [])
  useEffect(() => {
    chart.current?.setData([times, values])
  }, [times, values])
  return (
    <figure>
      <figcaption>
        {title}: <b>{unit(values.at(-1) ?? 0)}</b>
      </figcaption>
      <div ref={place} aria-hidden="true" />
    </figure>
  )
}
