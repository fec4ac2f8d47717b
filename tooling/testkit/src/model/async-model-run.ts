import { MemoryVfs } from '@ldb/vfs'
import { AsyncSession } from './session/async-session.js'
import type { Command } from './commands/commands.js'
import { assertSameResult, assertRecoveredSeq } from './model-run.js'
import { Reference } from './reference/reference.js'
import type { RunSettings } from './commands/run-settings.js'

/** Returns the database that is tried by its async face; a canary gives one that lies. */
export type OpenAsyncSession = (settings: RunSettings) => AsyncSession

function openInMemory(settings: RunSettings): AsyncSession {
  return new AsyncSession(settings, { vfs: new MemoryVfs(), directory: 'data' })
}

/**
 * A database by its async face and its reference, side by side: each command must have the same answer from both.
 *
 * @throws Violation with the command at the first answer that differs.
 */
export class AsyncModelRun {
  readonly #reference: Reference
  readonly #session: AsyncSession
  #count = 0

  constructor(settings: RunSettings, open: OpenAsyncSession = openInMemory) {
    this.#reference = new Reference(settings)
    this.#session = open(settings)
  }

  /** Has both do a command. */
  async step(given: Command): Promise<void> {
    const command = withoutSyncOnlyReads(given)
    this.#count++
    if (command.do === 'crash') {
      const seq = this.#session.crash()
      assertRecoveredSeq(seq, this.#reference.commitBounds)
      this.#reference.reopen(seq)
      this.#compare(command, this.#session.dump(), this.#reference.dump())
      return
    }
    const actual = await this.#session.execute(command)
    this.#reference.actualResult = actual
    this.#compare(command, actual, this.#reference.execute(command))
  }

  /** Looks at everything once more, and closes the database. */
  async end(): Promise<void> {
    for (const command of [{ do: 'stats' }, { do: 'verify' }, { do: 'changes' }] as const) {
      await this.step(command)
    }
    this.#compare({ do: 'reopen' }, this.#session.dump(), this.#reference.dump())
    await this.#session.close()
  }

  #compare(command: Command, actual: string, expected: string): void {
    const isStats = command.do === 'stats'
    assertSameResult(
      this.#count,
      command,
      isStats ? withoutOpenCount(actual) : actual,
      isStats ? withoutOpenCount(expected) : expected,
    )
  }
}

/** Runs commands from the beginning. */
export async function runCommandsAsync(
  settings: RunSettings,
  commands: readonly Command[],
  open?: OpenAsyncSession,
): Promise<void> {
  const run = new AsyncModelRun(settings, open)
  for (const command of commands) await run.step(command)
  await run.end()
}

/**
 * Leaves out what only the sync face says for certain: a scan that has read ahead gives what it has after its snapshot
 * was released; what a callback opens, it opens by the sync face.
 */
function withoutSyncOnlyReads(command: Command): Command {
  if (command.do === 'scanOpen') {
    const { from: _from, tx: _tx, ...live } = command
    return live
  }
  if (command.do === 'update' && command.inner !== undefined) {
    const inner = command.inner.filter((each) => each.do !== 'snapshot' && each.do !== 'scanNext')
    return { ...command, inner }
  }
  if (command.do === 'readOnly') return { ...command, commands: command.commands.map(withoutSyncOnlyReads) }
  return command
}

/** A scan that has read ahead holds its snapshot no more. */
function withoutOpenCount(stats: string): string {
  return stats.replace(/^(\d+ \d+) \d+/, '$1')
}
