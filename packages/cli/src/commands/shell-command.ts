import process from 'node:process'
import { createInterface } from 'node:readline/promises'
import type { Command } from 'commander'
import { withDatabase } from '../data/open.js'
import type { OpenOptions } from '../data/open.js'
import type { Output } from '../terminal/output.js'
import { ShellSession } from '../shell/shell-session.js'

/** Adds the line editor. */
export function addShellCommand(program: Command, output: Output): void {
  program
    .command('shell <database>')
    .description('a line editor with history and completion; reads commands from a pipe, too')
    .option('--key-file <file>', 'file of the encryption key')
    .action((path: string, options: OpenOptions) => shell(path, options, output))
}

/** Reads lines until `exit`, the end of the input, or Ctrl-C. The history stays in memory. */
async function shell(path: string, { keyFile }: OpenOptions, output: Output): Promise<void> {
  await withDatabase(path, keyFile === undefined ? {} : { keyFile }, async (database) => {
    const session = new ShellSession(database, output)
    const { stdin, stdout } = process
    const isTerminal = stdin.isTTY && stdout.isTTY
    const lines = createInterface({
      input: stdin,
      ...(isTerminal && { output: stdout }),
      terminal: isTerminal,
      completer: async (line: string): Promise<[string[], string]> => [
        await session.complete(line),
        line.split(' ').at(-1) ?? '',
      ],
    })
    const ask = (): void => {
      if (!isTerminal) return
      lines.setPrompt(session.prompt)
      lines.prompt()
    }
    lines.once('SIGINT', () => {
      lines.close()
    })
    try {
      ask()
      for await (const line of lines) {
        if (!(await session.run(line))) break
        ask()
      }
    } finally {
      lines.close()
      await session.end()
    }
  })
}
