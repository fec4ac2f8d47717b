import {
  formatCount,
  formatCounted,
  formatDuration,
  formatPerSecond,
  formatShort,
} from '../output/format-figures.js'
import type { SceneContext } from './scene-context.js'
import { timed } from './stopwatch.js'
import { WorldMap } from '../output/world-map.js'
import type { Paint } from '../output/world-map.js'

/** What the scan for the map measured. */
export interface MapFigures {
  readonly scannedCount: number
  readonly ms: number
  readonly entriesPerSecond: number
  /** Inhabitants of all cities together. */
  readonly population: number
  /** Characters across and down. */
  readonly columnCount: number
  readonly rowCount: number
  /** Cities too far south for the map. */
  readonly beyondCount: number
}

/** Scene: one scan of all cities draws the world. */
export function drawMap({ screen, checks, store }: SceneContext): MapFigures {
  const map = new WorldMap(screen.textColumns)
  const { result, ms } = timed(() => {
    let scannedCount = 0
    let population = 0
    for (const city of store.cities.values()) {
      scannedCount++
      population += city.population
      map.add(city.longitude, city.latitude, city.population)
    }
    return { scannedCount, population }
  })
  screen.heading('One scan of every record, each a dot', formatDuration(ms))
  screen.code(
    'for (const city of cities.values())\n  map.add(city.longitude, city.latitude, city.population)',
  )
  screen.line('')
  for (const line of map.lines((text, heat) => screen.heat(text, heat))) screen.line(line)
  screen.line('')
  if (screen.coloured) screen.line(legend(map, (text, heat) => screen.heat(text, heat)))
  const { scannedCount, population } = result
  const beyond =
    map.beyondCount === 0 ? '' : `; ${formatCounted(map.beyondCount, 'city', 'cities')} south of the map`
  screen.note(
    `${formatPerSecond(scannedCount, ms)} entries/s, decoded from JSON; ${formatShort(population)} people${beyond}`,
  )
  screen.line('')
  checks.expect(
    'map.scan',
    scannedCount === store.cities.count() && map.drawnCount + map.beyondCount === scannedCount,
    `${formatCount(scannedCount)} cities scanned, as many as are counted`,
  )
  const entriesPerSecond = Math.round((scannedCount * 1000) / ms)
  const { columnCount, rowCount, beyondCount } = map
  return { scannedCount, ms, entriesPerSecond, population, columnCount, rowCount, beyondCount }
}

/** What the colours mean. */
function legend(map: WorldMap, paint: Paint): string {
  const steps = Array.from({ length: 7 }, (_, index) => (index + 0.5) / 7)
  const scale = steps.map((heat) => paint('⣿⣿⣿', heat)).join('')
  return `${formatShort(map.populationAt(0))} people a character or fewer ${scale} ${formatShort(map.populationAt(1))} or more`
}
