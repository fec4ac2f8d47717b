import { Ansis } from 'ansis'

/** The output of the screen: standard output, or a test. */
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

/** Colours from cold to hot. */
const HEAT_COLOURS = ['#4a6fb5', '#2a9d8f', '#6abf4b', '#f2c230', '#f08a24', '#e23d3d', '#ff5fa8']

/** Formats the output of the demo for a terminal. */
export class Screen {
  /** Width of the text in characters, margins included. */
  readonly columns: number
  /** Whether colours are enabled. */
  readonly coloured: boolean
  readonly #terminal: Terminal | undefined
  readonly #ansi: Ansis
  #barShown = false
  #barDrawnAtMs = 0

  /**
   * @param terminal - `undefined` prints nothing.
   * @param colours - a level of `ansis`, 0 for none; detected from the environment when absent.
   */
  constructor(terminal: Terminal | undefined, colours?: 0 | 1 | 2 | 3) {
    const columns = terminal?.columns || COLUMNS_DEFAULT
    this.columns = Math.min(COLUMNS_MAX, Math.max(COLUMNS_MIN, columns))
    this.#terminal = terminal
    this.#ansi = new Ansis(colours)
    this.coloured = this.#ansi.isSupported()
  }

  /** Characters between the margins. */
  get textColumns(): number {
    return this.columns - 2 * MARGIN.length
  }

  /** Prints the name of the program. */
  banner(name: string, subtitle: string, facts: string): void {
    this.line('')
    this.line(`${this.#ansi.bold.cyan(name)}  ${subtitle}`)
    this.line(this.#ansi.dim(facts))
  }

  /** Prints the heading of a scene: a number, a title and a rule. */
  scene(number: number, title: string): void {
    const rule = '─'.repeat(Math.max(0, this.textColumns - String(number).length - title.length - 3))
    this.line('')
    this.line(`${this.#ansi.bold.cyan(String(number))}  ${this.#ansi.bold(title)} ${this.#ansi.dim(rule)}`)
    this.line('')
  }

  /** Prints a paragraph, broken into lines. */
  paragraph(text: string): void {
    for (const line of breakLines(text, this.textColumns)) this.line(line)
  }

  /** Prints a dimmed paragraph, broken into lines. */
  note(text: string): void {
    for (const line of breakLines(text, this.textColumns)) this.line(this.#ansi.dim(line))
  }

  /** Prints lines of source code; lines that are too wide are broken. */
  code(text: string): void {
    for (const written of text.split('\n')) {
      const indent = /^ */.exec(written)?.[0] ?? ''
      const lines = breakLines(written.trimStart(), this.textColumns - 2 - indent.length)
      for (const line of lines) this.line(`  ${indent}${this.#ansi.cyan(line)}`)
    }
  }

  /** Prints a heading, and a figure at the right margin. */
  heading(text: string, figure: string): void {
    const gap = ' '.repeat(Math.max(2, this.textColumns - text.length - figure.length))
    this.line(`${this.#ansi.bold(text)}${gap}${this.#ansi.yellow(figure)}`)
  }

  /** Prints a table: the first column aligned to the left, the others to the right. */
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

  /** Prints the result of a check. */
  checkResult(passed: boolean, text: string): void {
    const [mark, colour] = passed ? ['✓', this.#ansi.green] : ['✗', this.#ansi.bold.red]
    breakLines(text, this.textColumns - 2).forEach((line, index) =>
      this.line(`${index === 0 ? colour(mark) : ' '} ${passed ? line : colour(line)}`),
    )
  }

  /** Prints a line within the margins. */
  line(text: string): void {
    this.eraseBar()
    this.#terminal?.write(text === '' ? '\n' : `${MARGIN}${text}\n`)
  }

  /** Prints progress on one line that the next output replaces; only on a terminal. */
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

  /** Returns a chart bar: `share` of `width`, to an eighth of a character. */
  bar(share: number, width: number): string {
    const eighths = Math.max(1, Math.round(share * width * 8))
    const rest = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8] ?? ''
    return this.#ansi.cyan('█'.repeat(Math.floor(eighths / 8)) + rest)
  }

  /** Returns dimmed text. */
  dim(text: string): string {
    return this.#ansi.dim(text)
  }

  /** Returns text in the colour of a heat from 0 to 1. */
  heat(text: string, heat: number): string {
    const index = Math.min(HEAT_COLOURS.length - 1, Math.floor(heat * HEAT_COLOURS.length))
    return this.#ansi.hex(HEAT_COLOURS[index] ?? '#ffffff')(text)
  }

  /** Erases the progress bar, if there is one. */
  eraseBar(): void {
    if (!this.#barShown) return
    this.#barShown = false
    this.#terminal?.write(ERASE_LINE)
  }
}

/** Breaks text at spaces; a word that is too long has its own line. */
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
