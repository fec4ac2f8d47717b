import type { Suite, SuiteCounts } from '../suite/suite.js'
import { swarmOptions, swarmWeights } from '../history/swarm.js'
import { seededRandom } from '../base/test-random.js'
import type { TestRandom } from '../base/test-random.js'
import { Violation } from '../base/violation.js'
import { callCountOf } from './call-count.js'
import { CommandSource } from './commands/command-source.js'
import { COMMAND_WEIGHTS } from './commands/command-weights.js'
import type { CommandWeights } from './commands/command-weights.js'
import type { Command } from './commands/commands.js'
import { ModelRun, runCommands } from './model-run.js'
import type { OpenSession } from './model-run.js'
import { reduceList } from './reduce.js'
import { regressionCode } from './regression-code.js'
import type { RunSettings } from './commands/run-settings.js'
import type { TextShape } from './commands/text-source.js'

/** The settings and commands of a case. The seed decides both. */
export interface ModelCase {
  readonly settings: RunSettings
  readonly commands: readonly Command[]
}

/**
 * Commands that end the process, reopen read-only, make an invalid call or move the clock backwards. Large runs
 * omit them.
 */
const FAULTS = ['crash', 'readOnly', 'misuse', 'jump'] as const
const REDUCTION_TRIES = 1_500

/** The model suite: compares every call of the sync API with a reference of sorted arrays. */
export const modelSuite: Suite = modelSuiteOf()

/** Returns the suite over databases that `open` opens. */
export function modelSuiteOf(open?: OpenSession): Suite {
  return {
    name: 'model',
    runCase(seed: number): Promise<SuiteCounts> {
      return new Promise((resolve) => {
        resolve(runModelCase(seed, open))
      })
    },
  }
}

/** Runs the case of a seed. Reduces a failing case and reports it as the code of a test. */
export function runModelCase(seed: number, open?: OpenSession): SuiteCounts {
  const { settings, commands } = modelCase(seed)
  const run = new ModelRun(settings, open)
  let done = 0
  try {
    for (const command of commands) {
      run.step(command)
      done++
    }
    run.end()
  } catch (error) {
    throw reducedViolation(seed, settings, commands.slice(0, done + 1), error, open)
  }
  return {
    cases: 1,
    commands: commands.length,
    operations: commands.reduce((sum, command) => sum + callCountOf(command), 0),
    crashes: commands.filter((command) => command.do === 'crash').length,
    reopens: commands.filter((command) => command.do === 'reopen').length,
    'runs without faults': isLarge(seed) ? 1 : 0,
  }
}

/** Returns the case of a seed. */
export function modelCase(seed: number): ModelCase {
  const random = seededRandom(seed)
  const isLong = isLarge(seed)
  // With two open files, the files of the keyspaces are closed and opened again all the time.
  const settings = {
    ...settingsOf(random),
    ...(seed % 3 === 0 ? { maxOpenFiles: 2 } : {}),
    dividesCache: seed % 2 === 1,
    ...(seed % 4 === 1 ? { blobBytes: 64 } : {}),
  }
  const weights = isLong ? faultFreeWeights() : biasedWeights(random)
  const source = new CommandSource(random.fork(), shapeOf(random, isLong), weights)
  const count = isLong ? random.between(6_000, 12_000) : random.between(200, 2_500)
  const opening: Command[] = [1, 2, 3].map((ks) => ({ do: 'keyspace', ks }))
  return { settings, commands: [...opening, ...Array.from({ length: count }, () => source.next())] }
}

/** Reports whether the run of a seed is large. One in ten is, and runs without faults. */
function isLarge(seed: number): boolean {
  return seed % 10 === 0
}

function settingsOf(random: TestRandom): RunSettings {
  return swarmOptions(random, {
    durability: ['full', 'periodic', 'none'],
    pageBytes: [512, 512, 1024, 2048, 4096, 8192, 16_384, 32_768],
    cacheBytes: [65_536, 65_536, 262_144, 4_194_304],
    checkpointLogBytes: [2_000, 20_000, 300_000, 67_108_864],
    segmentBytes: [1_024, 4_096, 65_536, 67_108_864],
    preallocateBytes: [0, 4_096, 65_536],
    keys: ['binary', 'binary', 'utf8', 'tuple'],
    values: ['binary', 'binary', 'utf8', 'json'],
  })
}

function shapeOf(random: TestRandom, isLong: boolean): TextShape {
  const shape = swarmOptions(random, {
    keyCount: [10, 100, 1_000],
    prefix: ['', '', 'x'.repeat(30), 'shared/prefix/'.repeat(15)],
    valueBytes: [10, 100, 1_000],
    hasGiants: [true, false, false],
    isWide: [true, false],
    bulkCount: [20, 200, 600],
  })
  return isLong ? { ...shape, hasGiants: false, keyCount: 10_000, bulkCount: 2_000 } : shape
}

/** Returns weights that omit some commands and repeat one of them more often. */
function biasedWeights(random: TestRandom): CommandWeights {
  const weights: Record<keyof CommandWeights, number> = swarmWeights(random, COMMAND_WEIGHTS)
  weights.put = Math.max(weights.put, 10)
  weights.read = Math.max(weights.read, 10)
  const frequent = random.pick([
    'deleteRange',
    'batch',
    'snapshot',
    'cursorMove',
    'swap',
    'checkpoint',
    'thin',
    'keyspace',
  ] as const)
  weights[frequent] *= 5
  return weights
}

function faultFreeWeights(): CommandWeights {
  const weights: Record<keyof CommandWeights, number> = { ...COMMAND_WEIGHTS }
  for (const fault of FAULTS) weights[fault] = 0
  // Commands that empty a keyspace keep it small; commands that read all of it are slow when it is large.
  return { ...weights, clear: 0.05, drop: 0.02, reopen: 0.05, verify: 0.05, compact: 0.1, fill: 1 }
}

function reducedViolation(
  seed: number,
  settings: RunSettings,
  commands: readonly Command[],
  error: unknown,
  open: OpenSession | undefined,
): Violation {
  const { items, tryCount } = reduceList(
    commands,
    (shorter) => fails(settings, shorter, open),
    REDUCTION_TRIES,
  )
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
  const code = regressionCode(`seed ${seed} of the model suite`, settings, items)
  return new Violation(
    `seed ${seed}: ${message}\nreduced to ${items.length} commands in ${tryCount} runs:\n${code}`,
    { cause: error },
  )
}

function fails(settings: RunSettings, commands: readonly Command[], open: OpenSession | undefined): boolean {
  try {
    runCommands(settings, commands, open)
    return false
  } catch {
    return true
  }
}
