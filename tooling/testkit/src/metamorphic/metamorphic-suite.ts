import type { Suite, SuiteCounts } from '../suite/suite.js'
import type { Command } from '../model/commands/commands.js'
import { reduceList } from '../model/reduce.js'
import { codeOf } from '../model/regression-code.js'
import { seededRandom } from '../base/test-random.js'
import type { TestRandom } from '../base/test-random.js'
import { Violation } from '../base/violation.js'
import { CONFIGURATIONS } from './configurations.js'
import type { Configuration } from './configurations.js'
import { operationFile } from './operation-file.js'
import { withSplitBatches, withInserted, withWritesAsBatches } from './relations.js'
import type { Unit } from './relations.js'
import { runHistory } from './run-history.js'
import type { OpenConfigured } from './run-history.js'
import { StateLawObserver } from './state-laws.js'

const REDUCTION_TRIES = 300
const MAINTENANCE: readonly Command['do'][] = ['checkpoint', 'compact', 'sync', 'verify']

/** Runs the same commands in every configuration: the results must be equal. */
export const metamorphicSuite: Suite = metamorphicSuiteOf()

/** Returns the suite over databases that `open` opens. */
export function metamorphicSuiteOf(open?: OpenConfigured): Suite {
  return {
    name: 'metamorphic',
    runCase(seed: number): Promise<SuiteCounts> {
      return new Promise((resolve) => {
        resolve(runMetamorphicCase(seed, open))
      })
    },
  }
}

/**
 * Runs the case of a seed: one list of commands in all configurations, and each metamorphic relation in one of
 * them.
 */
export function runMetamorphicCase(seed: number, open?: OpenConfigured): SuiteCounts {
  const random = seededRandom(seed)
  const hasReopens = random.chance(0.6)
  const commands = operationFile(
    random,
    { hasOpenReads: true, hasReopens, hasErrors: true },
    random.between(40, 300),
  )
  const usable = CONFIGURATIONS.filter(({ kind }) => kind !== 'memory only' || !hasReopens)
  const [plain, ...others] = usable as [Configuration, ...Configuration[]]
  const expected = runHistory(plain, commands, {}, open)
  for (const other of others) {
    compareWith(seed, commands, plain, other, expected, open)
  }
  const operations = commands.length * usable.length + runRelations(seed, random, usable, open)
  return { cases: 1, configurations: usable.length, operations, relations: 6 }
}

/**
 * Runs commands in two configurations, selected by name.
 *
 * @throws Violation at the first result that differs.
 */
export function compareConfigurations(names: readonly [string, string], commands: readonly Command[]): void {
  const [one, other] = names.map((name) => CONFIGURATIONS.find((each) => each.name === name)) as [
    Configuration,
    Configuration,
  ]
  const difference = differenceOf(runHistory(one, commands), runHistory(other, commands))
  if (difference !== undefined) throw new Violation(difference)
}

function compareWith(
  seed: number,
  commands: readonly Command[],
  plain: Configuration,
  other: Configuration,
  expected: readonly string[],
  open: OpenConfigured | undefined,
): void {
  const difference = differenceOf(expected, runHistory(other, commands, {}, open))
  if (difference === undefined) return
  const differs = (shorter: readonly Command[]): boolean =>
    differenceOf(runHistory(plain, shorter, {}, open), runHistory(other, shorter, {}, open)) !== undefined
  const { items } = reduceList(commands, differs, REDUCTION_TRIES)
  const code = codeOf('compareConfigurations', [plain.name, other.name], items)
  throw new Violation(
    `seed ${seed}: '${plain.name}' and '${other.name}' differ: ${difference}\nreduced:\n${code}`,
  )
}

function differenceOf(one: readonly string[], other: readonly string[]): string | undefined {
  for (const [index, result] of one.entries()) {
    if (result !== other[index]) return `result ${index} is ${result} and ${other[index]}`
  }
  return undefined
}

/** Checks the metamorphic relations and returns the number of executed commands. */
function runRelations(
  seed: number,
  random: TestRandom,
  usable: readonly Configuration[],
  open?: OpenConfigured,
): number {
  const whole = operationFile(
    random,
    { hasOpenReads: true, hasReopens: false, hasErrors: true },
    random.between(40, 200),
  )
  const lasting = operationFile(
    random,
    { hasOpenReads: false, hasReopens: false, hasErrors: true },
    random.between(40, 200),
  )
  const harmless = operationFile(
    random,
    { hasOpenReads: false, hasReopens: false, hasErrors: false },
    random.between(40, 200),
  )
  const flushed = lasting.map(withoutBuffering)
  const withFiles = usable.filter(({ kind }) => kind !== 'memory only')
  const inMemory = usable.filter(
    ({ kind, settings }) => kind === 'memory files' && settings.durability !== 'none',
  )
  const relations: [string, readonly Unit[], readonly Configuration[]][] = [
    ['a checkpoint, compaction, sync or verification', withInserted(whole, random, MAINTENANCE), usable],
    ['reopening', withInserted(lasting, random, ['reopen']), withFiles],
    ['the end of the process', withInserted(flushed, random, ['crash', 'crash', 'checkpoint']), inMemory],
    ['taking batches apart', withSplitBatches(harmless), usable],
    ['batches of one', withWritesAsBatches(harmless), usable],
  ]
  // The observer's snapshots change the statistics, so this run is not compared.
  runHistory(random.pick(usable), lasting, new StateLawObserver(random.between(5, 60)), open)
  let count = lasting.length
  for (const [what, units, configurations] of relations) {
    checkRelation(seed, what, units, random.pick(configurations), open)
    count += originalOf(units).length + variantOf(units).length
  }
  return count
}

/** Replaces durability `none`, so that every commit is written to the operating system. */
function withoutBuffering(command: Command): Command {
  const inner =
    command.do === 'update' && command.inner !== undefined
      ? { inner: command.inner.map(withoutBuffering) }
      : {}
  return 'durability' in command ? { ...command, ...inner, durability: 'periodic' } : { ...command, ...inner }
}

function checkRelation(
  seed: number,
  what: string,
  units: readonly Unit[],
  configuration: Configuration,
  open: OpenConfigured | undefined,
): void {
  const difference = differenceOfUnits(units, configuration, open)
  if (difference === undefined) return
  const differs = (fewer: readonly Unit[]): boolean =>
    differenceOfUnits(fewer, configuration, open) !== undefined
  const { items } = reduceList(units, differs, REDUCTION_TRIES)
  const code = `${codeOf('runHistory', configuration.name, originalOf(items))}\n${codeOf('runHistory', configuration.name, variantOf(items))}`
  throw new Violation(
    `seed ${seed}: ${what} made a difference in '${configuration.name}': ${difference}\nreduced:\n${code}`,
  )
}

/** Compares the results of commands that are in both lists, and the final content. */
function differenceOfUnits(
  units: readonly Unit[],
  configuration: Configuration,
  open: OpenConfigured | undefined,
): string | undefined {
  const one = runHistory(configuration, originalOf(units), {}, open)
  const other = runHistory(configuration, variantOf(units), {}, open)
  let here = 0
  let there = 0
  for (const { original, variant } of units) {
    const isShared = original !== undefined && variant[0] === original
    if (isShared && one[here] !== other[there])
      return `${JSON.stringify(original)} returned ${one[here]} and ${other[there]}`
    here += original === undefined ? 0 : 1
    there += variant.length
  }
  return one.at(-1) === other.at(-1) ? undefined : `at the end there was ${one.at(-1)} and ${other.at(-1)}`
}

function originalOf(units: readonly Unit[]): Command[] {
  return units.flatMap(({ original }) => original ?? [])
}

function variantOf(units: readonly Unit[]): Command[] {
  return units.flatMap(({ variant }) => variant)
}
