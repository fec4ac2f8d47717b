/** Latitudes of the map's edges: all cities except a station in Antarctica are between them. */
const NORTH_DEGREES = 80
const SOUTH_DEGREES = -57
const DOTS_ACROSS = 2
const DOTS_DOWN = 4
const BLANK = ' '
const BRAILLE_BLANK = 0x2800
/** Bit of each dot of a braille character, in row order. */
const DOT_BITS = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80]

/** People per square degree with the coldest and the hottest colour. */
const COLD_DENSITY = 1000
const HOT_DENSITY = 3_000_000

/** Colours text; `heat` is from 0 (few people) to 1 (most people). */
export type Paint = (text: string, heat: number) => string

/**
 * A map of the world in braille characters.
 *
 * @remarks Equirectangular: a degree is as wide as it is high, because a character, which has two dots across and four
 * down, is twice as high as it is wide.
 */
export class WorldMap {
  readonly columnCount: number
  readonly rowCount: number
  readonly #dotsPerDegree: number
  readonly #dots: Uint8Array
  readonly #populations: Float64Array
  #drawnCount = 0
  #beyondCount = 0

  /** @param columnCount - width in characters. */
  constructor(columnCount: number) {
    this.columnCount = columnCount
    this.#dotsPerDegree = (columnCount * DOTS_ACROSS) / 360
    this.rowCount = Math.ceil(((NORTH_DEGREES - SOUTH_DEGREES) * this.#dotsPerDegree) / DOTS_DOWN)
    this.#dots = new Uint8Array(columnCount * this.rowCount)
    this.#populations = new Float64Array(columnCount * this.rowCount)
  }

  /** Cities on the map. */
  get drawnCount(): number {
    return this.#drawnCount
  }

  /** Cities too far north or south for the map. */
  get beyondCount(): number {
    return this.#beyondCount
  }

  /** Adds one city. */
  add(longitude: number, latitude: number, population: number): void {
    if (latitude > NORTH_DEGREES || latitude <= SOUTH_DEGREES) {
      this.#beyondCount++
      return
    }
    // Longitudes -180 and 180 are the same line.
    const x = Math.floor((longitude + 180) * this.#dotsPerDegree) % (this.columnCount * DOTS_ACROSS)
    const y = Math.floor((NORTH_DEGREES - latitude) * this.#dotsPerDegree)
    const cellIndex = Math.floor(y / DOTS_DOWN) * this.columnCount + Math.floor(x / DOTS_ACROSS)
    this.#dots[cellIndex]! |= DOT_BITS[(y % DOTS_DOWN) * DOTS_ACROSS + (x % DOTS_ACROSS)]!
    this.#populations[cellIndex]! += population
    this.#drawnCount++
  }

  /** Returns the lines from north to south, without trailing blanks and trailing empty lines. */
  lines(paint: Paint = (text) => text): string[] {
    const lines: string[] = []
    for (let row = 0; row < this.rowCount; row++) lines.push(this.#line(row, paint))
    while (lines.at(-1) === '') lines.pop()
    return lines
  }

  /** Returns the heat of a character's population, from 0 to 1 on a logarithmic scale. */
  heatOf(population: number): number {
    const heat = Math.log(population / this.populationAt(0)) / Math.log(HOT_DENSITY / COLD_DENSITY)
    return Math.min(1, Math.max(0, heat))
  }

  /** Returns the population of a character that has the given heat, for the legend. */
  populationAt(heat: number): number {
    const squareDegrees = (DOTS_ACROSS * DOTS_DOWN) / this.#dotsPerDegree ** 2
    return squareDegrees * COLD_DENSITY * (HOT_DENSITY / COLD_DENSITY) ** heat
  }

  #line(row: number, paint: Paint): string {
    let line = ''
    let gap = ''
    for (let cellIndex = row * this.columnCount; cellIndex < (row + 1) * this.columnCount; cellIndex++) {
      const dots = this.#dots[cellIndex]!
      if (dots === 0) {
        gap += BLANK
        continue
      }
      const character = String.fromCharCode(BRAILLE_BLANK + dots)
      line += gap + paint(character, this.heatOf(this.#populations[cellIndex]!))
      gap = ''
    }
    return line
  }
}
