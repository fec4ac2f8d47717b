import process from 'node:process'
import { once } from 'node:events'
import pc from 'picocolors'
import { CommandExit, ExitCode } from './exit-code.js'

/** Functions that make a text coloured, or return it as it is. */
export type Colours = Pick<ReturnType<typeof pc.createColors>, 'bold' | 'dim' | 'green' | 'red' | 'yellow'>

/**
 * Writes lines to the standard output, at the speed of its reader. A reader that has closed the pipe ends the command without an error; any other
 * failure of a write, a full device for instance, is an error.
 */
export class Output {
  /** Colours of a terminal; plain text in a pipe, and where the environment has `NO_COLOR`. */
  readonly colours: Colours

  constructor() {
    this.colours = pc.createColors(hasColours())
    // The error of a closed pipe may come after the command: the listener stays.
    if (!process.stdout.listeners('error').includes(noteError)) process.stdout.on('error', noteError)
  }

  /** Writes a line. */
  async line(text: string): Promise<void> {
    await this.text(`${text}\n`)
  }

  /** Writes lines, each with its newline. */
  async text(lines: string): Promise<void> {
    throwIfFailed()
    if (isClosed()) throw new CommandExit(ExitCode.ok)
    const hasRoom = process.stdout.write(lines)
    throwIfFailed()
    if (hasRoom || isClosed()) return
    // A closed pipe emits `close` or `error`, and no `drain`.
    await Promise.race([once(process.stdout, 'drain'), once(process.stdout, 'close')]).catch(() => undefined)
  }

  /** Waits until all is written. @throws {@link CommandExit} when it cannot be. */
  async end(): Promise<void> {
    if (!isClosed()) await new Promise<void>((resolve) => process.stdout.write('', () => resolve()))
    throwIfFailed()
  }

  /**
   * Writes rows in columns, the first row as their heads.
   *
   * @param right - columns that are aligned to the right; without it all but the first.
   */
  async table(rows: readonly (readonly string[])[], right?: readonly number[]): Promise<void> {
    const widths = (rows[0] ?? []).map((_, column) =>
      Math.max(...rows.map((row) => row[column]?.length ?? 0)),
    )
    for (const [index, row] of rows.entries()) {
      const cells = row.map((cell, column) => {
        const width = widths[column] ?? 0
        return (right === undefined ? column > 0 : right.includes(column))
          ? cell.padStart(width)
          : cell.padEnd(width)
      })
      const line = cells.join('  ').trimEnd()
      await this.line(index === 0 ? this.colours.bold(line) : line)
    }
  }

  /** Writes pairs of a name and a value. */
  async pairs(pairs: readonly (readonly [string, string])[]): Promise<void> {
    const width = Math.max(...pairs.map(([name]) => name.length))
    for (const [name, value] of pairs) await this.line(`${this.colours.dim(name.padEnd(width))}  ${value}`)
  }
}

let failure: NodeJS.ErrnoException | undefined

function noteError(error: NodeJS.ErrnoException): void {
  failure = error
}

/** The event comes later than the state, which a stream of a file forgets. */
function throwIfFailed(): void {
  failure ??= process.stdout.errored ?? undefined
  if (failure === undefined || failure.code === 'EPIPE') return
  throw new CommandExit(ExitCode.error, `the standard output cannot be written: ${failure.message}`)
}

function isClosed(): boolean {
  return process.stdout.destroyed || process.stdout.errored !== null
}

/** Reports whether the standard output is a terminal that may have colours: https://no-color.org. */
function hasColours(): boolean {
  const { NO_COLOR: none, TERM: terminal } = process.env
  // `isTTY` is undefined in a pipe, and picocolors takes undefined as its own default, which `CI` and `FORCE_COLOR` make coloured.
  const isTerminal = Boolean(process.stdout.isTTY)
  return isTerminal && (none === undefined || none === '') && terminal !== 'dumb'
}
