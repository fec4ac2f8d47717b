import { parseArgs } from 'node:util'

/** The parsed command line. */
export interface Arguments {
  /** Folder of the database; `undefined` for a temporary folder that is deleted at the end. */
  readonly dir: string | undefined
  /** Engine of the keyspaces; the database's default when `undefined`. */
  readonly engine: string | undefined
  /** Whether to print one JSON document and nothing else. */
  readonly json: boolean
  /** Whether to delete the database in `dir` first. */
  readonly fresh: boolean
  readonly help: boolean
}

/** The text that `--help` prints. */
export const USAGE = `Usage: npm run demo -- [--dir DIR] [--fresh] [--engine NAME] [--json]

  --dir DIR       store the database in DIR; a second run reuses it
  --fresh         with --dir: delete the database in DIR first
  --engine NAME   engine of the keyspaces: btree (the default) or lsm
  --json          print one JSON document with all results, and nothing else
  --help          print this

Exits with 0 when every check passed, with 1 when one failed, with 2 for a usage error.
`

/** Parses the command line. */
export function readArguments(argv: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      dir: { type: 'string' },
      engine: { type: 'string' },
      json: { type: 'boolean', default: false },
      fresh: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const { dir, engine, json, fresh, help } = values
  if (dir === '') throw new TypeError('--dir needs a folder name')
  if (fresh && dir === undefined) throw new TypeError('--fresh needs --dir')
  return { dir, engine, json, fresh, help }
}
