import type { SalvageDoubt, SalvageLoss } from '@ldb/base'
import type { EngineName } from '../catalog/catalog.js'

/** Something of a damaged database that a repair could not read. @category Repair */
export interface RepairLoss extends SalvageLoss {
  /** Name of the keyspace, as in the repaired database; `undefined` for a part that all keyspaces share. */
  readonly keyspace: string | undefined
}

/**
 * Entries of a repaired database that may be old: a newer version of them, or their deletion, may be lost. Entries of the range that are
 * missing may have been lost, too.
 *
 * @category Repair
 */
export interface RepairSuspect extends SalvageDoubt {
  readonly keyspace: string
}

/** A keyspace of a repaired database. @category Repair */
export interface RepairedKeyspace {
  readonly id: number
  readonly name: string
  /** True when the catalog is lost: name, encodings and default time to live are not those of the damaged database. */
  readonly isNameLost: boolean
  readonly engine: EngineName
  /** Entries in the repaired database. */
  readonly entryCount: number
  /** Entries that are known to be lost; `undefined` when their number is unknown. An entry that the log contains again counts nevertheless. */
  readonly lostCount: number | undefined
}

/** What a repair has read, written and lost. @category Repair */
export interface RepairReport {
  /** True when nothing is lost and nothing is suspect: the repaired database is what an open of the damaged one would have returned. */
  readonly isComplete: boolean
  /** Directory of the repaired database. */
  readonly target: string
  /** Where the names of the keyspaces come from: the catalog, its copy, or, without both, the names of directories. */
  readonly catalog: 'CATALOG' | 'CATALOG.copy' | 'files'
  readonly keyspaces: readonly RepairedKeyspace[]
  /** Entries in the repaired database, in all keyspaces. */
  readonly entryCount: number
  /** Commits that the log contained above the checkpoints of their keyspaces. */
  readonly replayedCount: number
  /** Commits that the log has lost and no checkpoint contains; `undefined` when their number is unknown. */
  readonly lostCommitCount: number | undefined
  /** The first losses, up to 1,000. */
  readonly losses: readonly RepairLoss[]
  readonly lossCount: number
  /** The first suspects, up to 1,000. */
  readonly suspects: readonly RepairSuspect[]
  readonly suspectCount: number
  readonly durationMs: number
}

const LISTED_MAX = 1000

/** Collects losses and suspects: the first ones, and the number of all. */
export class RepairFindings {
  readonly losses: RepairLoss[] = []
  readonly suspects: RepairSuspect[] = []
  lossCount = 0
  suspectCount = 0

  lose(keyspace: string | undefined, { file, offset, message, lower, upper }: SalvageLoss): void {
    this.lossCount++
    if (this.losses.length < LISTED_MAX) this.losses.push({ keyspace, file, offset, message, lower, upper })
  }

  suspect(keyspace: string, { file, message, lower, upper }: SalvageDoubt): void {
    this.suspectCount++
    if (this.suspects.length < LISTED_MAX) this.suspects.push({ keyspace, file, message, lower, upper })
  }
}
