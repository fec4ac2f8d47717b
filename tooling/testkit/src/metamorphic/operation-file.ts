import { CommandSource } from '../model/commands/command-source.js'
import { COMMAND_WEIGHTS } from '../model/commands/command-weights.js'
import type { CommandWeights } from '../model/commands/command-weights.js'
import type { Command, CommandName } from '../model/commands/commands.js'
import { swarmOptions } from '../history/swarm.js'
import type { TestRandom } from '../test-random.js'

/** What a file of operations may hold. */
export interface FileKind {
  /** Snapshots, scans, cursors and handles that outlive their command, and what counts since the opening. */
  readonly hasOpenReads: boolean
  /** Ends of the process; without, a database in memory can run it too. */
  readonly hasReopens: boolean
  /** Whatever is refused: wrong calls, keys too long, keyspaces dropped. */
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

/** Makes a file of operations whose history does not depend on how the database is set up. */
export function operationFile(random: TestRandom, kind: FileKind, count: number): Command[] {
  const weights: Record<keyof CommandWeights, number> = {
    ...COMMAND_WEIGHTS,
    crash: 0,
    time: 0,
    jump: 0,
    keyspaces: 0,
    changes: 0,
    // What is written within it cannot be made durable by the relation.
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
    // Bytes above 0x7F are not the same in all encodings.
    isWide: [false],
    bulkCount: [30, 150],
  })
  const source = new CommandSource(random.fork(), shape, weights)
  const opening: Command[] = [1, 2, 3].map((ks) => ({ do: 'keyspace', ks }))
  return [...opening, ...Array.from({ length: count }, () => withoutEncodings(source.next()))]
}

/** Encodings are the configuration's. */
function withoutEncodings(command: Command): Command {
  return command.do === 'keyspace' ? { do: 'keyspace', ks: command.ks } : command
}
