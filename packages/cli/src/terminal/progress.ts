import process from 'node:process'
import type { SingleBar } from 'cli-progress'
import { humanBytes, humanCount } from './human-sizes.js'

/** What a bar counts. */
export type ProgressUnit = 'bytes' | 'entries'

const FRAMES_PER_SECOND = 5

/** A progress bar on the standard error, if that is a terminal; otherwise nothing. */
export class Progress {
  readonly #bar: SingleBar | undefined
  readonly #unit: ProgressUnit

  private constructor(bar: SingleBar | undefined, unit: ProgressUnit) {
    this.#bar = bar
    this.#unit = unit
  }

  /**
   * Shows a bar, and hides it at the end of an action.
   *
   * @param total - how much there is to do; 0 when it is unknown: then the bar has no length.
   */
  static async during<T>(
    label: string,
    total: number,
    unit: ProgressUnit,
    action: (progress: Progress) => Promise<T>,
  ): Promise<T> {
    const progress = new Progress(await barOf(label, total, unit), unit)
    try {
      return await action(progress)
    } finally {
      progress.#bar?.stop()
    }
  }

  /** Changes the label. */
  label(text: string): void {
    this.#bar?.update({ label: text })
  }

  /** Sets how much is done. A total that was an estimate is never passed. */
  set(done: number): void {
    const bar = this.#bar
    if (bar === undefined) return
    const total = bar.getTotal()
    bar.update(total > 0 ? Math.min(done, total) : 0, { count: amountOf(done, this.#unit) })
  }
}

async function barOf(label: string, total: number, unit: ProgressUnit): Promise<SingleBar | undefined> {
  if (!process.stderr.isTTY || process.env['TERM'] === 'dumb') return undefined
  const { default: progress } = await import('cli-progress')
  const format = total > 0 ? `{label} [{bar}] {percentage}%  {count}` : '{label}  {count}  {duration} s'
  const bar = new progress.SingleBar({
    format,
    stream: process.stderr,
    barsize: 30,
    fps: FRAMES_PER_SECOND,
    clearOnComplete: true,
    // A process that a signal ends at once would not show it again.
    hideCursor: false,
    // Ctrl-C is that of the command.
    gracefulExit: false,
  })
  bar.start(total, 0, { label, count: amountOf(0, unit) })
  return bar
}

function amountOf(done: number, unit: ProgressUnit): string {
  return unit === 'bytes' ? humanBytes(done) : `${humanCount(done)} entries`
}
