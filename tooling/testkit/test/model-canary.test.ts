// Databases that lie in one small way: the model suite must catch each, and say it in few commands.
import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import type { Command } from '../src/model/commands/commands.js'
import { runModelCase } from '../src/model/model-suite.js'
import type { RunSettings } from '../src/model/commands/run-settings.js'
import { Session } from '../src/model/session/session.js'

/** A database of which one kind of command lies. */
class LyingSession extends Session {
  readonly #lie: (command: Command, honest: (command: Command) => string) => string

  constructor(
    settings: RunSettings,
    lie: (command: Command, honest: (command: Command) => string) => string,
  ) {
    super(settings, { vfs: new MemoryVfs(), directory: 'data' })
    this.#lie = lie
  }

  override execute(command: Command): string {
    return this.#lie(command, (honest) => super.execute(honest))
  }
}

const LIES: Readonly<Record<string, (command: Command, honest: (command: Command) => string) => string>> = {
  'forgets deletes': (command, honest) => {
    if (command.do === 'delete' && command.ks === 1) return 'done'
    return honest(command)
  },
  'scans one too few in reverse': (command, honest) => {
    if (
      command.do === 'read' &&
      command.read === 'scan' &&
      command.range?.reverse === true &&
      command.range.offset !== undefined
    ) {
      return honest({ ...command, range: { ...command.range, offset: command.range.offset + 1 } })
    }
    return honest(command)
  },
  'reads live where a snapshot was asked': (command, honest) => {
    if (command.do === 'read' && command.from !== undefined && command.ks === 0) {
      const { from: _from, ...live } = command
      return honest(live)
    }
    return honest(command)
  },
  'takes wrong calls': (command, honest) => (command.do === 'misuse' ? 'done' : honest(command)),
  'splits batches': (command, honest) => {
    if (command.do !== 'batch' || command.steps.length < 2) return honest(command)
    for (const step of command.steps) honest({ ...command, steps: [step] })
    return String(command.steps.length)
  },
}

describe('the model suite catches a database that', () => {
  for (const [name, lie] of Object.entries(LIES)) {
    test(name, () => {
      let caught = ''
      for (let seed = 1; seed <= 30 && caught === ''; seed++) {
        try {
          runModelCase(seed, (settings) => new LyingSession(settings, lie))
        } catch (error) {
          caught = (error as Error).message
        }
      }
      const reduced = /reduced to (\d+) commands/.exec(caught)
      expect(Number(reduced?.[1])).toBeLessThan(10)
      expect(caught).toContain('runCommands({')
    })
  }
})

test('one seed, one run', () => {
  const seen: string[][] = [[], []]
  for (const answers of seen) {
    class Listening extends Session {
      override execute(command: Command): string {
        const answer = super.execute(command)
        answers.push(answer)
        return answer
      }
    }
    runModelCase(7, (settings) => new Listening(settings, { vfs: new MemoryVfs(), directory: 'data' }))
  }
  expect(seen[0]?.length).toBeGreaterThan(100)
  expect(seen[0]).toEqual(seen[1])
})
