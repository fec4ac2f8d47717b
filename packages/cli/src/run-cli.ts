import { readFileSync } from 'node:fs'
import process from 'node:process'
import { Command, CommanderError } from 'commander'
import { isLdbError } from '@ldb/base'
import { addBackupCommands } from './commands/backup-commands.js'
import { addBenchCommand } from './commands/bench-command.js'
import { addCopyCommand } from './commands/copy-command.js'
import { addChangesCommand } from './commands/changes-command.js'
import { addExportCommand } from './commands/export-command.js'
import { addImportCommand } from './commands/import-command.js'
import { addInspectCommand } from './commands/inspect-command.js'
import { addLoadCommand } from './commands/load-command.js'
import { addCareCommands } from './commands/care-commands.js'
import { addDataCommands } from './commands/data-commands.js'
import { CommandExit, ExitCode, exitCodeOf } from './terminal/exit-code.js'
import { Output } from './terminal/output.js'
import { addShellCommand } from './commands/shell-command.js'
import { addStudioCommand } from './commands/studio-command.js'

const EXIT_CODES = `
Exit codes: 0 ok, 1 error, 2 usage, 3 not found, 4 corruption found, 5 locked, 130 interrupted.
Encryption keys come from --key-file, LDB_KEY (64 hexadecimal digits) or LDB_PASSPHRASE.`

const START = `
Start with:
  ldb create ./data
  ldb put ./data hello world
  ldb scan ./data
A <database> is a directory. ldb help <command> shows the options of a command.`

/**
 * Runs a command, and returns its exit code. Writes results to the standard output, and errors to the standard error.
 *
 * @param args - without the program.
 * @category Command
 */
export async function runCli(args: readonly string[]): Promise<number> {
  const output = new Output()
  const program = new Command('ldb')
    .description('Reads, writes and maintains LDB databases.')
    .version(versionOf(), '--version', 'print the version')
    .exitOverride()
    .showHelpAfterError('(ldb --help lists the commands)')
  program.addHelpText('after', START)
  program.addHelpText('afterAll', EXIT_CODES)
  program.commandsGroup('Entries:')
  addDataCommands(program, output)
  program.commandsGroup('Looking and maintaining:')
  addCareCommands(program, output)
  program.commandsGroup('Backups:')
  addBackupCommands(program, output)
  program.commandsGroup('Moving entries:')
  addExportCommand(program, output)
  addImportCommand(program, output)
  addLoadCommand(program, output)
  addCopyCommand(program, output)
  program.commandsGroup('Tools:')
  addChangesCommand(program, output)
  addInspectCommand(program, output)
  addBenchCommand(program, output)
  addShellCommand(program, output)
  addStudioCommand(program, output)
  program.helpCommand('help [command]', 'show the options of a command')
  try {
    await program.parseAsync([...args], { from: 'user' })
    await output.end()
    return ExitCode.ok
  } catch (error) {
    report(error)
    return exitCodeOf(error)
  }
}

function versionOf(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { readonly version: string }).version
}

/** Errors of the command line are reported by commander. */
function report(error: unknown): void {
  if (error instanceof CommanderError) return
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof CommandExit && message === '') return
  const code = isLdbError(error) ? `${error.code}: ` : ''
  process.stderr.write(`ldb: ${code}${message}\n`)
}
