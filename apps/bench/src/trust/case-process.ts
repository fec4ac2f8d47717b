import { runChild } from './child-process.js'
import type { Outcome } from './reading.js'

const CASE_MS_MAX = 20_000

/** What a child reads, and against what. */
export interface ReadCase {
  readonly subject: string
  readonly dir: string
  /** A JSON file with the expected entries. */
  readonly expected: string
  readonly isEncrypted: boolean
}

/** Reads a store in a process of its own. */
export async function readInProcess(parameters: ReadCase): Promise<Outcome> {
  const { kind, output } = await runChild('case-child.js', parameters, CASE_MS_MAX)
  if (kind === 'ended') return output as Outcome
  return kind === 'hanging' ? 'hang' : 'crash'
}
