import { Ansis } from 'ansis'

/** Where the screen writes: standard output, or a test. */
export interface Terminal {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

const COLUMNS_DEFAULT = 80
const COLUMNS_MIN = 40
const COLUMNS_MAX = 132
const MARGIN = '  '
const REDRAW_MS = 40
const ERASE_LINE = '\r\u001b[2K'

/** Cold to hot. */
const HEAT_COLOURS = ['#4a6fb5', '#2a9d8f', '#6abf4b', '#f2c230', '#f08a24', '#e23d3d', '#ff5fa8']

/** What a person sees of the demo. */
export class Screen {
  /** Width of the text in characters, its margins included. */
  readonly columns: number
  /** True when colours are on. */
  readonly coloured: boolean
  readonly #terminal: Terminal | undefined
  readonly #ansi: Ansis
  #barShown = false
  #barDrawnAtMs = 0

  /**
   * @param terminal - `undefined` shows nothing.
   * @param colours - as `ansis` takes them: 0 for none; found out from the environment when not told.
   */
  constructor(terminal: Terminal | undefined, colours?: 0 | 1 | 2 | 3) {
    const columns = terminal?.columns || COLUMNS_DEFAULT
    this.columns = Math.min(COLUMNS_MAX, Math.max(COLUMNS_MIN, columns))
    this.#terminal = terminal
    this.#ansi = new Ansis(colours)
    this.coloured = this.#ansi.isSupported()
  }

  /** Characters that fit between the margins. */
  get textColumns(): number {
    return this.columns - 2 * MARGIN.length
  }

  /** The name of it all. */
  banner(name: string, subtitle: string, facts: string): void {
    this.line('')
    this.line(`${this.#ansi.bold.cyan(name)}  ${subtitle}`)
    this.line(this.#ansi.dim(facts))
  }

  /** Begins a scene: a number, a title and a rule. */
  scene(number: number, title: string): void {
    const rule = '─'.repeat(Math.max(0, this.textColumns - String(number).length - title.length - 3))
    this.line('')
    this.line(`${this.#ansi.bold.cyan(String(number))}  ${this.#ansi.bold(title)} ${this.#ansi.dim(rule)}`)
    this.line('')
  }

  /** A paragraph, broken into lines. */
  say(text: string): void {
    for (const line of breakLines(text, this.textColumns)) this.line(line)
  }

  /** A remark at the side, broken into lines. */
  note(text: string): void {
    for (const line of breakLines(text, this.textColumns)) this.line(this.#ansi.dim(line))
  }

  /** Lines of the program, as a reader would write them; one that is too wide is broken. */
  code(text: string): void {
    for (const written of text.split('\n')) {
      const indent = /^ */.exec(written)?.[0] ?? ''
      const lines = breakLines(written.trimStart(), this.textColumns - 2 - indent.length)
      for (const line of lines) this.line(`  ${indent}${this.#ansi.cyan(line)}`)
    }
  }

  /** A question or a topic, and a figure at the right edge. */
  heading(text: string, figure: string): void {
    const gap = ' '.repeat(Math.max(2, this.textColumns - text.length - figure.length))
    this.line(`${this.#ansi.bold(text)}${gap}${this.#ansi.yellow(figure)}`)
  }

  /** Names and figures, one below the other. */
  facts(pairs: readonly (readonly [name: string, figure: string])[]): void {
    const width = Math.max(...pairs.map(([name]) => name.length))
    for (const [name, figure] of pairs) this.line(`  ${this.#ansi.dim(name.padEnd(width))}  ${figure}`)
  }

  /** Rows below a heading: the first column to the left, the others to the right. */
  table(heading: readonly string[], rows: readonly (readonly string[])[]): void {
    const widths = heading.map((_, index) =>
      Math.max(...[heading, ...rows].map((row) => row[index]?.length ?? 0)),
    )
    const write = (row: readonly string[]): string =>
      row
        .map((cell, index) => (index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0)))
        .join('   ')
    this.line(`  ${this.#ansi.dim(write(heading))}`)
    for (const row of rows) this.line(`  ${write(row)}`)
  }

  /** What was checked, and whether it held. */
  checkResult(held: boolean, text: string): void {
    const [mark, colour] = held ? ['✓', this.#ansi.green] : ['✗', this.#ansi.bold.red]
    breakLines(text, this.textColumns - 2).forEach((line, index) =>
      this.line(`${index === 0 ? colour(mark) : ' '} ${held ? line : colour(line)}`),
    )
  }

  /** A line within the margin, as it is. */
  line(text: string): void {
    this.eraseBar()
    this.#terminal?.write(text === '' ? '\n' : `${MARGIN}${text}\n`)
  }

  /** Shows how far something is, on one line that the next output replaces; nothing when nobody watches. */
  progress(done: number, total: number, figure: string): void {
    if (this.#terminal?.isTTY !== true) return
    const now = performance.now()
    if (this.#barShown && now - this.#barDrawnAtMs < REDRAW_MS && done < total) return
    this.#barDrawnAtMs = now
    this.#barShown = true
    const share = total === 0 ? 1 : done / total
    const tail = `  ${`${Math.floor(share * 100)} %`.padStart(5)}  ${figure}`
    const width = Math.max(8, this.textColumns - tail.length)
    const filled = Math.round(share * width)
    const bar = this.#ansi.cyan('█'.repeat(filled)) + this.#ansi.dim('░'.repeat(width - filled))
    this.#terminal.write(`${ERASE_LINE}${MARGIN}${bar}${tail}`)
  }

  /** A bar of a chart; `share` of `width`, to an eighth of a character. */
  bar(share: number, width: number): string {
    const eighths = Math.max(1, Math.round(share * width * 8))
    const rest = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8] ?? ''
    return this.#ansi.cyan('█'.repeat(Math.floor(eighths / 8)) + rest)
  }

  /** Writes text softly. */
  dim(text: string): string {
    return this.#ansi.dim(text)
  }

  /** Writes text in the colour of a heat from 0 to 1. */
  heat(text: string, heat: number): string {
    const index = Math.min(HEAT_COLOURS.length - 1, Math.floor(heat * HEAT_COLOURS.length))
    return this.#ansi.hex(HEAT_COLOURS[index] ?? '#ffffff')(text)
  }

  /** Removes the progress bar, if there is one: an interrupted screen is left clean. */
  eraseBar(): void {
    if (!this.#barShown) return
    this.#barShown = false
    this.#terminal?.write(ERASE_LINE)
  }
}

/** Breaks text at its blanks; a word that is too long has a line of its own. */
export function breakLines(text: string, columns: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  lines.push(line)
  return lines
}
