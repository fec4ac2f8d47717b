import { parseArgs } from 'node:util'
import type { Effort } from './plan.js'

/** What was asked for on the command line. */
export interface Arguments {
  readonly help: boolean
  readonly effort: Effort['name']
  /** Ids of rows or stages, or beginnings of them; everything when not told. */
  readonly only: readonly string[] | undefined
  readonly stores: readonly string[] | undefined
  readonly entries: number | undefined
  readonly rounds: number | undefined
  readonly clock: Effort['clock']
  readonly json: string | undefined
  readonly html: string | undefined
  readonly dir: string | undefined
}

/** What `--help` prints. */
export const USAGE = `Usage: npm run bench -- [--quick | --full] [--only ROWS] [--stores STORES]
                       [--json FILE] [--html FILE]

  --quick         about two minutes
  --full          everything, a million entries
  --only a,b      rows or stages, by name or by the beginning of it: get, cursor-all
  --stores a,b    stores: ldb, lmdb, classic-level
  --entries N     entries of a loaded store
  --rounds N      rounds of each row
  --clock cpu     take rates from processor time instead of the wall's, for a machine that has other things to do
  --json FILE     write everything that was measured
  --html FILE     write a report to look at
  --dir DIR       where the files of the stores lie meanwhile; the system's temporary folder
  --help          print this
`

/** Reads the command line. */
export function readArguments(argv: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      quick: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      tiny: { type: 'boolean', default: false },
      only: { type: 'string' },
      stores: { type: 'string' },
      entries: { type: 'string' },
      rounds: { type: 'string' },
      clock: { type: 'string', default: 'wall' },
      json: { type: 'string' },
      html: { type: 'string' },
      dir: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const efforts = (['tiny', 'quick', 'full'] as const).filter((name) => values[name])
  if (efforts.length > 1) throw new TypeError(`--${efforts.join(' and --')} do not go together`)
  const { clock } = values
  if (clock !== 'wall' && clock !== 'cpu') throw new TypeError(`--clock is wall or cpu, not ${clock}`)
  return {
    clock,
    help: values.help,
    effort: efforts[0] ?? 'normal',
    only: list(values.only),
    stores: list(values.stores),
    entries: count('--entries', values.entries),
    rounds: count('--rounds', values.rounds),
    json: values.json,
    html: values.html,
    dir: values.dir,
  }
}

function list(text: string | undefined): string[] | undefined {
  return text?.split(',').filter((name) => name !== '')
}

function count(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text.replaceAll('_', ''))
  if (!Number.isInteger(number) || number < 1) throw new TypeError(`${name} needs a number, not ${text}`)
  return number
}
