import { MemoryVfs } from '@ldb/vfs'
import { Violation } from '../base/violation.js'
import type { Command } from './commands/commands.js'
import { Reference } from './reference/reference.js'
import type { RunSettings } from './commands/run-settings.js'
import { Session } from './session/session.js'

/** Opens the database under test. Canaries open a faulty one. */
export type OpenSession = (settings: RunSettings) => Session

function openInMemory(settings: RunSettings): Session {
  return new Session(settings, { vfs: new MemoryVfs(), directory: 'data' })
}

/**
 * Executes each command on a database and on the reference, and compares the results.
 *
 * @throws Violation with the command at the first result that differs.
 */
export class ModelRun {
  readonly #reference: Reference
  readonly #session: Session
  #count = 0

  constructor(settings: RunSettings, open: OpenSession = openInMemory) {
    this.#reference = new Reference(settings)
    this.#session = open(settings)
  }

  /** Executes a command on both. */
  step(command: Command): void {
    this.#count++
    if (command.do === 'crash') {
      this.#crash()
      return
    }
    const actual = this.#session.execute(command)
    this.#reference.actualResult = actual
    this.#compare(command, actual, this.#reference.execute(command))
  }

  /** Compares statistics, verification and the whole content, and closes the database. */
  end(): void {
    this.#checkWhole({ do: 'stats' })
    this.#checkWhole({ do: 'verify' })
    this.#compare({ do: 'reopen' }, this.#session.dump(), this.#reference.dump())
    this.#session.close()
  }

  #checkWhole(command: Command): void {
    this.#compare(command, this.#session.execute(command), this.#reference.execute(command))
  }

  #crash(): void {
    const seq = this.#session.crash()
    assertRecoveredSeq(seq, this.#reference.commitBounds)
    this.#reference.reopen(seq)
    this.#compare({ do: 'crash' }, this.#session.dump(), this.#reference.dump())
  }

  #compare(command: Command, actual: string, expected: string): void {
    assertSameResult(this.#count, command, actual, expected)
  }
}

/** Checks that a database returned the result of the reference. @throws Violation when it did not. */
export function assertSameResult(count: number, command: Command, actual: string, expected: string): void {
  if (actual === expected) return
  const call = JSON.stringify(command)
  throw new Violation(
    `command ${count}, ${excerpt(call, 0)}, returned ${describeDifference(actual, expected)}`,
  )
}

/**
 * Checks the newest commit after a crash. @throws Violation when it is not between the oldest and newest allowed
 * commit.
 */
export function assertRecoveredSeq(seq: number, [floor, newest]: readonly [number, number]): void {
  if (seq >= floor && seq <= newest) return
  throw new Violation(`after a crash the newest commit was ${seq}, not ${floor} to ${newest}`)
}

/** Executes commands on a new database and a new reference. */
export function runCommands(settings: RunSettings, commands: readonly Command[], open?: OpenSession): void {
  const run = new ModelRun(settings, open)
  for (const command of commands) run.step(command)
  run.end()
}

function describeDifference(actual: string, expected: string): string {
  let at = 0
  while (at < actual.length && actual[at] === expected[at]) at++
  return `${excerpt(actual, at)} instead of ${excerpt(expected, at)}`
}

/** Returns the part of a text around an offset. */
function excerpt(text: string, at: number): string {
  const start = Math.max(0, at - 60)
  const part = text.slice(start, at + 140)
  return `${start > 0 ? '…' : ''}${part}${start + part.length < text.length ? '…' : ''}`
}
