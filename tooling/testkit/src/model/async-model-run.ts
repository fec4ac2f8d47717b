import { MemoryVfs } from '@ldb/vfs'
import { AsyncSession } from './session/async-session.js'
import type { Command } from './commands/commands.js'
import { assertSameResult, assertRecoveredSeq } from './model-run.js'
import { Reference } from './reference/reference.js'
import type { RunSettings } from './commands/run-settings.js'

/** Opens the database under test for its async API. Canaries open a faulty one. */
export type OpenAsyncSession = (settings: RunSettings) => AsyncSession

function openInMemory(settings: RunSettings): AsyncSession {
  return new AsyncSession(settings, { vfs: new MemoryVfs(), directory: 'data' })
}

/**
 * Executes each command on a database, through its async API, and on the reference, and compares the results.
 *
 * @throws Violation with the command at the first result that differs.
 */
export class AsyncModelRun {
  readonly #reference: Reference
  readonly #session: AsyncSession
  #count = 0

  constructor(settings: RunSettings, open: OpenAsyncSession = openInMemory) {
    this.#reference = new Reference(settings)
    this.#session = open(settings)
  }

  /** Executes a command on both. */
  async step(original: Command): Promise<void> {
    const command = withoutSyncOnlyReads(original)
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

  /** Compares statistics, verification, changes and the whole content, and closes the database. */
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

/** Executes commands on a new database and a new reference. */
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
 * Removes parts of a command whose result is exact for the sync API only. An async scan that has read ahead returns
 * the buffered entries after the release of its snapshot. Callbacks open reads through the sync API.
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

/** Removes the count of open reads: a scan that has read ahead no longer pins its snapshot. */
function withoutOpenCount(stats: string): string {
  return stats.replace(/^(\d+ \d+) \d+/, '$1')
}
