// Strategy: databases with one small fault each. The model suite must detect every fault and reduce it to a few
// commands.
import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import type { Command } from '../../src/model/commands/commands.js'
import { runModelCase } from '../../src/model/model-suite.js'
import type { RunSettings } from '../../src/model/commands/run-settings.js'
import { Session } from '../../src/model/session/session.js'

/** A session that executes one kind of command wrongly. */
class FaultySession extends Session {
  readonly #fault: (command: Command, execute: (command: Command) => string) => string

  constructor(
    settings: RunSettings,
    fault: (command: Command, execute: (command: Command) => string) => string,
  ) {
    super(settings, { vfs: new MemoryVfs(), directory: 'data' })
    this.#fault = fault
  }

  override execute(command: Command): string {
    return this.#fault(command, (actual) => super.execute(actual))
  }
}

const FAULTS: Readonly<Record<string, (command: Command, execute: (command: Command) => string) => string>> =
  {
    'loses deletes': (command, execute) => {
      if (command.do === 'delete' && command.ks === 1) return 'done'
      return execute(command)
    },
    'skips an entry of a reverse scan': (command, execute) => {
      if (
        command.do === 'read' &&
        command.read === 'scan' &&
        command.range?.reverse === true &&
        command.range.offset !== undefined
      ) {
        return execute({ ...command, range: { ...command.range, offset: command.range.offset + 1 } })
      }
      return execute(command)
    },
    'reads the live state instead of a snapshot': (command, execute) => {
      if (command.do === 'read' && command.from !== undefined && command.ks === 0) {
        const { from: _from, ...live } = command
        return execute(live)
      }
      return execute(command)
    },
    'accepts invalid calls': (command, execute) => (command.do === 'misuse' ? 'done' : execute(command)),
    'splits batches': (command, execute) => {
      if (command.do !== 'batch' || command.steps.length < 2) return execute(command)
      for (const step of command.steps) execute({ ...command, steps: [step] })
      return String(command.steps.length)
    },
  }

describe('the model suite detects a database that', () => {
  for (const [name, fault] of Object.entries(FAULTS)) {
    test(name, () => {
      let caught = ''
      for (let seed = 1; seed <= 30 && caught === ''; seed++) {
        try {
          runModelCase(seed, (settings) => new FaultySession(settings, fault))
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

test('equal seeds give equal runs', () => {
  const seen: string[][] = [[], []]
  for (const results of seen) {
    class RecordingSession extends Session {
      override execute(command: Command): string {
        const result = super.execute(command)
        results.push(result)
        return result
      }
    }
    runModelCase(7, (settings) => new RecordingSession(settings, { vfs: new MemoryVfs(), directory: 'data' }))
  }
  expect(seen[0]?.length).toBeGreaterThan(100)
  expect(seen[0]).toEqual(seen[1])
})
