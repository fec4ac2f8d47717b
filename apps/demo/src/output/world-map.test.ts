import { expect, test } from 'vitest'
import { WorldMap } from './world-map.js'

/** Returns the coordinates of a map's only dot, counted in dots from the top left. */
function onlyDot(map: WorldMap): { x: number; y: number } {
  const bits = [
    [0x01, 0x08],
    [0x02, 0x10],
    [0x04, 0x20],
    [0x40, 0x80],
  ]
  const litDots: { x: number; y: number }[] = []
  map.lines().forEach((line, row) => {
    line.split('').forEach((character, column) => {
      const dots = character === ' ' ? 0 : character.charCodeAt(0) - 0x2800
      bits.forEach((pair, down) =>
        pair.forEach((bit, across) => {
          if ((dots & bit) !== 0) litDots.push({ x: column * 2 + across, y: row * 4 + down })
        }),
      )
    })
  })
  expect(litDots).toHaveLength(1)
  return litDots[0]!
}

test.each([20, 76, 80, 116, 181])('at %d columns a degree is as wide as it is high', (columns) => {
  const dotAt = (longitude: number, latitude: number) => {
    const map = new WorldMap(columns)
    map.add(longitude, latitude, 1)
    return onlyDot(map)
  }
  const dotsPerDegree = (columns * 2) / 360
  const west = dotAt(-60, 0)
  const east = dotAt(60, 0)
  const north = dotAt(0, 60)
  const south = dotAt(0, -50)
  expect(Math.abs(east.x - west.x - 120 * dotsPerDegree)).toBeLessThanOrEqual(1)
  expect(Math.abs(south.y - north.y - 110 * dotsPerDegree)).toBeLessThanOrEqual(1)
  expect(west.y).toBe(east.y)
  expect(north.x).toBe(south.x)
})

test('each of the eight dots of a character can be set', () => {
  // One dot per degree: the first character covers two degrees across and four down.
  const seen = new Set<string>()
  for (let across = 0; across < 2; across++) {
    for (let down = 0; down < 4; down++) {
      const map = new WorldMap(180)
      map.add(-180 + across + 0.5, 80 - down - 0.5, 1)
      expect(onlyDot(map)).toEqual({ x: across, y: down })
      seen.add(map.lines()[0]!)
    }
  }
  expect([...seen].join('')).toBe('⠁⠂⠄⡀⠈⠐⠠⢀')
})

test('the edges are on the map, and cities beyond it are counted', () => {
  const map = new WorldMap(40)
  map.add(180, 0, 1)
  map.add(-180, 0, 1)
  expect(onlyDot(map).x).toBe(0)
  map.add(179.999, 80, 1)
  map.add(0, -56.999, 1)
  expect(map.drawnCount).toBe(4)
  map.add(166.67, -77.85, 1258)
  map.add(0, 80.001, 1)
  expect([map.drawnCount, map.beyondCount]).toEqual([4, 2])
  expect(map.lines()).toHaveLength(map.rowCount)
  expect(new WorldMap(40).lines()).toEqual([])
})

test('the colour of a character depends on all cities in it, and blanks are not painted', () => {
  const map = new WorldMap(36)
  map.add(0.1, 0.1, 1_000_000)
  map.add(0.1, 0.1, 2_000_000)
  const painted: { text: string; heat: number }[] = []
  const lines = map.lines((text, heat) => {
    painted.push({ text, heat })
    return `<${text}>`
  })
  expect(painted).toHaveLength(1)
  expect(painted[0]!.heat).toBeCloseTo(map.heatOf(3_000_000))
  expect(lines.filter((line) => line !== '')).toEqual([`${' '.repeat(18)}<${painted[0]!.text}>`])
})

test('heat grows with the logarithm of the population, between 0 and 1', () => {
  const map = new WorldMap(100)
  expect([0, 1, map.populationAt(0)].map((population) => map.heatOf(population))).toEqual([0, 0, 0])
  expect(map.heatOf(1e12)).toBe(1)
  for (const heat of [0.1, 0.5, 0.9]) expect(map.heatOf(map.populationAt(heat))).toBeCloseTo(heat)
})

test('on a map of twice the width, a quarter of the population per character has the same heat', () => {
  expect(new WorldMap(100).populationAt(0.5)).toBeCloseTo(4 * new WorldMap(200).populationAt(0.5))
})
