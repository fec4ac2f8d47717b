import { MemoryVfs } from '@ldb/vfs'
import { Violation } from '../violation.js'
import type { Command } from './commands/commands.js'
import { Reference } from './reference/reference.js'
import type { RunSettings } from './commands/run-settings.js'
import { Session } from './session/session.js'

/** Returns the database that is tried; a canary gives one that lies. */
export type OpenSession = (settings: RunSettings) => Session

function openInMemory(settings: RunSettings): Session {
  return new Session(settings, { vfs: new MemoryVfs(), directory: 'data' })
}

/**
 * A database and its reference, side by side: each command must have the same answer from both.
 *
 * @throws Violation with the command at the first answer that differs.
 */
export class ModelRun {
  readonly #reference: Reference
  readonly #session: Session
  #count = 0

  constructor(settings: RunSettings, open: OpenSession = openInMemory) {
    this.#reference = new Reference(settings)
    this.#session = open(settings)
  }

  /** Has both do a command. */
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

  /** Looks at everything once more, and closes the database. */
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

/** @throws Violation when a database has not answered as the reference. */
export function assertSameResult(count: number, command: Command, actual: string, expected: string): void {
  if (actual === expected) return
  const call = JSON.stringify(command)
  throw new Violation(`command ${count}, ${excerpt(call, 0)}, gave ${describeDifference(actual, expected)}`)
}

/** @throws Violation when the database has come back at a commit that it must not. */
export function assertRecoveredSeq(seq: number, [floor, newest]: readonly [number, number]): void {
  if (seq >= floor && seq <= newest) return
  throw new Violation(`after a crash the newest commit was ${seq}, not ${floor} to ${newest}`)
}

/** Runs commands from the beginning. */
export function runCommands(settings: RunSettings, commands: readonly Command[], open?: OpenSession): void {
  const run = new ModelRun(settings, open)
  for (const command of commands) run.step(command)
  run.end()
}

function describeDifference(actual: string, expected: string): string {
  let at = 0
  while (at < actual.length && actual[at] === expected[at]) at++
  return `${excerpt(actual, at)} and not ${excerpt(expected, at)}`
}

/** Shows a text around a place. */
function excerpt(text: string, at: number): string {
  const start = Math.max(0, at - 60)
  const part = text.slice(start, at + 140)
  return `${start > 0 ? '…' : ''}${part}${start + part.length < text.length ? '…' : ''}`
}
