/** Latitudes that the map shows: all cities but a station in Antarctica. */
const NORTH_DEGREES = 80
const SOUTH_DEGREES = -57
const DOTS_ACROSS = 2
const DOTS_DOWN = 4
const BLANK = ' '
const BRAILLE_BLANK = 0x2800
/** Bit of each dot of a braille character, row by row. */
const DOT_BITS = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80]

/** People a square degree that make the coldest and the hottest colour. */
const COLD_DENSITY = 1000
const HOT_DENSITY = 3_000_000

/** Colours a stretch of the map; `heat` goes from 0 (few people) to 1 (the most). */
export type Paint = (text: string, heat: number) => string

/**
 * A map of the world in braille characters, drawn dot by dot in any order.
 *
 * @remarks Equirectangular: a degree is as wide as it is high, because a character, of which two dots fit side by side
 * and four above each other, is twice as high as it is wide.
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

  /** Places on the map. */
  get drawnCount(): number {
    return this.#drawnCount
  }

  /** Places that lie too far north or south for it. */
  get beyondCount(): number {
    return this.#beyondCount
  }

  /** Draws one place. */
  add(longitude: number, latitude: number, population: number): void {
    if (latitude > NORTH_DEGREES || latitude <= SOUTH_DEGREES) {
      this.#beyondCount++
      return
    }
    // The antimeridian is one line with two names.
    const x = Math.floor((longitude + 180) * this.#dotsPerDegree) % (this.columnCount * DOTS_ACROSS)
    const y = Math.floor((NORTH_DEGREES - latitude) * this.#dotsPerDegree)
    const cellIndex = Math.floor(y / DOTS_DOWN) * this.columnCount + Math.floor(x / DOTS_ACROSS)
    this.#dots[cellIndex]! |= DOT_BITS[(y % DOTS_DOWN) * DOTS_ACROSS + (x % DOTS_ACROSS)]!
    this.#populations[cellIndex]! += population
    this.#drawnCount++
  }

  /** Returns the lines from north to south, without blanks at their ends and without empty ones in the far south. */
  lines(paint: Paint = (text) => text): string[] {
    const lines: string[] = []
    for (let row = 0; row < this.rowCount; row++) lines.push(this.#line(row, paint))
    while (lines.at(-1) === '') lines.pop()
    return lines
  }

  /** Where the population of one character lies between cold and hot, by orders of magnitude: from 0 to 1. */
  heatOf(population: number): number {
    const heat = Math.log(population / this.populationAt(0)) / Math.log(HOT_DENSITY / COLD_DENSITY)
    return Math.min(1, Math.max(0, heat))
  }

  /** The population of one character that has a heat: for the legend. */
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
