import { CommandSource } from '../model/commands/command-source.js'
import { COMMAND_WEIGHTS } from '../model/commands/command-weights.js'
import type { CommandWeights } from '../model/commands/command-weights.js'
import type { Command, CommandName } from '../model/commands/commands.js'
import { swarmOptions } from '../history/swarm.js'
import type { TestRandom } from '../base/test-random.js'

/** The kinds of command in a list. */
export interface FileKind {
  /** Snapshots, scans, cursors and handles that stay open across commands, and counters since the open. */
  readonly hasOpenReads: boolean
  /** Reopens of the database. Without them, a database without files can run the list. */
  readonly hasReopens: boolean
  /** Invalid calls, keys that are too long and dropped keyspaces. */
  readonly hasErrors: boolean
}

const OPEN_READS: readonly CommandName[] = [
  'snapshot',
  'release',
  'scanOpen',
  'scanNext',
  'scanEnd',
  'cursorOpen',
  'cursorMove',
  'cursorEnd',
  'stats',
  'drop',
  'txBegin',
  'txStep',
  'txCommit',
  'txRollback',
  'txForget',
]

/** Returns commands whose results do not depend on the configuration. */
export function operationFile(random: TestRandom, kind: FileKind, count: number): Command[] {
  const weights: Record<keyof CommandWeights, number> = {
    ...COMMAND_WEIGHTS,
    crash: 0,
    time: 0,
    jump: 0,
    keyspaces: 0,
    changes: 0,
    // The relation about the end of the process cannot change the durability of writes inside `together`.
    together: 0,
  }
  if (!kind.hasOpenReads) for (const name of OPEN_READS) weights[name] = 0
  if (!kind.hasReopens) for (const name of ['reopen', 'readOnly'] as const) weights[name] = 0
  if (!kind.hasErrors) for (const name of ['misuse', 'drop', 'update', 'readOnly'] as const) weights[name] = 0
  const shape = swarmOptions(random, {
    keyCount: [10, 60, 400],
    prefix: ['', 'shared/prefix/'.repeat(8)],
    valueBytes: [20, 700],
    hasGiants: [kind.hasErrors],
    // Characters above 0x7F sort differently in different encodings.
    isWide: [false],
    bulkCount: [30, 150],
  })
  const source = new CommandSource(random.fork(), shape, weights)
  const opening: Command[] = [1, 2, 3].map((ks) => ({ do: 'keyspace', ks }))
  return [...opening, ...Array.from({ length: count }, () => withoutEncodings(source.next()))]
}

/** The configuration decides the encodings. */
function withoutEncodings(command: Command): Command {
  return command.do === 'keyspace' ? { do: 'keyspace', ks: command.ks } : command
}
