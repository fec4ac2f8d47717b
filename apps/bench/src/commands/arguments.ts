import { parseArgs } from 'node:util'
import type { Effort } from '../model/effort.js'
import { PROFILE_KINDS } from '../measure/profile-kind.js'
import type { ProfileKind } from '../measure/profile-kind.js'
import { UsageError } from './usage-error.js'

/** The arguments of a benchmark run. */
export interface RunArguments {
  readonly command: 'run'
  readonly effort: Effort['name']
  /** Names of stages, rows and probes, or their prefixes; `undefined` for everything that belongs to the effort. */
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
  /** The arguments as they were typed. */
  readonly argv: readonly string[]
}

/** The arguments of a run of the trials. */
export interface TrustArguments {
  readonly command: 'trust'
  /** Ids of trials; all when `undefined`. */
  readonly only: readonly string[] | undefined
  readonly stores: readonly string[] | undefined
  /** Damaged copies of each trial; 200 when `undefined`. */
  readonly cases: number | undefined
  readonly readme: boolean
  readonly dir: string | undefined
}

/** The parsed command line. */
export type Arguments =
  | RunArguments
  | { readonly command: 'help' }
  | TrustArguments
  | { readonly command: 'compare'; readonly before: string; readonly after: string }
  | {
      readonly command: 'profile'
      readonly kind: ProfileKind
      readonly row: string
      readonly store: string
      readonly entries: number | undefined
      readonly dir: string | undefined
    }

/** The text that `--help` prints. */
export const USAGE: string = `Usage: npm run bench -- [--quick | --full] [--only NAMES] [--stores NAMES] [--json FILE] [--html FILE]
       npm run bench -- trust [--only TRIALS] [--stores NAMES] [--rounds CASES] [--readme]
       npm run bench -- compare BEFORE.json AFTER.json
       npm run bench -- profile ${PROFILE_KINDS.join('|')} ROW [--stores NAME] [--entries N]

  --quick         small stores and short rounds: about two minutes
  --full          a million entries, all sizes and key shapes, and growth
  --only a,b      only these stages, rows and probes, by name or name prefix: get, cursor-all, durable, growth
  --stores a,b    only these stores: ldb, lmdb, classic-level, rocksdb, rocksdb-6, better-sqlite3, node-sqlite, memory-level, map, bare-file
  --entries N     entries of a loaded store
  --rounds N      rounds of each row
  --clock cpu     compute rates from processor time instead of elapsed time; for a busy machine
  --counts        count the syncs of the durable rows with strace
  --json FILE     write the results
  --html FILE     write a report as one self-contained HTML file
  --readme        write the tables into README.md and apps/bench/RESULTS.md of the repository
  --dir DIR       folder for the files of the stores; the system's temporary folder by default
  --help          print this

Exits with 0, with 1 when something failed or compare found LDB slower, with 2 for a usage error.
`

/** Parses the command line. */
export function readArguments(argv: readonly string[]): Arguments {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      // The smallest effort that runs every row; for tests.
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
  const [only, stores] = [list(values.only), list(values.stores)]
  const rounds = count('--rounds', values.rounds)
  const { readme, dir } = values
  if (command === 'trust') {
    if (rest.length > 0) throw new UsageError('trust takes options only')
    return { command, only, stores, cases: rounds, readme, dir }
  }
  if (command === 'compare') return compareArguments(rest)
  if (command === 'profile') return profileArguments(rest, values.stores ?? 'ldb', entries, values.dir)
  if (command !== undefined) throw new UsageError(`there is no command ${command}`)
  const { clock } = values
  if (clock !== 'wall' && clock !== 'cpu') throw new UsageError(`--clock is wall or cpu, not ${clock}`)
  const efforts = (['tiny', 'quick', 'full'] as const).filter((name) => values[name])
  if (efforts.length > 1) throw new UsageError(`--${efforts.join(' and --')} exclude each other`)
  return {
    command: 'run',
    effort: efforts[0] ?? 'normal',
    only,
    stores,
    entries,
    rounds,
    clock,
    countSyncs: values.counts,
    json: values.json,
    html: values.html,
    readme,
    dir,
    argv: argv,
  }
}

function compareArguments(files: readonly string[]): Arguments {
  const [before, after, ...more] = files
  if (before === undefined || after === undefined || more.length > 0)
    throw new UsageError('compare needs two files written by --json')
  return { command: 'compare', before, after }
}

function profileArguments(
  positionals: readonly string[],
  store: string,
  entries: number | undefined,
  dir: string | undefined,
): Arguments {
  const [kind, row, ...more] = positionals
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
