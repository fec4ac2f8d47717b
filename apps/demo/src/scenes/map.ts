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

/** The results of the scan for the map. */
export interface MapFigures {
  readonly scannedCount: number
  readonly ms: number
  readonly entriesPerSecond: number
  /** Inhabitants of all cities. */
  readonly population: number
  /** Width of the map in characters. */
  readonly columnCount: number
  readonly rowCount: number
  /** Cities too far south for the map. */
  readonly beyondCount: number
}

/** Scene: scans all cities and draws them on a map of the world. */
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
  screen.heading('A scan of all records, one dot per city', formatDuration(ms))
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
    `The scan found ${formatCount(scannedCount)} cities, which equals the count of the keyspace`,
  )
  const entriesPerSecond = Math.round((scannedCount * 1000) / ms)
  const { columnCount, rowCount, beyondCount } = map
  return { scannedCount, ms, entriesPerSecond, population, columnCount, rowCount, beyondCount }
}

/** Returns the legend of the colours. */
function legend(map: WorldMap, paint: Paint): string {
  const steps = Array.from({ length: 7 }, (_, index) => (index + 0.5) / 7)
  const scale = steps.map((heat) => paint('⣿⣿⣿', heat)).join('')
  return `${formatShort(map.populationAt(0))} people per character or fewer ${scale} ${formatShort(map.populationAt(1))} or more`
}
