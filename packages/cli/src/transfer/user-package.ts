import { createRequire, isBuiltin } from 'node:module'
import { join } from 'node:path'
import process from 'node:process'
import { CommandExit, ExitCode } from '../terminal/exit-code.js'

/**
 * Loads the first package of a list that is installed: beside the working directory, or beside the command.
 *
 * @param option - that needs it, for the message.
 * @throws {@link CommandExit} when none is installed, with what to install.
 */
export function loadUserPackage(
  option: string,
  names: readonly string[],
): { readonly name: string; readonly content: unknown } {
  for (const name of names) {
    if (name.startsWith('node:') && !isBuiltin(name)) continue
    for (const from of [join(process.cwd(), 'package.json'), import.meta.url]) {
      try {
        return { name, content: createRequire(from)(name) as unknown }
      } catch (error) {
        // One that is installed and does not load is reported; the next place may have one that is not.
        if (codeOf(error) !== 'MODULE_NOT_FOUND')
          throw new CommandExit(ExitCode.error, `${name} does not load: ${messageOf(error)}`)
      }
    }
  }
  const packages = names.filter((name) => !name.startsWith('node:'))
  throw new CommandExit(ExitCode.error, `${option} needs a package: npm install ${packages.join(' or ')}`)
}

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown } | undefined)?.code
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
