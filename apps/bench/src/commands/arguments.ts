import { parseArgs } from 'node:util'
import type { Effort } from '../model/effort.js'
import { PROFILE_KINDS } from '../measure/profile-kind.js'
import type { ProfileKind } from '../measure/profile-kind.js'
import { UsageError } from './usage-error.js'

/** A measurement that was asked for. */
export interface RunArguments {
  readonly command: 'run'
  readonly effort: Effort['name']
  /** Names of stages, rows and probes, or beginnings of them; all that belong to the effort when not told. */
  readonly only: readonly string[] | undefined
  readonly stores: readonly string[] | undefined
  readonly entries: number | undefined
  readonly rounds: number | undefined
  readonly clock: Effort['clock']
  readonly countSyncs: boolean
  readonly json: string | undefined
  readonly html: string | undefined
  readonly readme: boolean
  readonly dir: string | undefined
  /** The words of the command line. */
  readonly argv: readonly string[]
}

/** What was asked for on the command line. */
export type Arguments =
  | RunArguments
  | { readonly command: 'help' }
  | { readonly command: 'compare'; readonly before: string; readonly after: string }
  | {
      readonly command: 'profile'
      readonly kind: ProfileKind
      readonly row: string
      readonly store: string
      readonly entries: number | undefined
      readonly dir: string | undefined
    }

/** What `--help` prints. */
export const USAGE: string = `Usage: npm run bench -- [--quick | --full] [--only NAMES] [--stores NAMES] [--json FILE] [--html FILE]
       npm run bench -- compare BEFORE.json AFTER.json
       npm run bench -- profile ${PROFILE_KINDS.join('|')} ROW [--stores NAME] [--entries N]

  --quick         small stores and short rounds: about two minutes
  --full          a million entries, every size and shape, and how costs grow
  --only a,b      only these, by name or by the beginning of it: get, cursor-all, durable, growth
  --stores a,b    only these: ldb, lmdb, classic-level, rocksdb, better-sqlite3, node-sqlite, memory-level, map, bare-file
  --entries N     entries of a loaded store
  --rounds N      rounds of each row
  --clock cpu     take rates from processor time instead of the wall's, on a machine that is busy with other things
  --counts        count the syncs of the durable rows with strace
  --json FILE     write all that was measured
  --html FILE     write a report to look at: one file that needs nothing else
  --readme        write the table of targets into the README of the repository
  --dir DIR       where the files of the stores lie meanwhile; otherwise the system's temporary folder
  --help          print this

Exits with 0, with 1 when something failed or compare found LDB slower, with 2 for a wrong command line.
`

/** Reads the command line. */
export function readArguments(argv: readonly string[]): Arguments {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      // As little as shows that everything works; for tests.
      tiny: { type: 'boolean', default: false },
      only: { type: 'string' },
      stores: { type: 'string' },
      entries: { type: 'string' },
      rounds: { type: 'string' },
      clock: { type: 'string', default: 'wall' },
      counts: { type: 'boolean', default: false },
      json: { type: 'string' },
      html: { type: 'string' },
      readme: { type: 'boolean', default: false },
      dir: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return { command: 'help' }
  const [command, ...rest] = positionals
  const entries = count('--entries', values.entries)
  if (command === 'compare') return compareArguments(rest)
  if (command === 'profile') return profileArguments(rest, values.stores ?? 'ldb', entries, values.dir)
  if (command !== undefined) throw new UsageError(`there is no command ${command}`)
  const { clock } = values
  if (clock !== 'wall' && clock !== 'cpu') throw new UsageError(`--clock is wall or cpu, not ${clock}`)
  const efforts = (['tiny', 'quick', 'full'] as const).filter((name) => values[name])
  if (efforts.length > 1) throw new UsageError(`--${efforts.join(' and --')} do not go together`)
  return {
    command: 'run',
    effort: efforts[0] ?? 'normal',
    only: list(values.only),
    stores: list(values.stores),
    entries,
    rounds: count('--rounds', values.rounds),
    clock,
    countSyncs: values.counts,
    json: values.json,
    html: values.html,
    readme: values.readme,
    dir: values.dir,
    argv: argv,
  }
}

function compareArguments(files: readonly string[]): Arguments {
  const [before, after, ...more] = files
  if (before === undefined || after === undefined || more.length > 0)
    throw new UsageError('compare needs two files that --json has written')
  return { command: 'compare', before, after }
}

function profileArguments(
  words: readonly string[],
  store: string,
  entries: number | undefined,
  dir: string | undefined,
): Arguments {
  const [kind, row, ...more] = words
  const known = PROFILE_KINDS.find((name) => name === kind)
  if (known === undefined || row === undefined || more.length > 0)
    throw new UsageError(`profile needs one of ${PROFILE_KINDS.join(', ')}, and the name of a row`)
  return { command: 'profile', kind: known, row, store, entries, dir }
}

function list(text: string | undefined): string[] | undefined {
  return text?.split(',').filter((name) => name !== '')
}

function count(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text.replaceAll('_', ''))
  if (!Number.isInteger(number) || number < 1) throw new UsageError(`${name} needs a number, not ${text}`)
  return number
}
