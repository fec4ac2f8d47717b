import { parseArgs } from 'node:util'

/** What was asked for on the command line. */
export interface Arguments {
  /** Where the data stays; `undefined` for a temporary folder that goes at the end. */
  readonly dir: string | undefined
  /** Engine of the keyspaces; LDB's own choice when not told. */
  readonly engine: string | undefined
  /** One JSON document on standard output, and nothing else. */
  readonly json: boolean
  /** Delete the database in `dir` first. */
  readonly fresh: boolean
  readonly help: boolean
}

/** What `--help` prints. */
export const USAGE = `Usage: npm run demo -- [--dir DIR] [--fresh] [--engine btree] [--json]

  --dir DIR       keep the data in DIR; a second run finds it there
  --fresh         with --dir: delete the database in DIR first
  --engine NAME   engine of the keyspaces: btree
  --json          print one JSON document of everything measured, and nothing else
  --help          print this

Exits with 0 when every check held, with 1 when one failed, with 2 for a wrong command line.
`

/** Reads the command line. */
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
  if (dir === '') throw new TypeError('--dir needs the name of a folder')
  if (fresh && dir === undefined) throw new TypeError('--fresh needs --dir: without it everything is fresh')
  return { dir, engine, json, fresh, help }
}
