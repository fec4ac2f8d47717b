import { readArguments, USAGE } from './commands/arguments.js'
import type { Arguments } from './commands/arguments.js'
import { compareFiles } from './commands/compare.js'
import { profile } from './commands/profile.js'
import { runBenchmarks } from './commands/run.js'
import { trust } from './commands/trust.js'
import { isUsageError } from './commands/usage-error.js'

const EXIT_FAILED = 1
const EXIT_USAGE = 2
/** By convention, 128 plus the number of the signal. */
const SIGNAL_EXITS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const

for (const [signal, exitCode] of Object.entries(SIGNAL_EXITS))
  process.on(signal, () => process.exit(exitCode))
process.exitCode = await main(process.argv.slice(2))

async function main(argv: readonly string[]): Promise<number> {
  try {
    return await execute(readArguments(argv))
  } catch (error) {
    if (isUsageError(error)) {
      process.stderr.write(`${error.message}\n\n${USAGE}`)
      return EXIT_USAGE
    }
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
    return EXIT_FAILED
  }
}

async function execute(args: Arguments): Promise<number> {
  switch (args.command) {
    case 'help':
      process.stdout.write(USAGE)
      return 0
    case 'compare':
      return compareFiles(args.before, args.after)
    case 'trust':
      return trust(args)
    case 'profile':
      return profile(args)
    case 'run':
      return runBenchmarks(args)
  }
}
